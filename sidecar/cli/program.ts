// What the commands share: the engine over the environment, the model they are to use, and how they end.

import { resolve } from "node:path";
import { defaultRetryPolicy } from "../answers/retry.ts";
import { errorWords } from "../error-words.ts";
import type { Engine } from "../engine.ts";
import { ProviderError } from "../providers/provider.ts";
import { parseModelRef, type ModelName } from "../model-ref.ts";
import type { DefaultModelResult } from "../protocol.ts";
import type { ErrorInfo, FinishReason } from "../types.ts";
import { firstChoice } from "../model-choice.ts";
import { CommandError, UsageError } from "./usage.ts";
import type { StopStatus, Terminal } from "./terminal.ts";

export interface Program {
  readonly engine: Engine;
  readonly terminal: Terminal;
}

/** 0 complete, 1 failed or incomplete, 2 wrong usage, else stopped from outside. */
export type ExitStatus = 0 | 1 | 2 | StopStatus;

/** Who speaks to a server of which nothing but the address is known. */
const ANY_SERVER = "openai-compatible";

/**
 * The model that was named; else the first that the server at `baseUrl` offers; else the best that can be had without either.
 * Throws `UsageError` for a name or an address that is none, `CommandError` where the server offers none.
 */
export async function chooseModel(program: Program, named: string | undefined, baseUrl: string | undefined): Promise<ModelName> {
  const { engine, terminal } = program;
  if (named !== undefined) return checkedModel(engine, named, baseUrl);
  if (baseUrl !== undefined) return modelAt(program, baseUrl);
  const { ref, reason, failures = [] } = await onceLoaded(program, () => engine.defaultModel(null, terminal.signal));
  for (const { provider, error } of failures) explain(program, error, { about: provider });
  if (ref === null) {
    if (failures.length > 0) throw new CommandError("No model can be used. Name one with --model.");
    throw new UsageError("No model can be used: no server runs here, no key is in the environment. Name one with --model.");
  }
  const none = failures.length > 0 ? "nothing else answers" : "no server runs here and no key is set";
  if (reason === "demo") terminal.note(`${none}, so the demo answers (${ref}); it knows nothing.`);
  else terminal.note(`using ${ref}; --model names another.`);
  return parseModelRef(ref);
}

async function modelAt(program: Program, baseUrl: string): Promise<ModelName> {
  const { engine, terminal } = program;
  const provider = checkedProvider(engine, undefined, baseUrl);
  const { models, failures } = await onceLoaded(program, () => engine.listModels({ provider, baseUrl }, terminal.signal));
  const [failure] = failures;
  if (failure !== undefined) throw new CommandError(explanation(program, failure.error, { baseUrl }));
  const model = firstChoice(provider, models);
  if (model === undefined) throw new CommandError(`The server at ${baseUrl} names no model that can chat; give --model ${provider}/NAME.`);
  terminal.note(`using ${model.ref}; --model names another.`);
  return model;
}

/**
 * As it is told when no server is loading its model any more, or another server here has one, for as long as an answer would
 * wait for that (quirk 15). Each question waits a while by itself.
 */
async function onceLoaded<T extends Partial<DefaultModelResult>>({ terminal }: Program, ask: () => Promise<T>): Promise<T> {
  const until = performance.now() + defaultRetryPolicy.loadingCapMs;
  for (let first = true; ; first = false) {
    const told = await ask();
    const loading = told.failures?.find(({ error }) => error.providerCode === "loading-model");
    if (loading === undefined || told.reason === "local-server" || performance.now() >= until) return told;
    if (first) terminal.note(`waiting for ${loading.provider}, which is loading its model; --model names another.`);
  }
}

/** Throws `UsageError` for a provider or an address that is none. An address without a provider has the generic one. */
export function checkedProvider(engine: Engine, provider: string | undefined, baseUrl: string | undefined): string {
  const id = provider ?? ANY_SERVER;
  try {
    engine.checkProvider(id, baseUrl === undefined ? {} : { baseUrl });
    return id;
  } catch (error) {
    throw asUsageError(error);
  }
}

function checkedModel(engine: Engine, ref: string, baseUrl: string | undefined): ModelName {
  try {
    const name = parseModelRef(ref);
    checkedProvider(engine, name.provider, baseUrl);
    // A file is named from where the command runs; everywhere else a local model has its whole path.
    const isFile = name.provider === "local" && /\.gguf$/iu.test(name.model);
    return isFile ? { ...name, model: resolve(name.model) } : name;
  } catch (error) {
    throw asUsageError(error);
  }
}

/** What the caller wrote wrongly, told as such. Anything else stays as it is. */
function asUsageError(error: unknown): unknown {
  return error instanceof ProviderError && error.kind === "invalid-request" ? new UsageError(error.message) : error;
}

export interface Failed {
  /** The item that failed, where there are several. */
  readonly about?: string | undefined;
  /** The address that was given for this command. */
  readonly baseUrl?: string | undefined;
}

/** Why an answer failed, on the error output. */
export function explain(program: Program, error: ErrorInfo, failed: Failed): void {
  program.terminal.note(explanation(program, error, failed));
}

/** What a provider failed with before there was an answer, as the command's own failure. Anything else stays as it is. */
export function asCommandError(program: Program, error: unknown, failed: Failed): unknown {
  return error instanceof ProviderError ? new CommandError(explanation(program, error.info, failed)) : error;
}

/** What happened, the provider's own words, what to do next. */
function explanation({ engine }: Program, error: ErrorInfo, { about, baseUrl }: Failed): string {
  const provider = engine.describeProvider(error.provider ?? "", baseUrl === undefined ? {} : { baseUrl });
  const { summary, detail, advice } = errorWords(error, { place: "terminal", ...(provider === undefined ? {} : { provider }) });
  // A file that cannot be read is named by the words themselves.
  const prefix = about === undefined || summary.startsWith(`${about} `) ? "" : `${about}: `;
  return [`${prefix}${summary}`, detail, advice].filter((line) => line !== undefined).join("\n  ");
}

/** What is worth telling about an answer that is whole. One without text leaves nothing to be seen, so that it needs a word. */
export function finishNote(finishReason: FinishReason | null, hasText: boolean): string | undefined {
  const reason = noteOfReason(finishReason);
  if (hasText) return reason === undefined ? undefined : `the answer ${reason}`;
  return `the model answered with no text (finish reason: ${finishReason ?? "none"})${reason === undefined ? "." : `: the answer ${reason}`}`;
}

function noteOfReason(finishReason: FinishReason | null): string | undefined {
  if (finishReason === "length") return "was cut at its greatest length; --max-output-tokens allows more where the model does.";
  if (finishReason === "content-filter") return "was ended by the provider's filter.";
  return undefined;
}
