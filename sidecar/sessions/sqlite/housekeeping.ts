// What leaves the database for good: sessions that were deleted a while ago, those that nobody has touched for long, and
// everything at once. Deleted content is overwritten (`secure_delete`), in the table and in the index of words.

import { undoMs } from "../store.ts";
import type { Connection } from "./connection.ts";
import type { MessageTable } from "./message-table.ts";
import { text } from "./rows.ts";
import type { WordIndex } from "./word-index.ts";

/** Milliseconds of deleting in one transaction, so that other windows are not kept waiting. */
const sliceMs = 20;
/** Taking a message out of the index of words costs as much as putting in so many. */
const removalCost = 40;
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
    if (deletedBy === undefined) this.#condemn("deleted_at BETWEEN 1 AND ?", Date.now() - undoMs);
    else this.#condemn("deleted_at > 0 AND deleted_by = ?", deletedBy);
  }

  /** Deletes a little of what is condemned. False where nothing is left to be done. */
  purgeSome(): boolean {
    const row = this.#connection.get("SELECT id FROM sessions WHERE deleted_at = 0 LIMIT 1");
    if (row === undefined) return false;
    const session = text(row, "id");
    this.#connection.transaction(() => {
      if (!this.#messages.deleteFor(session, sliceMs)) this.#connection.run("DELETE FROM sessions WHERE id = ?", session);
    });
    if (this.#connection.get("SELECT 1 FROM sessions WHERE deleted_at = 0 LIMIT 1") !== undefined) return true;
    this.#emptyJournal();
    return false;
  }

  /** See `SessionStore.prune`. */
  prune(before: number): number {
    const pruned = this.#condemn(
      "updated_at < ? AND deleted_at IS NULL AND id NOT IN (SELECT session FROM messages WHERE status = 'streaming')",
      before,
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
      this.#connection.run("DELETE FROM messages");
      this.#connection.run("DELETE FROM sessions");
      this.#words.clear();
      return visible;
    });
    this.#compact();
    return deleted;
  }

  /**
   * Marks sessions to be deleted for good; how many. Where they are a large part of all, the index of words is made anew of what
   * stays, instead of taking all their messages out of it one by one.
   */
  #condemn(condition: string, value: string | number): number {
    const one = this.#connection.get(`SELECT 1 FROM sessions WHERE ${condition} LIMIT 1`, value);
    // Mostly there is none, and then nothing is to be written.
    if (one === undefined) return 0;
    return this.#connection.transaction(() => {
      const condemned = this.#connection.run(`UPDATE sessions SET deleted_at = 0 WHERE ${condition}`, value);
      const { going = 0, all = 0 } =
        this.#connection.get(
          `SELECT count(*) AS "all", count(*) FILTER (WHERE session IN (SELECT id FROM sessions WHERE deleted_at = 0)) AS going FROM messages`,
        ) ?? {};
      if (Number(going) * removalCost > Number(all)) this.#words.clear();
      return condemned;
    });
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
