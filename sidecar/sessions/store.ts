// Where conversations are kept: one small asynchronous interface, so that nothing above it knows whether a database in a
// worker thread or a map in memory answers. Messages form a tree by `parent`; nothing in it is ever overwritten but a running
// answer, by the process that runs it.

import type { SearchResult, StoreStatistics } from "../store-results.ts";
import type { GenerationParameters, JsonObject, ModelRef, SessionInfo, StoredMessage } from "../types.ts";

/** What is absent stays as it is. */
export interface SessionChanges {
  readonly title?: string;
  readonly model?: ModelRef;
  readonly systemPrompt?: string;
  readonly parameters?: GenerationParameters;
  readonly metadata?: JsonObject;
}

export interface GeneratedName {
  readonly session: string;
  readonly title: string;
  readonly had: string;
}

export interface NewTurn {
  readonly session: string;
  /** Absent where a question that is kept already is answered again. */
  readonly user?: StoredMessage;
  /** Empty, with status `streaming`. Becomes the session's leaf. */
  readonly assistant: StoredMessage;
  readonly changes: SessionChanges;
  /** It may run beside other answers that this process writes in the session. */
  readonly beside?: boolean;
}

/** Messages that are complete, put into a session beside what it has. */
export interface NewMessages {
  readonly session: string;
  /** Each after its parent, where that is among them. */
  readonly messages: readonly StoredMessage[];
  /** Becomes the end of the path shown; absent: that stays as it is. */
  readonly leaf?: string;
}

/** The text so far of an answer that runs. */
export type AnswerProgress = Pick<StoredMessage, "id" | "message">;

/** An answer that has ended, with all that is known of it. */
export type FinishedAnswer = Pick<
  StoredMessage,
  "id" | "message" | "status" | "finishReason" | "usage" | "cost" | "timings" | "error" | "metadata"
>;

export interface PathOptions {
  /** At most so many messages, the newest of them. The page before it is the path of the first one's `parent`. */
  readonly limit?: number;
  /** With `siblings`, which costs a look-up for each message. */
  readonly siblings?: boolean;
}

export interface MessageListOptions {
  /** Those that were kept after this one; absent: from the first on. */
  readonly after?: string;
  readonly limit: number;
}

export interface SearchQuery {
  /**
   * As somebody typed it, with no syntax but quotation marks around words that must follow each other. All of it must be
   * found; the last word may be the beginning of one. Case and diacritics do not count.
   */
  readonly text: string;
  /** Sessions in the result. */
  readonly limit: number;
  /** Messages shown of each session. */
  readonly messagesPerSession: number;
}

/** What one process has learned of an endpoint, for the others of this machine. */
export interface EndpointLimit {
  /** A name that tells nothing of the key: see `endpointName`. */
  readonly endpoint: string;
  /** Unix time in milliseconds before which nothing is to be sent there. */
  readonly until?: number;
  /** Requests at once that it bears. */
  readonly size?: number;
  /** Unix time in milliseconds. */
  readonly learnedAt: number;
}

export interface DeletedHistory {
  readonly sessions: number;
  /** Names of backups and set-aside databases that went with it. */
  readonly files: readonly string[];
  /** Names of those that could not be removed. */
  readonly filesLeft: readonly string[];
}

/**
 * Every method rejects with a `Failure`: `storage` where the disk or the database refuses, with words for people, and what is
 * said below. What resolves has been committed. A session that was deleted is there for no method but `restoreSession`.
 */
export interface SessionStore {
  /**
   * With these messages, in one transaction: an imported conversation is there whole or not at all. Rejects with
   * `invalid-params` where one lacks a field or has another's value in it, so that every export can be imported.
   */
  createSession(session: SessionInfo, messages?: readonly StoredMessage[]): Promise<void>;
  /** Newest change first. */
  listSessions(limit: number): Promise<readonly SessionInfo[]>;
  getSession(session: string): Promise<SessionInfo | undefined>;
  /** A title is somebody's own from then on: see `nameSession`. Rejects with `session-not-found`. */
  updateSession(session: string, changes: SessionChanges): Promise<SessionInfo>;
  /**
   * Gives a session a title that nobody has thought of, where it still has the one that it `had` and that was not given to it by
   * `updateSession`, in whatever process. Undefined, and nothing is changed, where that is not so or the session is gone.
   */
  nameSession(name: GeneratedName): Promise<SessionInfo | undefined>;
  /**
   * Shows the branch that a message is on: the leaf is then the newest message at the end of what follows it, by always
   * taking the newest answer or question. Rejects with `session-not-found` and `message-not-found`, the latter also for a summary.
   */
  setLeaf(session: string, message: string): Promise<SessionInfo>;
  /**
   * With all its messages. Can be undone for `undoMs`, by this process. Rejects with `session-not-found`, and with `busy` while
   * another process answers in it.
   */
  deleteSession(session: string): Promise<void>;
  /** Takes a deletion back. Rejects with `session-not-found` when it is gone for good. */
  restoreSession(session: string): Promise<SessionInfo>;
  getMessage(message: string): Promise<StoredMessage | undefined>;
  /** The message and its ancestors, oldest first. Empty where it does not exist. */
  getPath(leaf: string, options?: PathOptions): Promise<readonly StoredMessage[]>;
  /** The messages of the system of a session, on whatever branch, in the order in which they were kept: see `StoredMessage`. */
  listSummaries(session: string): Promise<readonly StoredMessage[]>;
  /** All messages of a session, of every branch, in the order in which they were kept. */
  listMessages(session: string, options: MessageListOptions): Promise<readonly StoredMessage[]>;
  /**
   * In one transaction. Rejects with `session-not-found`, and with `message-not-found` where a parent or the leaf is no
   * message of the session.
   */
  addMessages(added: NewMessages): Promise<SessionInfo>;
  /**
   * Question and empty answer in one transaction. Rejects with `session-not-found`, with `message-not-found` where the parent
   * is no message of the session, and with `busy` while an answer runs in it, in whatever process; of those that run `beside`
   * only the ones of other processes count.
   */
  beginTurn(turn: NewTurn): Promise<SessionInfo>;
  /**
   * All of them in one transaction; an answer that has ended is left alone. Also the sign of life of this process: called at least every `signOfLifeMs` while one of
   * its answers runs, with an empty list where nothing is new.
   */
  saveProgress(answers: readonly AnswerProgress[]): Promise<void>;
  /**
   * All of them in one transaction. Where the conversation of any was deleted meanwhile, it rejects with `session-not-found` once
   * the others are kept.
   */
  finishAnswers(answers: readonly FinishedAnswer[]): Promise<void>;
  /** Over the titles and all messages that are not being written at the moment. */
  search(query: SearchQuery): Promise<SearchResult>;
  statistics(): Promise<StoreStatistics>;
  /** Deletes, for good, the sessions that were last changed before this time (Unix, ms), except those being answered. How many. */
  prune(before: number): Promise<number>;
  /** Deletes, for good, every session, and the files beside the database that hold conversations too. */
  deleteAll(): Promise<DeletedHistory>;
  /** Replaces what is known of that endpoint. */
  rememberLimit(limit: EndpointLimit): Promise<void>;
  knownLimits(): Promise<readonly EndpointLimit[]>;
  /** Deletes for good what this process has deleted. */
  close(): Promise<void>;
}

export const signOfLifeMs = 5000;

/** Messages of one conversation whose words come into the index in one transaction: other windows wait some tenths of a second for it. */
export const indexedAtOnce = 400;
/** Milliseconds between two such transactions: who waits for a lock looks for it ten times a second. */
export const letInMs = 120;

/** Milliseconds for which a deletion can be undone. */
export const undoMs = 10 * 60_000;
