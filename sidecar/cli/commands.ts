// The commands as data: names, options, help.

import { sessionsCommand, storeOption } from "./sessions/session-commands.ts";
import type { CommandRow, OptionRow } from "./usage.ts";

const model: OptionRow = {
  name: "model",
  value: "PROVIDER/MODEL",
  help: "the model, such as ollama/qwen3:4b-instruct or local//path/to/model.gguf",
};
const baseUrl: OptionRow = { name: "base-url", value: "URL", help: "the server's address, instead of the provider's own" };
const maxOutputTokens: OptionRow = { name: "max-output-tokens", value: "N", help: "the longest answer that is allowed" };
const json: OptionRow = { name: "json", help: "print JSON, one object a line" };

export const askCommand: CommandRow = {
  name: "ask",
  operands: "PROMPT | -",
  summary: "Ask one question of one model; the answer streams to the output.",
  details: [
    'PROMPT is one argument, so put it in quotes. "-" reads it from the input; after a PROMPT, "-" adds the input to it.',
    "Without --model: the first model that the server at --base-url offers; without that too, a server that runs here, else a",
    "provider whose key is in the environment, else the built-in demo.",
    "With --json each event of the answer is one line, the terminal event last; models are named PROVIDER/MODEL throughout.",
    "With --session new the id is told on the error output; model, instructions and parameters are kept with the conversation.",
    "In one that is there its own model answers, and the options hold for this question.",
  ],
  options: [
    model,
    baseUrl,
    { name: "system", value: "TEXT", help: "instructions for the model" },
    { name: "file", value: "PATH", many: true, help: "a text file that the model reads beside the prompt; may be repeated" },
    { name: "temperature", value: "N", help: "from 0 (sober) to 2" },
    maxOutputTokens,
    { name: "reasoning", value: "off|low|medium|high", help: "how much the model thinks first, where it can" },
    { name: "schema", value: "FILE", help: "a JSON Schema that the answer must satisfy; it is then JSON, and printed when it does" },
    { name: "session", value: "ID|new", help: "ask in a conversation that is kept: one by its id, or the beginning of it, or a new one" },
    storeOption,
    json,
  ],
  examples: [
    'parley ask "What is a monad?"',
    'parley ask --model ollama/qwen3:4b-instruct --file src/main.ts "Explain this file."',
    'git diff | parley ask --model anthropic/claude-haiku-4-5 "Write a commit message for this diff." -',
    'parley ask --session new "My name is Alice."',
  ],
};

export const gatherCommand: CommandRow = {
  name: "gather",
  operands: "FILE…",
  summary: "Ask one question about each of many files at once, of one model or several.",
  details: [
    "The answers come in the order of the files, each file once. One failure does not touch the others; the exit status is then 1.",
    "With --json the events of all answers come as they happen, each with its item (the file as given) and its model,",
    "between one run-start and one run-end.",
  ],
  options: [
    { ...model, many: true, help: "the model; several may be given, each answers for every file" },
    baseUrl,
    { name: "prompt", value: "TEXT", help: "what is asked about each file" },
    maxOutputTokens,
    { name: "concurrency", value: "N", help: "requests at once at most" },
    { name: "budget-tokens", value: "N", help: "send no more when so many tokens are used, in and out" },
    { name: "budget-usd", value: "N", help: "the same for US dollars, with models whose price is known" },
    { name: "budget-requests", value: "N", help: "the same for requests" },
    { name: "report", value: "FILE.md", help: "write the answers to this file as Markdown, a section for each file" },
    json,
  ],
  examples: ['parley gather --model openai/gpt-5-mini --prompt "Summarize this file." --report summary.md src/*.ts'],
};

export const modelsCommand: CommandRow = {
  name: "models",
  operands: "",
  summary: "List the models that can be used now.",
  details: [
    "Without --provider: the servers that run here and the providers whose key is in the environment.",
    "With --json each model is one line with its ref (provider/model).",
  ],
  options: [
    { name: "provider", value: "P", help: "ask this provider alone" },
    { ...baseUrl, help: "the server's address; without --provider that of any compatible server" },
    json,
  ],
  examples: ["parley models", "parley models --base-url http://localhost:8000/v1"],
};

export const serveCommand: CommandRow = {
  name: "serve",
  operands: "",
  summary: "Serve Parley's protocol (JSON-RPC) to another program.",
  details: ["The messages are those of sidecar/PROTOCOL.md; they travel over the standard input and output."],
  options: [{ name: "stdio", help: "over the standard input and output (the only way there is)" }],
  examples: ["parley serve --stdio"],
};

export const commands: readonly CommandRow[] = [askCommand, gatherCommand, modelsCommand, sessionsCommand, serveCommand];

export function programHelp(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    "Talk to any language model.",
    "",
    "Usage: parley COMMAND …",
    "",
    "Commands:",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    'Keys come from the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, …). "parley COMMAND --help" says more.',
    "Exit status: 0 complete, 1 failed or incomplete, 2 wrong usage, 130 interrupted, 143 stopped by SIGTERM.",
    "",
  ].join("\n");
}

export function commandHelp(command: CommandRow): string {
  const options = [...command.options, { name: "help", help: "print this" }].map((row) => [optionText(row), row.help] as const);
  const width = Math.max(...options.map(([text]) => text.length));
  return [
    command.summary,
    "",
    `Usage: parley ${command.name} [OPTION]… ${command.operands}`.trimEnd(),
    "",
    ...command.details,
    "",
    "Options:",
    ...options.map(([text, help]) => `  ${text.padEnd(width)}  ${help}`),
    "",
    command.examples.length > 1 ? "Examples:" : "Example:",
    ...command.examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

function optionText({ name, value, many }: OptionRow): string {
  return `--${name}${value === undefined ? "" : ` ${value}`}${many === true ? " …" : ""}`;
}
