// What leaves the database for good: sessions that were deleted a while ago, those that nobody has touched for long, and
// everything at once. Deleted content is overwritten (`secure_delete`), in the table and in the index of words.

import { undoMs } from "../store.ts";
import type { Connection } from "./connection.ts";
import type { MessageTable } from "./message-table.ts";
import { text } from "./rows.ts";
import type { WordIndex } from "./word-index.ts";

/** Messages deleted in one transaction, so that other windows are not kept waiting. */
const slice = 20;
/** SQLite's result code for what another connection keeps from being done. */
const busy = 5;
/** Of all pages; more that are empty are given back to the disk. */
const emptyShare = 0.25;

export class Housekeeping {
  readonly #connection: Connection;
  readonly #messages: MessageTable;
  readonly #words: WordIndex;

  constructor(connection: Connection, messages: MessageTable, words: WordIndex) {
    this.#connection = connection;
    this.#messages = messages;
    this.#words = words;
  }

  /** From now on these deletions cannot be undone. `deletedBy`: those of one process; absent: those of which the time is over. */
  expire(deletedBy?: string): void {
    // Mostly there is none, and then nothing is to be written.
    const [condition, value] = deletedBy === undefined ? ["deleted_at < ?", Date.now() - undoMs] : ["deleted_by = ?", deletedBy];
    if (this.#connection.get(`SELECT 1 FROM sessions WHERE deleted_at > 0 AND ${condition} LIMIT 1`, value) === undefined) return;
    this.#connection.transaction(() =>
      this.#connection.run(`UPDATE sessions SET deleted_at = 0 WHERE deleted_at IS NOT NULL AND ${condition}`, value),
    );
  }

  /** Deletes a little of what has expired. False where nothing is left to be done. */
  purgeSome(): boolean {
    const row = this.#connection.get("SELECT id FROM sessions WHERE deleted_at = 0 LIMIT 1");
    if (row === undefined) return false;
    const session = text(row, "id");
    this.#connection.transaction(() => {
      if (this.#messages.deleteSome(session, slice) === 0) this.#connection.run("DELETE FROM sessions WHERE id = ?", session);
    });
    const isLast = this.#connection.get("SELECT 1 FROM sessions WHERE deleted_at = 0 LIMIT 1") === undefined;
    if (isLast) this.#emptyJournal();
    return !isLast;
  }

  /** See `SessionStore.prune`. */
  prune(before: number): number {
    const pruned = this.#connection.transaction(() =>
      this.#connection.run(
        `UPDATE sessions SET deleted_at = 0 WHERE updated_at < ? AND deleted_at IS NULL
         AND id NOT IN (SELECT session FROM messages WHERE status = 'streaming')`,
        before,
      ),
    );
    while (this.purgeSome());
    const { empty, all } = { empty: this.#pragma("freelist_count"), all: this.#pragma("page_count") };
    if (empty > all * emptyShare) this.#compact();
    return pruned;
  }

  /** How many sessions there were. */
  deleteAll(): number {
    const deleted = this.#connection.transaction(() => {
      const visible = Number(this.#connection.get("SELECT count(*) AS count FROM sessions WHERE deleted_at IS NULL")?.["count"]);
      this.#words.clear();
      this.#connection.run("DELETE FROM messages");
      this.#connection.run("DELETE FROM sessions");
      return visible;
    });
    this.#compact();
    return deleted;
  }

  /** Gives empty pages back. Where another window is at work they are used again instead. */
  #compact(): void {
    this.#unlessBusy(() => this.#connection.execute("VACUUM"));
    this.#emptyJournal();
  }

  /** The journal still holds what was deleted from the database. */
  #emptyJournal(): void {
    this.#unlessBusy(() => this.#connection.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  }

  #unlessBusy(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === busy)) throw error;
    }
  }

  #pragma(name: "freelist_count" | "page_count"): number {
    return Number(this.#connection.get(`PRAGMA ${name}`)?.[name]);
  }
}
