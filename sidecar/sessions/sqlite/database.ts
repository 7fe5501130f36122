// The conversations in SQLite, synchronously: what the store's worker thread runs. Each method that writes is one transaction, so
// what has returned is on the disk.

import type { SearchResult, StoreStatistics } from "../../store-results.ts";
import type { SessionInfo, StoredMessage } from "../../types.ts";
import { deletedMeanwhile, sessionBusy, sessionNotFound } from "../failures.ts";
import type { Owner } from "../owner.ts";
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
} from "../store.ts";
import { indexedAtOnce } from "../store.ts";
import type { Connection } from "./connection.ts";
import { EndpointLimits } from "./endpoint-limits.ts";
import { Housekeeping } from "./housekeeping.ts";
import { MessageTable } from "./message-table.ts";
import { RunningAnswers } from "./running-answers.ts";
import { search } from "./search.ts";
import { SessionTable } from "./session-table.ts";
import type { StoreFolder } from "./store-folder.ts";
import { WordIndex } from "./word-index.ts";

/** Messages put into the index in one transaction by `workSome`. */
const indexedInPassing = 50;
/** Milliseconds that closing may take to delete what was deleted; the rest is deleted by whoever opens the database next. */
const closingMs = 200;

export class SessionDatabase {
  readonly #connection: Connection;
  readonly #folder: StoreFolder;
  readonly #owner: Owner;
  readonly #words: WordIndex;
  readonly #running: RunningAnswers;
  readonly #sessions: SessionTable;
  readonly #messages: MessageTable;
  readonly #housekeeping: Housekeeping;
  readonly #limits: EndpointLimits;
  /** Whether a process that had it open before has ended without closing it. */
  readonly wasLeftOpen: boolean;

  /** Takes a database of the current schema. Marks what dead processes have left as cut, where it can be written to. */
  constructor(connection: Connection, folder: StoreFolder, owner: Owner) {
    this.#connection = connection;
    this.#folder = folder;
    this.#owner = owner;
    this.#words = new WordIndex(connection);
    this.#running = new RunningAnswers(connection, this.#words, owner);
    this.#sessions = new SessionTable(connection, this.#running);
    this.#messages = new MessageTable(connection, this.#words);
    this.#housekeeping = new Housekeeping(connection, this.#messages, this.#words);
    this.#limits = new EndpointLimits(connection);
    this.wasLeftOpen = !connection.isReadOnly && connection.transaction(() => this.#running.enter());
  }

  /** More than `indexedAtOnce` messages are not found before `indexSome` was called for them. */
  createSession({ session, messages }: { readonly session: SessionInfo; readonly messages: readonly StoredMessage[] }): void {
    this.#connection.transaction(() => {
      this.#sessions.insert(session);
      this.#insert(session.id, messages);
    });
  }

  listSessions(limit: number): readonly SessionInfo[] {
    return this.#sessions.list(limit);
  }

  /** What a process has left in it that has ended meanwhile is marked as cut, so that it can be gone on with. */
  getSession(session: string): SessionInfo | undefined {
    if (this.#running.hasThoseOfTheDead(session)) this.#interruptThoseOfTheDead();
    return this.#sessions.get(session);
  }

  updateSession({ session, changes }: { readonly session: string; readonly changes: SessionChanges }): SessionInfo {
    return this.#connection.transaction(() => {
      if (changes.title !== undefined) this.#sessions.titleIsGiven(session);
      return this.#sessions.change(session, changes);
    });
  }

  nameSession({ session, title, had }: GeneratedName): SessionInfo | undefined {
    return this.#connection.transaction(() =>
      this.#sessions.hasTitleNotGiven(session, had) ? this.#sessions.change(session, { title }) : undefined,
    );
  }

  setLeaf({ session, message }: { readonly session: string; readonly message: string }): SessionInfo {
    return this.#connection.transaction(() => {
      this.#sessions.existing(session);
      this.#messages.checkShowable(session, message);
      return this.#sessions.change(session, {}, this.#messages.newestBelow(message));
    });
  }

  deleteSession(session: string): void {
    this.#connection.transaction(() => {
      this.#sessions.existing(session);
      // What is answered here its caller has stopped, or means to delete with the answer.
      const answering = this.#running.inSession(session);
      if (answering === "elsewhere") throw sessionBusy(answering);
      this.#connection.run("UPDATE sessions SET deleted_at = ?, deleted_by = ? WHERE id = ?", Date.now(), this.#owner.instance, session);
    });
  }

  restoreSession(session: string): SessionInfo {
    this.#housekeeping.expire();
    return this.#connection.transaction(() => {
      const restored = this.#connection.run(
        "UPDATE sessions SET deleted_at = NULL, deleted_by = NULL WHERE id = ? AND deleted_at > 0",
        session,
      );
      if (restored === 0) throw sessionNotFound(session);
      return this.#sessions.existing(session);
    });
  }

  getMessage(message: string): StoredMessage | undefined {
    return this.#messages.get(message);
  }

  getPath({ leaf, options }: { readonly leaf: string; readonly options: PathOptions }): readonly StoredMessage[] {
    return this.#messages.path(leaf, options);
  }

  listMessages({ session, options }: { readonly session: string; readonly options: MessageListOptions }): readonly StoredMessage[] {
    return this.#sessions.get(session) === undefined ? [] : this.#messages.list(session, options);
  }

  listSummaries(session: string): readonly StoredMessage[] {
    return this.#sessions.get(session) === undefined ? [] : this.#messages.summaries(session);
  }

  addMessages({ session, messages, leaf }: NewMessages): SessionInfo {
    return this.#connection.transaction(() => {
      this.#sessions.existing(session);
      this.#insert(session, messages);
      if (leaf !== undefined) this.#messages.checkIn(session, leaf);
      return this.#sessions.change(session, {}, leaf);
    });
  }

  beginTurn({ session, user, assistant, changes, beside = false }: NewTurn): SessionInfo {
    return this.#connection.transaction(() => {
      this.#sessions.existing(session);
      const { parent } = user ?? assistant;
      if (parent !== null) this.#messages.checkIn(session, parent);
      this.#running.interruptThoseOfTheDead();
      const answering = this.#running.inSession(session);
      if (answering !== undefined && !(beside && answering === "here")) throw sessionBusy(answering);
      this.#running.giveSignOfLife();
      if (user !== undefined) this.#messages.insert(user, null);
      this.#messages.insert(assistant, this.#owner.instance);
      return this.#sessions.change(session, changes, assistant.id);
    });
  }

  /** Writes the owner too: an answer that was taken for a dead one's while this process slept is its own again. */
  saveProgress(answers: readonly AnswerProgress[]): void {
    this.#connection.transaction(() => {
      this.#running.giveSignOfLife();
      for (const answer of answers) this.#messages.progress(answer, this.#owner.instance);
    });
  }

  finishAnswers(answers: readonly FinishedAnswer[]): void {
    const isGone = this.#connection.transaction(() => {
      let gone = false;
      for (const answer of answers) {
        const session = this.#messages.finish(answer);
        if (session === undefined) gone = true;
        else this.#sessions.touch(session);
      }
      return gone;
    });
    if (isGone) throw deletedMeanwhile();
  }

  search(query: SearchQuery): SearchResult {
    return search(this.#connection, this.#sessions, this.#words, query);
  }

  statistics(): StoreStatistics {
    const row = this.#connection.get(
      `SELECT count(*) FILTER (WHERE deleted_at IS NULL) AS sessions, count(*) FILTER (WHERE deleted_at > 0) AS deleted,
              min(updated_at) FILTER (WHERE deleted_at IS NULL) AS oldest FROM sessions`,
    );
    const messages = this.#connection.get(
      "SELECT count(*) AS count FROM messages WHERE session IN (SELECT id FROM sessions WHERE deleted_at IS NULL)",
    );
    const oldest = row?.["oldest"];
    return {
      folder: this.#folder.path,
      bytes: this.#folder.databaseBytes(),
      sessions: Number(row?.["sessions"]),
      messages: Number(messages?.["count"]),
      deletedSessions: Number(row?.["deleted"]),
      oldestChange: typeof oldest === "number" ? oldest : null,
      otherFiles: this.#folder.otherFiles(),
    };
  }

  prune(before: number): number {
    return this.#housekeeping.prune(before);
  }

  deleteAll(): DeletedHistory {
    const sessions = this.#housekeeping.deleteAll();
    return { sessions, ...this.#folder.removeOtherFiles() };
  }

  rememberLimit(limit: EndpointLimit): void {
    this.#limits.remember(limit);
  }

  knownLimits(): readonly EndpointLimit[] {
    return this.#limits.known();
  }

  /** A little of what has time: deleting what was deleted, indexing what was written before. False where nothing is left. */
  workSome(): boolean {
    if (this.#connection.isReadOnly) return false;
    this.#housekeeping.expire();
    return this.#housekeeping.purgeSome() || this.indexSome(indexedInPassing);
  }

  /** Puts the newest messages that wait for it into the index, so many at most. False where none is left. */
  indexSome(most: number): boolean {
    return !this.#words.isComplete() && this.#connection.transaction(() => this.#words.catchUp(most));
  }

  /** Once, where a message is damaged: what people are to be told. */
  takeNotice(): string | undefined {
    return this.#words.takeNotice();
  }

  close(): void {
    try {
      if (this.#connection.isReadOnly) return;
      const until = performance.now() + closingMs;
      this.#housekeeping.expire(this.#owner.instance);
      while (performance.now() < until && this.#housekeeping.purgeSome());
      this.#connection.transaction(() => this.#running.leave());
    } catch {
      // A full disk, a lock, a newer schema: what is left to be done, whoever opens it next will do.
    } finally {
      this.#connection.close();
      this.#folder.leave();
    }
  }

  #interruptThoseOfTheDead(): void {
    if (this.#connection.isReadOnly) return;
    try {
      this.#connection.transaction(() => this.#running.interruptThoseOfTheDead());
    } catch {
      // A full disk, a lock: reading goes on all the same, and whoever writes there next does it.
    }
  }

  #insert(session: string, messages: readonly StoredMessage[]): void {
    const findable = messages.length > indexedAtOnce ? "later" : "now";
    const added = new Set<string>();
    for (const message of messages) {
      if (message.parent !== null && !added.has(message.parent)) this.#messages.checkIn(session, message.parent);
      this.#messages.insert({ ...message, session }, null, findable);
      added.add(message.id);
    }
  }
}
