// The rows of messages, and the tree that they form.

import type { StoredMessage } from "../../types.ts";
import { messageNotFound } from "../failures.ts";
import type { AnswerProgress, FinishedAnswer, MessageListOptions, PathOptions } from "../store.ts";
import type { Connection, Row } from "./connection.ts";
import { jsonOrNull, messageOf, outcomeOf, text } from "./rows.ts";
import type { WordIndex } from "./word-index.ts";

/** The deepest path that is walked; no conversation comes near it, and a circle in a damaged tree ends there. */
const deepest = 1_000_000;

export class MessageTable {
  readonly #connection: Connection;
  readonly #words: WordIndex;

  constructor(connection: Connection, words: WordIndex) {
    this.#connection = connection;
    this.#words = words;
  }

  get(message: string): StoredMessage | undefined {
    const row = this.#connection.get(
      "SELECT messages.* FROM messages JOIN sessions ON sessions.id = session WHERE messages.id = ? AND deleted_at IS NULL",
      message,
    );
    return row === undefined ? undefined : messageOf(row);
  }

  /** Throws `message-not-found` where this is no message of the session. */
  checkIn(session: string, message: string): void {
    if (this.get(message)?.session !== session) throw messageNotFound(message);
  }

  /** The same, also for a summary, which stands on no path that could be shown. */
  checkShowable(session: string, message: string): void {
    const found = this.get(message);
    if (found?.session !== session || found.message.role === "system") throw messageNotFound(message);
  }

  path(leaf: string, { limit = deepest, siblings = false }: PathOptions): readonly StoredMessage[] {
    if (this.get(leaf) === undefined) return [];
    const rows = this.#connection.all(
      `WITH RECURSIVE path (id, parent, height) AS (
         SELECT id, parent, 1 FROM messages WHERE id = ?
         UNION ALL
         SELECT above.id, above.parent, path.height + 1 FROM messages above JOIN path ON above.id = path.parent WHERE path.height < ?
       )
       SELECT messages.* FROM path JOIN messages USING (id) ORDER BY path.height DESC`,
      leaf,
      Math.min(limit, deepest),
    );
    const path = rows.map(messageOf);
    return siblings ? path.map((message) => this.#withSiblings(message)) : path;
  }

  /** The newest message at the end of what follows this one. */
  newestBelow(message: string): string {
    const session = this.get(message)?.session ?? "";
    let at = message;
    for (let depth = 0; depth < deepest; depth += 1) {
      const below = this.#connection.get(
        "SELECT id FROM messages WHERE session = ? AND parent = ? AND role <> 'system' ORDER BY number DESC LIMIT 1",
        session,
        at,
      );
      if (below === undefined) break;
      at = text(below, "id");
    }
    return at;
  }

  list(session: string, { after, limit }: MessageListOptions): readonly StoredMessage[] {
    const from = after === undefined ? 0 : (this.#number(after) ?? Number.MAX_SAFE_INTEGER);
    return this.#connection
      .all("SELECT * FROM messages WHERE session = ? AND number > ? ORDER BY number LIMIT ?", session, from, limit)
      .map(messageOf);
  }

  summaries(session: string): readonly StoredMessage[] {
    const sql = "SELECT * FROM messages INDEXED BY messages_summaries WHERE session = ? AND role = 'system' ORDER BY number";
    return this.#connection.all(sql, session).map(messageOf);
  }

  /** In a transaction. `owner`: who writes it, where it is an answer that runs. `findable`: when its words come into the index. */
  insert(message: StoredMessage, owner: string | null, findable: "now" | "later" = "now"): void {
    const outcome = outcomeOf(message);
    this.#connection.run(
      `INSERT INTO messages (id, session, parent, role, message, created_at, model, status, outcome, owner, metadata)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      message.id,
      message.session,
      message.parent,
      message.message.role,
      JSON.stringify(message.message),
      message.createdAt,
      message.model ?? null,
      message.status ?? null,
      Object.keys(outcome).length === 0 ? null : JSON.stringify(outcome),
      message.status === "streaming" ? owner : null,
      jsonOrNull(message.metadata),
    );
    const number = this.#number(message.id);
    if (number === undefined) return;
    if (message.status === "streaming" || findable === "later") this.#words.expect(number);
    else this.#words.add(number);
  }

  /** In a transaction. An answer that has ended is left alone; one that was taken for a dead process's is its owner's again. */
  progress({ id, message }: AnswerProgress, owner: string): void {
    const row = this.#connection.get("SELECT number FROM messages WHERE id = ? AND status IN ('streaming', 'incomplete')", id);
    if (row === undefined) return;
    this.#words.remove(Number(row["number"]));
    this.#connection.run(
      "UPDATE messages SET message = ?, status = 'streaming', outcome = NULL, owner = ? WHERE id = ?",
      JSON.stringify(message),
      owner,
      id,
    );
  }

  /** In a transaction. The session that it belongs to; undefined where that was deleted. */
  finish({ id, message, status, metadata, ...outcome }: FinishedAnswer): string | undefined {
    const row = this.#connection.get(
      "SELECT number, session, deleted_at FROM messages JOIN sessions ON sessions.id = session WHERE messages.id = ?",
      id,
    );
    if (row === undefined) return undefined;
    const number = Number(row["number"]);
    this.#words.remove(number);
    this.#connection.run(
      "UPDATE messages SET message = ?, status = ?, outcome = ?, owner = NULL, metadata = coalesce(?, metadata) WHERE number = ?",
      JSON.stringify(message),
      status ?? null,
      JSON.stringify(outcomeOf(outcome)),
      jsonOrNull(metadata),
      number,
    );
    this.#words.add(number);
    return row["deleted_at"] === null ? text(row, "session") : undefined;
  }

  /** In a transaction. Deletes messages of a session, and their words, for about so many milliseconds. False: none is left. */
  deleteFor(session: string, ms: number): boolean {
    const until = performance.now() + ms;
    do {
      const row = this.#connection.get("SELECT number FROM messages WHERE session = ? LIMIT 1", session);
      if (row === undefined) return false;
      const number = Number(row["number"]);
      this.#words.remove(number);
      this.#connection.run("DELETE FROM messages WHERE number = ?", number);
      this.#words.forget(number);
    } while (performance.now() < until);
    return true;
  }

  #withSiblings(message: StoredMessage): StoredMessage {
    const rows: readonly Row[] = this.#connection.all(
      "SELECT id FROM messages WHERE session = ? AND parent IS ? AND role <> 'system' ORDER BY number",
      message.session,
      message.parent,
    );
    return rows.length < 2 ? message : { ...message, siblings: rows.map((row) => text(row, "id")) };
  }

  #number(message: string): number | undefined {
    const row = this.#connection.get("SELECT number FROM messages WHERE id = ?", message);
    return row === undefined ? undefined : Number(row["number"]);
  }
}
