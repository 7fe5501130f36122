// What the commands share: the engine over the environment, the model they are to use, and how they end.

import { resolve } from "node:path";
import { errorWords } from "../error-words.ts";
import type { Engine } from "../engine.ts";
import { ProviderError } from "../providers/provider.ts";
import { parseModelRef, type ModelName } from "../model-ref.ts";
import type { ErrorInfo, FinishReason } from "../types.ts";
import { UsageError } from "./usage.ts";
import type { Terminal } from "./terminal.ts";

export interface Program {
  readonly engine: Engine;
  readonly terminal: Terminal;
}

/** 0 complete, 1 failed or incomplete, 2 wrong usage, 130 interrupted. */
export type ExitStatus = 0 | 1 | 2 | 130;

/** The model that was named, or the best that can be had without one. Throws `UsageError` for a name that is none. */
export async function chooseModel({ engine, terminal }: Program, named: string | undefined): Promise<ModelName> {
  if (named !== undefined) return checkedModel(engine, named);
  const { ref, reason } = await engine.defaultModel(null, terminal.signal);
  if (ref === null) {
    throw new UsageError("No model can be used: no server runs here, no key is in the environment. Name one with --model.");
  }
  if (reason === "demo") terminal.note(`no server runs here and no key is set, so the demo answers (${ref}); it knows nothing.`);
  else terminal.note(`using ${ref}; --model names another.`);
  return parseModelRef(ref);
}

function checkedModel(engine: Engine, ref: string): ModelName {
  try {
    const name = parseModelRef(ref);
    engine.checkProvider(name.provider);
    // A file is named from where the command runs; everywhere else a local model has its whole path.
    const isFile = name.provider === "local" && /\.gguf$/iu.test(name.model);
    return isFile ? { ...name, model: resolve(name.model) } : name;
  } catch (error) {
    throw asUsageError(error);
  }
}

/** What the caller wrote wrongly, told as such. Anything else stays as it is. */
export function asUsageError(error: unknown): unknown {
  return error instanceof ProviderError && error.kind === "invalid-request" ? new UsageError(error.message) : error;
}

/** Why an answer failed, on the error output: what happened, the provider's own words, what to do next. */
export function explain({ engine, terminal }: Program, error: ErrorInfo, about?: string): void {
  const provider = engine.listProviders().find(({ id }) => id === error.provider);
  const { summary, detail, advice } = errorWords(error, { place: "terminal", ...(provider === undefined ? {} : { provider }) });
  terminal.note([`${about === undefined ? "" : `${about}: `}${summary}`, detail, advice].filter((line) => line !== undefined).join("\n  "));
}

/** What is worth telling about an answer that is whole. */
export function finishNote(finishReason: FinishReason | null): string | undefined {
  if (finishReason === "length") return "the answer was cut at its greatest length; --max-output-tokens allows more where the model does.";
  if (finishReason === "content-filter") return "the provider's filter ended the answer.";
  return undefined;
}
