// The process's side of the thread that checks answers: started with the first schema, asked one thing at a time, and ended when
// a check takes too long, which a schema's pattern can make of a few words of a model. The next check starts another. It keeps
// no process from ending.

import { Worker } from "node:worker_threads";
import { orAborted } from "../abort.ts";
import { schemaWorkerUrl } from "../entry-points.ts";
import { PATTERN_BYTES, type CheckRequest, type Judgement, type ThreadMessage } from "./schema-messages.ts";

/** Milliseconds for one check, which takes less than one of them as a rule. */
const LIMIT_MS = 3000;
/** Megabytes that the thread may use. */
const MEMORY_MB = 512;

interface Asked {
  readonly request: CheckRequest;
  readonly signal: AbortSignal;
  readonly resolve: (judgement: Judgement) => void;
  readonly reject: (error: Error) => void;
}

class SchemaThread {
  readonly #waiting: Asked[] = [];
  #worker: Worker | undefined;
  /** What the thread is matching. */
  #pattern = new SharedArrayBuffer(PATTERN_BYTES);
  #isReady = false;
  #underWay: { readonly asked: Asked; readonly timer: NodeJS.Timeout } | undefined;

  /**
   * Rejects with the signal's reason, and where a schema is asked about and no thread can be started. Otherwise what cannot be checked
   * is wrong, or no schema.
   */
  async ask(request: CheckRequest, signal: AbortSignal): Promise<Judgement> {
    // Where a program may have no threads this throws, and nothing waits.
    this.#worker ??= this.#start();
    const { promise, resolve, reject } = Promise.withResolvers<Judgement>();
    const asked: Asked = { request, signal, resolve, reject };
    this.#waiting.push(asked);
    this.#next();
    try {
      return await orAborted(promise, signal);
    } finally {
      // Nobody waits for it any more, and the others need not.
      this.#giveUp(asked);
    }
  }

  #next(): void {
    if (this.#underWay !== undefined) return;
    while (this.#waiting[0]?.signal.aborted === true) this.#waiting.shift();
    const [asked] = this.#waiting;
    if (asked === undefined) {
      this.#worker?.unref();
      return;
    }
    this.#worker ??= this.#start();
    this.#worker.ref();
    if (!this.#isReady) return;
    this.#waiting.shift();
    this.#worker.postMessage(asked.request);
    // What came while this process itself was busy is read before anything is called too long.
    const timer = setTimeout(() => setImmediate(() => this.#giveUp(asked)), LIMIT_MS);
    this.#underWay = { asked, timer };
  }

  #start(): Worker {
    // Of each thread its own: one that is ended may still write for a moment.
    this.#pattern = new SharedArrayBuffer(PATTERN_BYTES);
    // The process's own flags (an inspector's port, a test runner's) are not for its threads.
    const worker = new Worker(schemaWorkerUrl, {
      execArgv: [],
      workerData: this.#pattern,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    let reason = "the thread that checks has ended";
    worker.on("message", (message: ThreadMessage) => this.#receive(worker, message));
    worker.on("error", ({ message }) => (reason = message));
    worker.on("exit", () => this.#ended(worker, reason));
    return worker;
  }

  #receive(worker: Worker, message: ThreadMessage): void {
    if (worker !== this.#worker) return;
    if (message === "ready") this.#isReady = true;
    else this.#settle(message);
    this.#next();
  }

  #settle(judgement: Judgement): void {
    clearTimeout(this.#underWay?.timer);
    this.#underWay?.asked.resolve(judgement);
    this.#underWay = undefined;
  }

  /** Where it is still under way. */
  #giveUp(asked: Asked): void {
    const worker = this.#worker;
    if (worker === undefined || this.#underWay?.asked !== asked) return;
    const bytes = Buffer.from(this.#pattern);
    const pattern = bytes.toString("utf8", 1, 1 + (bytes[0] ?? 0));
    const why = pattern === "" ? "" : `, for that is what matching the pattern ${JSON.stringify(pattern)} takes`;
    void worker.terminate();
    this.#afterEnd(`it cannot be checked within ${LIMIT_MS / 1000} seconds${why}`);
  }

  /** By itself: out of memory, or it could not even begin. */
  #ended(worker: Worker, reason: string): void {
    if (worker !== this.#worker) return;
    const words = `it cannot be checked: ${reason}`;
    // Each of them would fail in the same way.
    if (!this.#isReady) for (const asked of this.#waiting.splice(0)) neverChecked(asked, reason);
    this.#afterEnd(words);
  }

  #afterEnd(words: string): void {
    this.#worker = undefined;
    this.#isReady = false;
    if (this.#underWay !== undefined) this.#settle(failed(this.#underWay.asked.request, words));
    this.#next();
  }
}

/** As where a bundler has left the thread's file behind: that is no fault of the schema's. */
function neverChecked({ request, resolve, reject }: Asked, reason: string): void {
  if (request.text === undefined) reject(new Error(`the thread that checks answers against schemas cannot be started: ${reason}`));
  else resolve(failed(request, `it cannot be checked: ${reason}`));
}

const failed = ({ text }: CheckRequest, words: string): Judgement =>
  text === undefined ? { type: "no-schema", reason: words } : { type: "wrong", problems: [words] };

/** One for the process: what one check costs is next to nothing, and a thread of its own for each would not be. */
export const schemaThread = new SchemaThread();
