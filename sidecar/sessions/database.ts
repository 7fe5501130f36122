// The conversations in SQLite, synchronously: what the store's worker thread runs. Each method is one transaction, so what has
// returned is on the disk.

import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { SessionInfo, StoredMessage } from "../types.ts";
import { messageNotFound, sessionBusy, sessionNotFound } from "./failures.ts";
import { sidecarEnded } from "./interrupted.ts";
import { isDead, type Owner } from "./owner.ts";
import { messageOf, outcomeOf, sessionOf, type Outcome } from "./rows.ts";
import type { AnswerProgress, FinishedAnswer, NewTurn, SessionChanges } from "./store.ts";

/** Statements are prepared once and kept: there are some twenty. */
type Statement = ReturnType<DatabaseSync["prepare"]>;

export class SessionDatabase {
  readonly #database: DatabaseSync;
  readonly #owner: Owner;
  readonly #statements = new Map<string, Statement>();

  /** Takes an open database of the current schema. Marks what dead processes have left as cut. */
  constructor(database: DatabaseSync, owner: Owner) {
    this.#database = database;
    this.#owner = owner;
    this.#transaction(() => {
      this.#interruptAnswersOfTheDead();
      this.#run("DELETE FROM owners WHERE instance NOT IN (SELECT owner FROM messages WHERE status = 'streaming')");
    });
  }

  createSession(session: SessionInfo): void {
    this.#run(
      `INSERT INTO sessions (id, title, model, system_prompt, parameters, created_at, updated_at, leaf) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      session.id,
      session.title,
      session.model,
      session.systemPrompt ?? null,
      jsonOrNull(session.parameters),
      session.createdAt,
      session.updatedAt,
      session.leaf,
    );
  }

  listSessions(limit: number): readonly SessionInfo[] {
    return this.#statement("SELECT * FROM sessions ORDER BY updated_at DESC LIMIT ?").all(limit).map(sessionOf);
  }

  getSession(session: string): SessionInfo | undefined {
    const row = this.#statement("SELECT * FROM sessions WHERE id = ?").get(session);
    return row === undefined ? undefined : sessionOf(row);
  }

  updateSession({ session, changes }: { readonly session: string; readonly changes: SessionChanges }): SessionInfo {
    return this.#transaction(() => this.#change(session, changes, null));
  }

  deleteSession(session: string): void {
    if (this.#run("DELETE FROM sessions WHERE id = ?", session) === 0) throw sessionNotFound(session);
  }

  getMessage(message: string): StoredMessage | undefined {
    const row = this.#statement("SELECT * FROM messages WHERE id = ?").get(message);
    return row === undefined ? undefined : messageOf(row);
  }

  getPath(leaf: string): readonly StoredMessage[] {
    const path = this.#statement(
      `WITH RECURSIVE path (id, parent, height) AS (
         SELECT id, parent, 0 FROM messages WHERE id = ?
         UNION ALL
         SELECT above.id, above.parent, path.height + 1 FROM messages above JOIN path ON above.id = path.parent
       )
       SELECT messages.* FROM path JOIN messages USING (id) ORDER BY path.height DESC`,
    );
    return path.all(leaf).map(messageOf);
  }

  beginTurn({ session, user, assistant, changes }: NewTurn): SessionInfo {
    return this.#transaction(() => {
      if (this.getSession(session) === undefined) throw sessionNotFound(session);
      const parent = (user ?? assistant).parent;
      if (parent !== null && this.getMessage(parent)?.session !== session) throw messageNotFound(parent);
      this.#interruptAnswersOfTheDead();
      if (this.#statement("SELECT 1 FROM messages WHERE session = ? AND status = 'streaming'").get(session)) throw sessionBusy();
      this.#giveSignOfLife();
      if (user !== undefined) this.#insert(user);
      this.#insert(assistant);
      return this.#change(session, changes, assistant.id);
    });
  }

  /** Writes the owner too: an answer that was taken for a dead one's while this process slept is its own again. */
  saveProgress(answers: readonly AnswerProgress[]): void {
    this.#transaction(() => {
      this.#giveSignOfLife();
      for (const { id, message } of answers) {
        this.#run(
          `UPDATE messages SET message = ?, status = 'streaming', outcome = NULL, owner = ?
           WHERE id = ? AND status IN ('streaming', 'incomplete')`,
          JSON.stringify(message),
          this.#owner.instance,
          id,
        );
      }
    });
  }

  finishAnswers(answers: readonly FinishedAnswer[]): void {
    this.#transaction(() => {
      for (const answer of answers) this.#finish(answer);
    });
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #finish({ id, message, status, ...outcome }: FinishedAnswer): void {
    this.#run(
      "UPDATE messages SET message = ?, status = ?, outcome = ?, owner = NULL WHERE id = ?",
      JSON.stringify(message),
      status ?? null,
      JSON.stringify(outcomeOf(outcome)),
      id,
    );
    this.#run("UPDATE sessions SET updated_at = ? WHERE id = (SELECT session FROM messages WHERE id = ?)", Date.now(), id);
  }

  #insert(message: StoredMessage): void {
    const outcome = outcomeOf(message);
    this.#run(
      `INSERT INTO messages (id, session, parent, role, message, created_at, model, status, outcome, owner)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      message.id,
      message.session,
      message.parent,
      message.message.role,
      JSON.stringify(message.message),
      message.createdAt,
      message.model ?? null,
      message.status ?? null,
      Object.keys(outcome).length === 0 ? null : JSON.stringify(outcome),
      message.status === "streaming" ? this.#owner.instance : null,
    );
  }

  #change(session: string, changes: SessionChanges, leaf: string | null): SessionInfo {
    const columns: readonly [column: string, value: string | undefined][] = [
      ["title", changes.title],
      ["model", changes.model],
      ["system_prompt", changes.systemPrompt],
      ["parameters", changes.parameters === undefined ? undefined : JSON.stringify(changes.parameters)],
      ["leaf", leaf ?? undefined],
    ];
    for (const [column, value] of columns) {
      if (value !== undefined) this.#run(`UPDATE sessions SET ${column} = ? WHERE id = ?`, value, session);
    }
    this.#run("UPDATE sessions SET updated_at = ? WHERE id = ?", Date.now(), session);
    const changed = this.getSession(session);
    if (changed === undefined) throw sessionNotFound(session);
    return changed;
  }

  #giveSignOfLife(): void {
    this.#run(
      `INSERT INTO owners (instance, pid, sign_of_life_at) VALUES (?, ?, ?)
       ON CONFLICT (instance) DO UPDATE SET sign_of_life_at = excluded.sign_of_life_at`,
      this.#owner.instance,
      this.#owner.pid,
      Date.now(),
    );
  }

  /** Keeps their text, as incomplete. An answer whose owner is not on record has none. */
  #interruptAnswersOfTheDead(): void {
    const running = this.#statement(
      `SELECT DISTINCT messages.owner, owners.pid, owners.sign_of_life_at FROM messages
       LEFT JOIN owners ON owners.instance = messages.owner WHERE messages.status = 'streaming'`,
    ).all();
    const outcome: Outcome = { finishReason: null, error: sidecarEnded };
    for (const { owner, pid, sign_of_life_at: signOfLifeAt } of running) {
      if (owner === this.#owner.instance || (pid !== null && !isDead(Number(pid), Number(signOfLifeAt), Date.now()))) continue;
      this.#run(
        "UPDATE messages SET status = 'incomplete', outcome = ?, owner = NULL WHERE status = 'streaming' AND owner IS ?",
        JSON.stringify(outcome),
        owner ?? null,
      );
    }
  }

  /** `IMMEDIATE`, since a transaction that begins by reading cannot wait for another window's writing. */
  #transaction<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      // SQLite has rolled back by itself where the disk was full or broken.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** How many rows changed. */
  #run(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  #statement(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const prepared = this.#database.prepare(sql);
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
