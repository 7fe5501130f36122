// Where conversations are kept: one small asynchronous interface, so that nothing above it knows whether a database in a
// worker thread or a map in memory answers. Messages form a tree by `parent`; nothing in it is ever overwritten but a running
// answer, by the process that runs it.

import type { GenerationParameters, ModelRef, SessionInfo, StoredMessage } from "../types.ts";

/** What is absent stays as it is. */
export interface SessionChanges {
  readonly title?: string;
  readonly model?: ModelRef;
  readonly systemPrompt?: string;
  readonly parameters?: GenerationParameters;
}

export interface NewTurn {
  readonly session: string;
  /** Absent where a question that is kept already is answered again. */
  readonly user?: StoredMessage;
  /** Empty, with status `streaming`. Becomes the session's leaf. */
  readonly assistant: StoredMessage;
  readonly changes: SessionChanges;
}

/** The text so far of an answer that runs. */
export type AnswerProgress = Pick<StoredMessage, "id" | "message">;

/** An answer that has ended, with all that is known of it. */
export type FinishedAnswer = Pick<StoredMessage, "id" | "message" | "status" | "finishReason" | "usage" | "cost" | "timings" | "error">;

/**
 * Every method rejects with a `Failure`: `storage` where the disk or the database refuses, with words for people, and what is
 * said below. What resolves has been committed.
 */
export interface SessionStore {
  createSession(session: SessionInfo): Promise<void>;
  /** Newest change first. */
  listSessions(limit: number): Promise<readonly SessionInfo[]>;
  getSession(session: string): Promise<SessionInfo | undefined>;
  /** Rejects with `session-not-found`. */
  updateSession(session: string, changes: SessionChanges): Promise<SessionInfo>;
  /** With all its messages. Rejects with `session-not-found`. */
  deleteSession(session: string): Promise<void>;
  getMessage(message: string): Promise<StoredMessage | undefined>;
  /** The message and its ancestors, oldest first. Empty where it does not exist. */
  getPath(leaf: string): Promise<readonly StoredMessage[]>;
  /**
   * Question and empty answer in one transaction. Rejects with `session-not-found`, with `message-not-found` where the parent
   * is no message of the session, and with `busy` while an answer runs in it, in whatever process.
   */
  beginTurn(turn: NewTurn): Promise<SessionInfo>;
  /**
   * All of them in one transaction; an answer that has ended is left alone. Also the sign of life of this process: called at least every `signOfLifeMs` while one of
   * its answers runs, with an empty list where nothing is new.
   */
  saveProgress(answers: readonly AnswerProgress[]): Promise<void>;
  /** All of them in one transaction. */
  finishAnswers(answers: readonly FinishedAnswer[]): Promise<void>;
  close(): Promise<void>;
}

export const signOfLifeMs = 5000;
