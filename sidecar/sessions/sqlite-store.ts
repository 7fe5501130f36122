// Conversations in a database that all windows of the machine share, behind the asynchronous interface of a store. The work is
// done by a worker thread; this is its client.

import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { storeWorkerUrl } from "../entry-points.ts";
import { Failure } from "../failure.ts";
import type { SearchResult, StoreStatistics } from "../store-results.ts";
import type { SessionInfo, StoredMessage } from "../types.ts";
import { checkConversation } from "./check-conversation.ts";
import { type RunningCheck, startCheck } from "./check-process.ts";
import { notData } from "./failures.ts";
import type { Owner } from "./owner.ts";
import type { SessionDatabase } from "./sqlite/database.ts";
import type { DatabaseMethod, OpenRequest, OpenResult, StoreCall, StoreNotice, StoreReply, StoreRequest } from "./store-messages.ts";
import type {
  AnswerProgress,
  DeletedHistory,
  EndpointLimit,
  FinishedAnswer,
  GeneratedName,
  MessageListOptions,
  NewMessages,
  NewTurn,
  PathOptions,
  SearchQuery,
  SessionChanges,
  SessionStore,
} from "./store.ts";
import { indexedAtOnce, letInMs } from "./store.ts";

/** The result's type is known where the request is made; here it is whatever the thread has sent. */
interface Pending {
  resolve(result: unknown): void;
  reject(failure: Failure): void;
}

type Argument<Method extends DatabaseMethod> = Parameters<SessionDatabase[Method]>[0];
type Result<Method extends DatabaseMethod> = ReturnType<SessionDatabase[Method]>;

export interface OpenOptions {
  /** Told of what people should know of after the opening: damage that was found, and what became of it. */
  readonly onNotice?: (words: string) => void;
  /** SQLite's name of another way to reach files than the system's own. */
  readonly vfs?: string;
  /** Where the database cannot be written to it is opened for reading, with a note, instead of refused. Default: it is refused. */
  readonly mayOnlyRead?: boolean;
  /** Milliseconds between opening a database that was left open and looking through it: the first replies come first. Default 3000. */
  readonly checkAfterMs?: number;
}

export class SqliteStore implements SessionStore {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #wasOpened = false;
  /** Set once the thread is gone: why. */
  #ended: Failure | undefined;
  #onNotice: (words: string) => void = () => {};
  /** Waits to begin, or runs. */
  #check: NodeJS.Timeout | RunningCheck | undefined;

  private constructor() {
    // The sidecar's own flags (an inspector's port, a test runner's) are not for its threads.
    this.#worker = new Worker(storeWorkerUrl, { execArgv: [] });
    this.#worker.unref();
    this.#worker.on("message", (message: StoreReply | StoreNotice) => this.#receive(message));
    this.#worker.on("error", (error) => this.#end(new Failure("storage", `The store of conversations failed: ${error.message}`, error)));
    this.#worker.on("exit", () => this.#end(new Failure("storage", "The store of conversations is closed.")));
  }

  /** Starts the thread, which takes as long as the rest of a sidecar. `open` comes next, or `close`. */
  static start(): SqliteStore {
    return new SqliteStore();
  }

  /** Whether the thread was ever asked for anything: another one waits for no disk and no other window. */
  get wasOpened(): boolean {
    return this.#wasOpened;
  }

  /**
   * Opens the database in `folder`, which is made where it is missing. Resolves with notes for people: where it is slower here
   * than elsewhere, or was damaged. Rejects with a `Failure` that says why it cannot be used; the thread is gone then.
   */
  async open(folder: string, owner: Owner, { onNotice, checkAfterMs = 3000, ...more }: OpenOptions = {}): Promise<readonly string[]> {
    this.#wasOpened = true;
    this.#onNotice = onNotice ?? (() => {});
    const argument: OpenRequest = { folder, owner, ...more };
    try {
      const { file, notes, wasLeftOpen } = await this.#request<OpenResult>({ method: "open", argument });
      if (wasLeftOpen) this.#check = setTimeout(() => void this.#lookThrough(file), checkAfterMs).unref();
      return notes;
    } catch (error) {
      await this.#worker.terminate();
      throw error;
    }
  }

  async createSession(session: SessionInfo, messages: readonly StoredMessage[] = []): Promise<void> {
    checkConversation(session, messages);
    await this.#call("createSession", { session, messages });
    await this.#indexNewest(messages.length);
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

  nameSession(name: GeneratedName): Promise<SessionInfo | undefined> {
    return this.#call("nameSession", name);
  }

  setLeaf(session: string, message: string): Promise<SessionInfo> {
    return this.#call("setLeaf", { session, message });
  }

  deleteSession(session: string): Promise<void> {
    return this.#call("deleteSession", session);
  }

  restoreSession(session: string): Promise<SessionInfo> {
    return this.#call("restoreSession", session);
  }

  getMessage(message: string): Promise<StoredMessage | undefined> {
    return this.#call("getMessage", message);
  }

  getPath(leaf: string, options: PathOptions = {}): Promise<readonly StoredMessage[]> {
    return this.#call("getPath", { leaf, options });
  }

  listMessages(session: string, options: MessageListOptions): Promise<readonly StoredMessage[]> {
    return this.#call("listMessages", { session, options });
  }

  listSummaries(session: string): Promise<readonly StoredMessage[]> {
    return this.#call("listSummaries", session);
  }

  addMessages(added: NewMessages): Promise<SessionInfo> {
    return this.#call("addMessages", added);
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

  search(query: SearchQuery): Promise<SearchResult> {
    return this.#call("search", query);
  }

  statistics(): Promise<StoreStatistics> {
    return this.#call("statistics", undefined);
  }

  prune(before: number): Promise<number> {
    return this.#call("prune", before);
  }

  deleteAll(): Promise<DeletedHistory> {
    return this.#call("deleteAll", undefined);
  }

  rememberLimit(limit: EndpointLimit): Promise<void> {
    return this.#call("rememberLimit", limit);
  }

  knownLimits(): Promise<readonly EndpointLimit[]> {
    return this.#call("knownLimits", undefined);
  }

  /** Waits for what was asked before, then ends the thread. */
  async close(): Promise<void> {
    this.#endCheck();
    if (this.#ended !== undefined) return;
    try {
      if (this.#wasOpened) await this.#request<void>({ method: "close", argument: undefined });
    } catch (error) {
      // A thread that has failed meanwhile has nothing left to close.
      if (this.#ended === undefined) throw error;
    } finally {
      await this.#worker.terminate();
    }
  }

  /**
   * A long conversation is kept in one transaction, and comes into the index in many short ones: it takes long, and other windows
   * wait for the end of each.
   */
  async #indexNewest(count: number): Promise<void> {
    if (count <= indexedAtOnce) return;
    try {
      for (let left = count; left > 0 && (await this.#call("indexSome", indexedAtOnce)); left -= indexedAtOnce) await pause(letInMs);
    } catch {
      // A full disk, a lock, the store's end: the conversation is kept, and the rest is indexed in the background.
    }
  }

  /** Looks for damage, and has it repaired. */
  async #lookThrough(file: string): Promise<void> {
    const check = startCheck(file);
    this.#check = check;
    if (!(await check.damaged) || this.#ended !== undefined) return;
    try {
      const notes = await this.#request<readonly string[]>({ method: "repair", argument: undefined });
      for (const note of notes) this.#onNotice(note);
    } catch (error) {
      this.#onNotice(error instanceof Error ? error.message : String(error));
    }
  }

  #endCheck(): void {
    if (this.#check === undefined) return;
    if ("end" in this.#check) this.#check.end();
    else clearTimeout(this.#check);
    this.#check = undefined;
  }

  #call<Method extends DatabaseMethod>(method: Method, argument: Argument<Method>): Promise<Result<Method>> {
    return this.#request<Result<Method>>({ method, argument });
  }

  #request<T>(call: StoreCall): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    try {
      this.#worker.postMessage({ ...call, id } satisfies StoreRequest);
    } catch (error) {
      return Promise.reject(notData(error));
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#pending.set(id, { resolve, reject });
    // Only a request under way keeps the process alive.
    this.#worker.ref();
    return promise;
  }

  #receive(message: StoreReply | StoreNotice): void {
    if ("notice" in message) this.#onNotice(message.notice);
    else this.#settle(message);
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
