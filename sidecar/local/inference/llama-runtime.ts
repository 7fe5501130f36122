// Loads node-llama-cpp and its backend, once, on first use.

import { existsSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type * as library from "node-llama-cpp";
import { localRuntimeUrl } from "../../entry-points.ts";
import { localError } from "../local-error.ts";

type LlamaModule = typeof library;

export interface LlamaRuntime {
  readonly library: LlamaModule;
  readonly llama: library.Llama;
}

/**
 * Threads for inference. Workers of ggml wait for each other by spinning, so one thread too many costs more than one too few:
 * physical cores less one, at least one. `cpus()` counts hardware threads, two to a core on what x64 machines have.
 */
export function inferenceThreads(): number {
  const physical = process.arch === "x64" && cpus().length > 2 ? Math.ceil(availableParallelism() / 2) : availableParallelism();
  return Math.max(1, physical - 1);
}

let runtime: Promise<LlamaRuntime> | undefined;
let lastWords = "";

/** What llama.cpp last warned of: its errors themselves say only that something failed. */
export function llamaWords(): string {
  return lastWords;
}

export function llamaRuntime(): Promise<LlamaRuntime> {
  runtime ??= load();
  return runtime;
}

async function load(): Promise<LlamaRuntime> {
  const loaded = await importLibrary();
  const llama = await loaded.getLlama({
    gpu: "auto",
    // Anything but what came along would be compiled or fetched.
    build: "never",
    skipDownload: true,
    progressLogs: false,
    maxThreads: inferenceThreads(),
    logLevel: loaded.LlamaLogLevel.warn,
    logger: (level, message) => {
      lastWords = message.trim();
      process.stderr.write(`${level}: ${message}\n`);
    },
  });
  return { library: loaded, llama };
}

/** What Parley brought along, else what the user of the library installed beside it. */
async function importLibrary(): Promise<LlamaModule> {
  const entry = findLibrary(fileURLToPath(localRuntimeUrl)) ?? findLibrary(process.cwd());
  if (entry === undefined) {
    const advice = "Run `npm install node-llama-cpp` beside the program that uses Parley.";
    throw localError("inference-unavailable", `node-llama-cpp is not installed. ${advice}`);
  }
  const loaded: LlamaModule = await import(pathToFileURL(entry).href);
  return loaded;
}

/** Looks in `node_modules` of a folder and of those above it, as Node does; its own lookup starts only from the importing file. */
function findLibrary(folder: string): string | undefined {
  const entry = join(folder, "node_modules/node-llama-cpp/dist/index.js");
  if (existsSync(entry)) return entry;
  const above = dirname(folder);
  return above === folder ? undefined : findLibrary(above);
}
