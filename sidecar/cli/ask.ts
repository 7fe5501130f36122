// `parley ask`: one question, its answer streamed to the output.

import type { GenerateOptions, Prompt } from "../api.ts";
import { checkedParameters } from "../answers/parameters.ts";
import type { EndEvent, JsonObject, ReasoningEffort, StreamEvent, UserPart } from "../types.ts";
import { JsonPrinter, TextPrinter } from "./answer-printer.ts";
import { askCommand } from "./commands.ts";
import { chooseModel, explain, finishNote, type ExitStatus, type Program } from "./program.ts";
import { readFilePart } from "./read-file.ts";
import { answerInSession } from "./sessions/answer-in-session.ts";
import { CommandError, numberOption, parseCommand, single, UsageError, type ParsedArguments } from "./usage.ts";

const EFFORTS: readonly ReasoningEffort[] = ["off", "low", "medium", "high"];

export async function ask(program: Program, args: readonly string[]): Promise<ExitStatus> {
  const parsed = parseCommand(askCommand, args);
  const options = answerOptions(parsed, await schemaOf(single(parsed, "schema"), program.terminal.signal));
  const files = parsed.values.get("file") ?? [];
  checkOperands(parsed.operands);
  const session = single(parsed, "session");
  if (session === undefined && parsed.values.has("store")) {
    throw new UsageError("The option --store says where conversations are kept: it goes with --session ID or --session new.");
  }
  const { terminal } = program;
  const asked: Asked = { program, parsed, options, files };
  const printer = parsed.flags.has("json") ? new JsonPrinter(terminal) : new TextPrinter(terminal);
  let end: EndEvent | undefined;
  let hasText = false;
  /** False where it should have been kept and was not. */
  let isKept = true;
  for await (const batch of session === undefined ? answerAlone(asked) : answerKept(asked, session)) {
    await printer.print(batch);
    hasText = batch.reduce(hasTextAfter, hasText);
    isKept = isKept && !batch.some((event) => event.type === "warning" && event.code === "not-kept");
    const last = batch.at(-1);
    if (last?.type === "end") end = last;
  }
  const status = finish(program, { end, hasText, baseUrl: single(parsed, "base-url") });
  if (isKept) return status;
  terminal.note("this answer was not kept.");
  return status === 0 ? 1 : status;
}

interface Asked {
  readonly program: Program;
  readonly parsed: ParsedArguments;
  readonly options: GenerateOptions;
  readonly files: readonly string[];
}

type Answer = AsyncGenerator<readonly StreamEvent[], void, undefined>;

/** Of which nothing is kept. */
async function* answerAlone({ program, parsed, options, files }: Asked): Answer {
  const { engine, terminal } = program;
  const baseUrl = single(parsed, "base-url");
  const { provider, model } = await chooseModel(program, single(parsed, "model"), baseUrl);
  const question = await questionOf(parsed.operands, () => terminal.readInput());
  const llm = engine.llmAt(provider, model, baseUrl === undefined ? {} : { baseUrl });
  const readPrompt = (signal: AbortSignal): Promise<Prompt> => promptOf(question, files, signal);
  yield* llm.streamBatches(readPrompt, { ...options, signal: terminal.signal });
}

async function* answerKept({ program, parsed, options, files }: Asked, session: string): Answer {
  const { terminal } = program;
  const question = await questionOf(parsed.operands, () => terminal.readInput());
  const content = await contentOf(question, files, terminal.signal);
  yield* answerInSession(program, parsed, { session, content, options });
}

function answerOptions(parsed: ParsedArguments, responseSchema: JsonObject | undefined): GenerateOptions {
  const system = single(parsed, "system");
  const temperature = numberOption(parsed, "temperature", 0, 2, false);
  const maxOutputTokens = numberOption(parsed, "max-output-tokens", 1, Number.MAX_SAFE_INTEGER, true);
  const effort = single(parsed, "reasoning");
  const reasoning = EFFORTS.find((one) => one === effort);
  if (effort !== undefined && reasoning === undefined) {
    throw new UsageError(`The option --reasoning takes ${EFFORTS.join(", ")}; it is "${effort}".`);
  }
  return checkedParameters({ system, temperature, maxOutputTokens, reasoning, responseSchema });
}

async function schemaOf(path: string | undefined, signal: AbortSignal): Promise<JsonObject | undefined> {
  if (path === undefined) return undefined;
  const { text } = await readFilePart(path, signal);
  const schema: unknown = parsedJson(text);
  if (!isJsonObject(schema)) throw new CommandError(`${path} holds no JSON Schema: it must be one JSON object, such as {"type":"object"}.`);
  return schema;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkOperands(operands: readonly string[]): void {
  const prompts = operands.filter((operand) => operand !== "-");
  if (operands.length === 0) throw new UsageError('What is to be asked? Give a PROMPT in quotes, or "-" to read it from the input.');
  if (prompts.length > 1) throw new UsageError(`One PROMPT is expected, not ${prompts.length}: put it in quotes.`);
  const dashes = operands.length - prompts.length;
  if (dashes === 0 && isBlank(prompts[0])) throw new UsageError("The PROMPT is empty: there is nothing to ask.");
  if (dashes > 1 || (dashes === 1 && operands.at(-1) !== "-")) throw new UsageError('"-" stands once, and after the PROMPT.');
}

async function questionOf(operands: readonly string[], readInput: () => Promise<string>): Promise<string> {
  const [prompt = ""] = operands.filter((operand) => operand !== "-");
  if (!operands.includes("-")) return prompt;
  const input = await readInput();
  if (isBlank(prompt) && isBlank(input)) throw new UsageError("The input is empty: there is nothing to ask.");
  return prompt === "" ? input : `${prompt}\n\n${input}`;
}

function isBlank(text: string | undefined): boolean {
  return text === undefined || text.trim() === "";
}

async function promptOf(question: string, files: readonly string[], signal: AbortSignal): Promise<Prompt> {
  return files.length === 0 ? question : [{ role: "user", content: await contentOf(question, files, signal) }];
}

async function contentOf(question: string, files: readonly string[], signal: AbortSignal): Promise<readonly UserPart[]> {
  const content: UserPart[] = [{ type: "text", text: question }];
  for (const path of files) content.push(await readFilePart(path, signal));
  return content;
}

function hasTextAfter(hadText: boolean, event: StreamEvent): boolean {
  if (event.type === "text-delta") return hadText || !isBlank(event.text);
  return event.type === "attempt" || (event.type === "discard" && event.what === "text") ? false : hadText;
}

interface Answered {
  readonly end: EndEvent | undefined;
  readonly hasText: boolean;
  readonly baseUrl: string | undefined;
}

function finish(program: Program, { end, hasText, baseUrl }: Answered): ExitStatus {
  const { terminal } = program;
  if (terminal.stopStatus !== undefined) return terminal.stopStatus;
  if (end?.status === "complete") {
    const note = finishNote(end.finishReason, hasText);
    if (note !== undefined) terminal.note(note);
    return 0;
  }
  // Nobody reads the output any more: there is nothing left to fail.
  if (end?.status === "cancelled") return 0;
  if (end?.error !== undefined) explain(program, end.error, { baseUrl });
  return 1;
}
