// The worker thread that holds the database, so that no disk and no large query ever stops the sidecar's event loop. Answers
// each request in the order in which it came: `open` first. Started as a process instead, it checks a database: see
// `check-process.ts`.

import { isMainThread, parentPort } from "node:worker_threads";
import { Failure } from "../failure.ts";
import { checkAndExit, fileToCheck, runCheck } from "./check-process.ts";
import type { SessionDatabase } from "./sqlite/database.ts";
import type * as OpenDatabase from "./sqlite/opening/open-database.ts";
import { letInMs } from "./store.ts";
import type { OpenRequest, OpenResult, StoreNotice, StoreReply, StoreRequest } from "./store-messages.ts";

/** Milliseconds after which the worker looks again for something to be tidied up. */
const tidyingMs = 60_000;
/** Milliseconds between two attempts to repair a database, which every reading of what is damaged asks for. */
const betweenRepairsMs = 60_000;

class StoreWorker {
  readonly #post: (message: StoreReply | StoreNotice) => void;
  #request: OpenRequest | undefined;
  #database: SessionDatabase | undefined;
  /** Set once the database was opened. */
  #opening: typeof OpenDatabase | undefined;
  #tidying: NodeJS.Timeout | undefined;
  #isWorking = false;
  #repairedAt = -Infinity;

  constructor(post: (message: StoreReply | StoreNotice) => void) {
    this.#post = post;
  }

  async run(request: StoreRequest): Promise<unknown> {
    if (request.method === "open") return this.#open(request.argument);
    if (request.method === "repair") return this.#reopen();
    if (request.method === "close") clearInterval(this.#tidying);
    if (this.#database === undefined) {
      if (request.method === "close") return undefined;
      throw new Failure("storage", "The store of conversations is not open.");
    }
    const database = this.#database;
    try {
      // The client's types hold method and argument together.
      return Reflect.apply(database[request.method], database, [request.argument]);
    } catch (error) {
      if (request.method !== "close") this.#afterFailure(error);
      throw this.#opening?.storageFailure(error, this.#request?.folder ?? "") ?? error;
    } finally {
      if (request.method === "close") this.#database = undefined;
      else this.#workSoon();
    }
  }

  /** `node:sqlite` comes with it, so that a runtime without that gives an answer instead of a thread that ends. */
  async #open(request: OpenRequest): Promise<OpenResult> {
    this.#request = request;
    this.#opening = await import("./sqlite/opening/open-database.ts").catch((error: unknown) => {
      throw new Failure("storage", "This Node.js has no SQLite (node:sqlite), in which conversations are kept.", error);
    });
    const { database, folder, notes } = this.#opening.openDatabase(request.folder, request.owner, request);
    this.#database = database;
    this.#tidying = setInterval(() => this.#workSoon(), tidyingMs);
    this.#workSoon();
    return { file: folder.database, notes, wasLeftOpen: database.wasLeftOpen };
  }

  /** Closes the damaged database and opens it again, which repairs it where no other process has it open. */
  async #reopen(): Promise<readonly string[]> {
    const request = this.#request;
    if (request === undefined || this.#opening === undefined) return [];
    clearInterval(this.#tidying);
    this.#opening.markDamaged(request.folder);
    try {
      this.#database?.close();
    } catch {
      // What is damaged may not even be closed properly; the file is given back in any case.
    }
    this.#database = undefined;
    return (await this.#open(request)).notes;
  }

  #afterFailure(error: unknown): void {
    if (this.#opening?.isDamage(error) !== true || performance.now() - this.#repairedAt < betweenRepairsMs) return;
    this.#repairedAt = performance.now();
    setImmediate(() => void this.#repair());
  }

  async #repair(): Promise<void> {
    try {
      for (const notice of await this.#reopen()) this.#post({ notice });
    } catch (error) {
      this.#post({ notice: described(error).message });
    }
  }

  /** A little at a time, with whatever was asked for, here and in other windows, in between. */
  #workSoon(afterMs = 0): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    setTimeout(() => {
      this.#isWorking = false;
      try {
        if (this.#database?.workSome() === true) this.#workSoon(letInMs);
        const notice = this.#database?.takeNotice();
        if (notice !== undefined) this.#post({ notice });
      } catch (error) {
        // A full disk or a lock: it is tried again in a while. Whoever asks for something is told.
        this.#afterFailure(error);
      }
    }, afterMs);
  }
}

function described(error: unknown): NonNullable<StoreReply["failure"]> {
  if (error instanceof Failure) return { code: error.code, message: error.message };
  return { code: "storage", message: error instanceof Error ? error.message : String(error) };
}

function serve(port: NonNullable<typeof parentPort>): void {
  const worker = new StoreWorker((message) => port.postMessage(message));
  // One after the other: opening and repairing wait for nothing else.
  let last: Promise<void> = Promise.resolve();
  port.on("message", (request: StoreRequest) => {
    const { id } = request;
    last = last.then(() =>
      worker.run(request).then(
        (result) => port.postMessage({ id, result } satisfies StoreReply),
        (error: unknown) => port.postMessage({ id, failure: described(error) } satisfies StoreReply),
      ),
    );
  });
}

if (isMainThread) runCheck(process.argv[2] ?? "");
else {
  // Node.js 22 calls its SQLite experimental on the error output, which a command line or a library has for words of its own.
  process.removeAllListeners("warning");
  const file = fileToCheck();
  if (file !== undefined) await checkAndExit(file);
  else if (parentPort !== null) serve(parentPort);
}
