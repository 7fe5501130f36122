// One model in memory: its weights, one context with several sequences that share each batch, and the places on them.

import { freemem } from "node:os";
import type { LlamaContext, LlamaContextSequence, LlamaModel, Token } from "node-llama-cpp";
import { localError } from "../local-error.ts";
import { ChatPrompts } from "./chat-prompts.ts";
import { checkModelFile } from "./check-model-file.ts";
import { inferenceThreads, llamaRuntime, llamaWords, type LlamaRuntime } from "./llama-runtime.ts";
import { Turnstile } from "./turnstile.ts";

/** Answers at once. Further ones wait. */
const SEQUENCES = 4;
/** Of the memory that is free, for the context. */
const SHARE_OF_FREE_MEMORY = 0.5;
/** Tokens. A model with less would hardly hold a question. */
const SMALLEST_WINDOW = 2048;

interface Waiting {
  readonly tokens: readonly Token[];
  readonly take: (sequence: LlamaContextSequence) => void;
}

export class LoadedModel {
  readonly runtime: LlamaRuntime;
  readonly model: LlamaModel;
  readonly prompts: ChatPrompts;
  readonly turnstile = new Turnstile();
  /** Of weights and context, as llama.cpp reckons them. */
  readonly bytes: number;
  readonly #context: LlamaContext;
  readonly #free: LlamaContextSequence[];
  readonly #waiting: Waiting[] = [];

  constructor(runtime: LlamaRuntime, model: LlamaModel, context: LlamaContext, contextBytes: number) {
    this.bytes = model.size + contextBytes;
    this.runtime = runtime;
    this.model = model;
    this.prompts = new ChatPrompts(runtime, model);
    this.#context = context;
    this.#free = Array.from({ length: context.totalSequences }, () => context.getSequence());
  }

  /** Tokens that prompt and answer may have together. */
  get window(): number {
    return Math.min(this.#context.contextSize, this.model.trainContextSize);
  }

  /**
   * A sequence to answer on: of the free ones, that which has read most of the prompt already, so that a conversation which
   * goes on is not read anew. Waits where none is free; `waits` is told so. Rejects with the signal's reason.
   */
  async withSequence<T>(
    tokens: readonly Token[],
    signal: AbortSignal,
    waits: () => void,
    work: (sequence: LlamaContextSequence) => Promise<T>,
  ): Promise<T> {
    const sequence = this.#takeBest(tokens) ?? (await this.#wait(tokens, signal, waits));
    try {
      return await work(sequence);
    } finally {
      this.#giveBack(sequence);
    }
  }

  async dispose(): Promise<void> {
    await this.#context.dispose();
    await this.model.dispose();
  }

  #takeBest(tokens: readonly Token[]): LlamaContextSequence | undefined {
    let best = 0;
    let longest = -1;
    for (const [index, sequence] of this.#free.entries()) {
      const read = sequence.compareContextTokens([...tokens]).firstDifferentIndex;
      if (read <= longest) continue;
      best = index;
      longest = read;
    }
    return this.#free.splice(best, 1)[0];
  }

  #wait(tokens: readonly Token[], signal: AbortSignal, waits: () => void): Promise<LlamaContextSequence> {
    waits();
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        tokens,
        take: (sequence) => {
          signal.removeEventListener("abort", leave);
          resolve(sequence);
        },
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
    });
  }

  #giveBack(sequence: LlamaContextSequence): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(sequence);
    else next.take(sequence);
  }
}

/** Throws what `asLocalError` understands. `progress` gets shares from 0 to 1. */
export async function loadModel(file: string, progress: (share: number) => void): Promise<LoadedModel> {
  const runtime = await llamaRuntime();
  await checkModelFile(runtime, file);
  const model = await runtime.llama.loadModel({ modelPath: file, onLoadProgress: progress }).catch((error: unknown) => {
    throw error instanceof runtime.library.InsufficientMemoryError ? error : notLoaded(file, error);
  });
  try {
    const context = await model.createContext({
      sequences: SEQUENCES,
      contextSize: { min: Math.min(SMALLEST_WINDOW, model.trainContextSize), max: await windowThatFits(model) },
      threads: inferenceThreads(),
      // A context that comes out a little too large is made smaller rather than refused.
      failedCreationRemedy: { retries: 4, autoContextSizeShrink: 0.3 },
    });
    return new LoadedModel(runtime, model, context, await contextBytes(model, context.contextSize));
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

/** With a file's template and vocabulary alone. Throws as `loadModel` does. */
export async function readVocabulary<T>(file: string, work: (prompts: ChatPrompts) => T): Promise<T> {
  const runtime = await llamaRuntime();
  await checkModelFile(runtime, file);
  const model = await runtime.llama.loadModel({ modelPath: file, vocabOnly: true }).catch((error: unknown) => {
    throw notLoaded(file, error);
  });
  try {
    return work(new ChatPrompts(runtime, model));
  } finally {
    await model.dispose();
  }
}

function notLoaded(file: string, error: unknown): Error {
  const words = llamaWords() === "" ? String(error) : llamaWords();
  return localError("not-a-model", `llama.cpp could not load ${file}: ${words}`, "before-headers", error);
}

/** The window that the model was trained with, or as much of it as half of the free memory holds for all sequences. */
async function windowThatFits(model: LlamaModel): Promise<number> {
  const budget = freemem() * SHARE_OF_FREE_MEMORY;
  let window = model.trainContextSize;
  while (window > SMALLEST_WINDOW && (await contextBytes(model, window)) > budget) window = Math.floor(window / 2);
  return window;
}

async function contextBytes(model: LlamaModel, contextSize: number): Promise<number> {
  const options = { contextSize, sequences: SEQUENCES, modelGpuLayers: model.gpuLayers };
  const { cpuRam, gpuVram } = await model.fileInsights.estimateContextResourceRequirementsV2(options);
  return cpuRam + gpuVram;
}
