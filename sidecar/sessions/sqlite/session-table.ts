// The rows of sessions, without their messages.

import type { SessionInfo } from "../../types.ts";
import { sessionNotFound } from "../failures.ts";
import { titleWords } from "../search/title-words.ts";
import type { SessionChanges } from "../store.ts";
import type { Connection, Row } from "./connection.ts";
import { jsonOrNull, sessionOf, text } from "./rows.ts";
import type { RunningAnswers } from "./running-answers.ts";

export class SessionTable {
  readonly #connection: Connection;
  readonly #running: RunningAnswers;

  constructor(connection: Connection, running: RunningAnswers) {
    this.#connection = connection;
    this.#running = running;
  }

  insert(session: SessionInfo): void {
    this.#connection.run(
      `INSERT INTO sessions (id, title, title_words, model, system_prompt, parameters, created_at, updated_at, leaf, metadata)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      session.id,
      session.title,
      titleWords(session.title),
      session.model,
      session.systemPrompt ?? null,
      jsonOrNull(session.parameters),
      session.createdAt,
      session.updatedAt,
      session.leaf,
      jsonOrNull(session.metadata),
    );
  }

  /** Newest change first. */
  list(limit: number): readonly SessionInfo[] {
    return this.#told(
      this.#connection.all("SELECT * FROM sessions WHERE deleted_at IS NULL ORDER BY updated_at DESC, rowid DESC LIMIT ?", limit),
    );
  }

  /** Those whose title holds all of this: see `inTitleWords`. */
  titled(words: readonly string[], limit: number): readonly SessionInfo[] {
    const holds = words.map(() => "AND instr(title_words, ?)").join(" ");
    const sql = `SELECT * FROM sessions WHERE deleted_at IS NULL ${holds} ORDER BY updated_at DESC LIMIT ?`;
    return this.#told(this.#connection.all(sql, ...words, limit));
  }

  get(session: string): SessionInfo | undefined {
    const row = this.#connection.get("SELECT * FROM sessions WHERE id = ? AND deleted_at IS NULL", session);
    if (row === undefined) return undefined;
    const answering = this.#running.inSession(session);
    return { ...sessionOf(row), ...(answering === undefined ? {} : { answering }) };
  }

  /** Throws `session-not-found`. */
  existing(session: string): SessionInfo {
    const found = this.get(session);
    if (found === undefined) throw sessionNotFound(session);
    return found;
  }

  /** In a transaction. Throws `session-not-found`. */
  change(session: string, changes: SessionChanges, leaf?: string): SessionInfo {
    const columns: readonly [column: string, value: string | null | undefined][] = [
      ["title", changes.title],
      ["title_words", changes.title === undefined ? undefined : titleWords(changes.title)],
      ["model", changes.model],
      ["system_prompt", changes.systemPrompt],
      ["parameters", changes.parameters === undefined ? undefined : JSON.stringify(changes.parameters)],
      ["metadata", changes.metadata === undefined ? undefined : JSON.stringify(changes.metadata)],
      ["leaf", leaf],
    ];
    this.existing(session);
    for (const [column, value] of columns) {
      if (value !== undefined) this.#connection.run(`UPDATE sessions SET ${column} = ? WHERE id = ?`, value, session);
    }
    this.touch(session);
    return this.existing(session);
  }

  /** In a transaction. Somebody has thought of the title that it gets, also where that is the one that it has. */
  titleIsGiven(session: string): void {
    this.#connection.run("UPDATE sessions SET title_given = 1 WHERE id = ?", session);
  }

  hasTitleNotGiven(session: string, title: string): boolean {
    const sql = "SELECT 1 FROM sessions WHERE id = ? AND deleted_at IS NULL AND title = ? AND title_given IS NULL";
    return this.#connection.get(sql, session, title) !== undefined;
  }

  /** It was changed just now. */
  touch(session: string): void {
    this.#connection.run("UPDATE sessions SET updated_at = ? WHERE id = ?", Date.now(), session);
  }

  #told(rows: readonly Row[]): readonly SessionInfo[] {
    const answering = this.#running.inAll();
    return rows.map((row) => {
      const whose = answering.get(text(row, "id"));
      return { ...sessionOf(row), ...(whose === undefined ? {} : { answering: whose }) };
    });
  }
}
