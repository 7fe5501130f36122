// Conversations in a database that all windows of the machine share, behind the asynchronous interface of a store. The work is
// done by a worker thread; this is its client.

import { Worker } from "node:worker_threads";
import { storeWorkerUrl } from "../entry-points.ts";
import { Failure } from "../failure.ts";
import type { SessionInfo, StoredMessage } from "../types.ts";
import type { SessionDatabase } from "./database.ts";
import type { Owner } from "./owner.ts";
import type { StoreCall, StoreReply, StoreRequest } from "./store-messages.ts";
import type { AnswerProgress, FinishedAnswer, NewTurn, SessionChanges, SessionStore } from "./store.ts";

/** The result's type is known where the request is made; here it is whatever the thread has sent. */
interface Pending {
  resolve(result: unknown): void;
  reject(failure: Failure): void;
}

type Argument<Method extends keyof SessionDatabase> = Parameters<SessionDatabase[Method]>[0];
type Result<Method extends keyof SessionDatabase> = ReturnType<SessionDatabase[Method]>;

export class SqliteStore implements SessionStore {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  /** Set once the thread is gone: why. */
  #ended: Failure | undefined;

  private constructor() {
    // The sidecar's own flags (an inspector's port, a test runner's) are not for its threads.
    this.#worker = new Worker(storeWorkerUrl, { execArgv: [] });
    this.#worker.unref();
    this.#worker.on("message", (reply: StoreReply) => this.#settle(reply));
    this.#worker.on("error", (error) => this.#end(new Failure("storage", `The store of conversations failed: ${error.message}`, error)));
    this.#worker.on("exit", () => this.#end(new Failure("storage", "The store of conversations is closed.")));
  }

  /** Starts the thread, which takes as long as the rest of a sidecar. `open` comes next, or `close`. */
  static start(): SqliteStore {
    return new SqliteStore();
  }

  /**
   * Opens the database in `folder`, which is made where it is missing. Rejects with a `Failure` that says why it cannot be
   * used; the thread is gone then.
   */
  async open(folder: string, owner: Owner): Promise<void> {
    try {
      await this.#request<void>({ method: "open", argument: { folder, owner } });
    } catch (error) {
      await this.#worker.terminate();
      throw error;
    }
  }

  createSession(session: SessionInfo): Promise<void> {
    return this.#call("createSession", session);
  }

  listSessions(limit: number): Promise<readonly SessionInfo[]> {
    return this.#call("listSessions", limit);
  }

  getSession(session: string): Promise<SessionInfo | undefined> {
    return this.#call("getSession", session);
  }

  updateSession(session: string, changes: SessionChanges): Promise<SessionInfo> {
    return this.#call("updateSession", { session, changes });
  }

  deleteSession(session: string): Promise<void> {
    return this.#call("deleteSession", session);
  }

  getMessage(message: string): Promise<StoredMessage | undefined> {
    return this.#call("getMessage", message);
  }

  getPath(leaf: string): Promise<readonly StoredMessage[]> {
    return this.#call("getPath", leaf);
  }

  beginTurn(turn: NewTurn): Promise<SessionInfo> {
    return this.#call("beginTurn", turn);
  }

  saveProgress(answers: readonly AnswerProgress[]): Promise<void> {
    return this.#call("saveProgress", answers);
  }

  finishAnswers(answers: readonly FinishedAnswer[]): Promise<void> {
    return this.#call("finishAnswers", answers);
  }

  /** Waits for what was asked before, then ends the thread. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    try {
      await this.#request<void>({ method: "close", argument: undefined });
    } catch (error) {
      // A thread that has failed meanwhile has nothing left to close.
      if (this.#ended === undefined) throw error;
    } finally {
      await this.#worker.terminate();
    }
  }

  #call<Method extends keyof SessionDatabase>(method: Method, argument: Argument<Method>): Promise<Result<Method>> {
    return this.#request<Result<Method>>({ method, argument });
  }

  #request<T>(call: StoreCall): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#pending.set(id, { resolve, reject });
    // Only a request under way keeps the process alive.
    this.#worker.ref();
    this.#worker.postMessage({ ...call, id } satisfies StoreRequest);
    return promise;
  }

  #settle({ id, result, failure }: StoreReply): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker.unref();
    if (failure === undefined) pending?.resolve(result);
    else pending?.reject(new Failure(failure.code, failure.message));
  }

  #end(reason: Failure): void {
    this.#ended ??= reason;
    for (const pending of this.#pending.values()) pending.reject(this.#ended);
    this.#pending.clear();
  }
}
