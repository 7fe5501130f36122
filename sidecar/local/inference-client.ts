// The sidecar's side of local inference: forks the inference process on first use, hands it requests, and ends it. Native code
// may crash there; what ran in it then fails with what had come, and the next request starts a new process.

import { fork, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inferenceProcessUrl, localRuntimeUrl } from "../entry-points.ts";
import type { Availability } from "../protocol.ts";
import { ProviderError, type ProviderEvent } from "../providers/provider.ts";
import type { ErrorInfo } from "../types.ts";
import { AnswerQueue } from "./answer-queue.ts";
import { inferenceEnvironment } from "./inference-environment.ts";
import type { FromInference, InferenceRequest, ToInference } from "./inference-messages.ts";
import { LoadedModels } from "./loaded-models.ts";
import { localError } from "./local-error.ts";
import { loadedElsewhere } from "./loaded-elsewhere.ts";

/** Milliseconds that the process has to end by itself. It has nothing to save. */
const END_MS = 500;
/** Characters of its last output that an error may quote. */
const LAST_WORDS = 600;

export interface InferenceOptions {
  /** Where a line that llama.cpp or the process prints goes. */
  readonly log?: (line: string) => void;
  readonly environment?: NodeJS.ProcessEnv;
  /** Where the processes of this machine tell each other which models they have in memory. Absent: this one tells nobody. */
  readonly sharedFolder?: string;
  /** What is forked. Default: `inference-process.ts`. */
  readonly program?: URL;
}

interface Running {
  readonly child: ChildProcess;
  readonly answers: Map<number, AnswerQueue>;
  readonly gone: Promise<void>;
  /** Files that are in its memory, or on the way there. */
  readonly files: Set<string>;
  lastWords: string;
}

export class InferenceClient {
  readonly #log: (line: string) => void;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #program: URL;
  readonly #loaded: LoadedModels | undefined;
  /** By file, of the models that were loaded, in memory or not. */
  readonly #windows = new Map<string, number>();
  #running: Running | undefined;
  #nextId = 1;
  #closed = false;

  /** Starts nothing. */
  constructor({ log = () => {}, environment = process.env, sharedFolder, program = inferenceProcessUrl }: InferenceOptions = {}) {
    this.#log = log;
    this.#program = program;
    this.#loaded = sharedFolder === undefined ? undefined : new LoadedModels(sharedFolder);
    this.#environment = environment;
  }

  /** The inference process's id while it runs. */
  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  /** Whether a backend for this machine came along. A look at the disk; nothing is loaded. */
  availability(): Availability {
    if (backendFolders().length > 0 || !existsSync(bundledRuntime())) return { available: true };
    const reason = `No inference backend for ${process.platform}-${process.arch} came with Parley. Models on servers work all the same.`;
    return { available: false, reason };
  }

  /**
   * One answer. Ends after the process said so; throws `ProviderError`, or the signal's reason once aborted. Leaving early
   * cancels. `onWhole`: see `RequestContext`.
   */
  async *answer(
    request: InferenceRequest,
    signal: AbortSignal,
    onWhole?: () => void,
  ): AsyncGenerator<readonly ProviderEvent[], void, undefined> {
    signal.throwIfAborted();
    const elsewhere = this.#running?.files.has(request.file) === true ? [] : ((await this.#loaded?.elsewhere(request.file)) ?? []);
    signal.throwIfAborted();
    if (elsewhere.length > 0) yield [loadedElsewhere(request.file, elsewhere)];
    yield* this.#asked("answer", request, signal, onWhole);
  }

  /** Tokens that prompt and answer may have together; undefined until the model was loaded, since that depends on the memory there is. */
  contextWindow(file: string): number | undefined {
    return this.#windows.get(file);
  }

  /** Tokens that the prompt of a request has. Throws as `answer` does. */
  async count(request: InferenceRequest, signal: AbortSignal): Promise<number | undefined> {
    signal.throwIfAborted();
    let tokens: number | undefined;
    for await (const batch of this.#asked("count", request, signal)) {
      for (const event of batch) if (event.type === "usage") tokens = event.inputTokens;
    }
    return tokens;
  }

  async *#asked(
    type: "answer" | "count",
    request: InferenceRequest,
    signal: AbortSignal,
    onWhole?: () => void,
  ): AsyncGenerator<readonly ProviderEvent[], void, undefined> {
    const running = this.#start();
    if (type === "answer") running.files.add(request.file);
    const id = this.#nextId++;
    const queue = new AnswerQueue(onWhole);
    running.answers.set(id, queue);
    reference(running.child, true);
    const abort = (): void => queue.fail(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    send(running.child, { type, id, request });
    try {
      yield* queue.batches();
    } finally {
      signal.removeEventListener("abort", abort);
      if (!queue.ended) send(running.child, { type: "cancel", id });
      running.answers.delete(id);
      if (running.answers.size === 0) reference(running.child, false);
    }
  }

  /** Ends the process; answers that run fail. Resolves when it is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = this.#running;
    if (running === undefined) return;
    // Idle it keeps nobody alive. Whoever waits for its end would otherwise end before it, in the middle of this wait.
    running.child.ref();
    if (running.child.connected) running.child.disconnect();
    const kill = setTimeout(() => running.child.kill("SIGKILL"), END_MS);
    await running.gone;
    clearTimeout(kill);
    await this.#loaded?.close();
  }

  #start(): Running {
    if (this.#closed) throw localError("inference-unavailable", "Local inference was shut down.");
    const { available, reason } = this.availability();
    if (!available) throw localError("inference-unavailable", reason ?? "");
    if (this.#running !== undefined) return this.#running;
    const child = fork(fileURLToPath(this.#program), [], {
      env: inferenceEnvironment(this.#environment),
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      serialization: "advanced",
      windowsHide: true,
    });
    const gone = Promise.withResolvers<void>();
    const running: Running = { child, answers: new Map(), gone: gone.promise, files: new Set(), lastWords: "" };
    this.#running = running;
    child.on("message", (message: FromInference) => this.#receive(running, message));
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => this.#listen(running, text));
    child.once("error", (error) => this.#lost(running, `could not be started: ${error.message}`, gone.resolve));
    child.once("exit", (code, signal) =>
      this.#lost(running, signal === null ? `ended with status ${code}` : `was ended by ${signal}`, gone.resolve),
    );
    return running;
  }

  #receive(running: Running, message: FromInference): void {
    if (message.type === "in-memory") {
      running.files.clear();
      for (const { file, contextWindow } of message.models) {
        running.files.add(file);
        if (contextWindow !== undefined) this.#windows.set(file, contextWindow);
      }
      void this.#loaded?.tell(message.models);
      return;
    }
    const queue = running.answers.get(message.id);
    if (message.type === "events") queue?.push(message.events);
    else if (message.error === undefined) queue?.end();
    else queue?.fail(asProviderError(message.error), true);
  }

  #listen(running: Running, text: string): void {
    running.lastWords = (running.lastWords + text).slice(-LAST_WORDS);
    for (const line of text.split("\n")) if (line.trim() !== "") this.#log(`inference: ${line}`);
  }

  #lost(running: Running, how: string, resolve: () => void): void {
    if (this.#running === running) this.#running = undefined;
    const words = running.lastWords.trim();
    const quoted = words === "" ? "" : ` Its last words: ${words}`;
    for (const queue of running.answers.values()) {
      queue.fail(localError("inference-crashed", `The process that runs local models ${how}.${quoted}`, queue.phase));
    }
    running.answers.clear();
    void this.#loaded?.tell([]);
    resolve();
  }
}

function asProviderError({ message, ...rest }: ErrorInfo): ProviderError {
  return new ProviderError(message, rest);
}

/** A process that is gone is told by its exit; a message that cannot be sent any more needs no error of its own. */
function send(child: ChildProcess, message: ToInference): void {
  if (child.connected) child.send(message, () => {});
}

/** An idle inference process does not keep its parent alive. */
function reference(child: ChildProcess, active: boolean): void {
  const handles: readonly unknown[] = [child, child.channel, child.stdout, child.stderr];
  for (const handle of handles) {
    if (typeof handle !== "object" || handle === null || !("ref" in handle) || !("unref" in handle)) continue;
    const change = active ? handle.ref : handle.unref;
    if (typeof change === "function") change.call(handle);
  }
}

const bundledRuntime = (): string => join(fileURLToPath(localRuntimeUrl), "node_modules/node-llama-cpp");

function backendFolders(): readonly string[] {
  const prefix = `${process.platform === "darwin" ? "mac" : process.platform === "win32" ? "win" : "linux"}-${process.arch}`;
  const variants = [prefix, `${prefix}-metal`, `${prefix}-vulkan`, `${prefix}-cuda`];
  const folder = join(fileURLToPath(localRuntimeUrl), "node_modules/@node-llama-cpp");
  return variants.map((name) => join(folder, name)).filter((path) => existsSync(path));
}
