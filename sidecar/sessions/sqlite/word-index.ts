// The index over the messages' words. Whoever writes a message calls it in the same transaction, so that the two cannot
// disagree; an answer comes into it when it has ended, not with each piece.

import { searchableText } from "../search/message-text.ts";
import type { Phrase } from "../search/phrases.ts";
import { indexedWords } from "../search/words.ts";
import type { Connection } from "./connection.ts";
import { contentOf } from "./rows.ts";

export class WordIndex {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Puts a message in, as it stands in the table now. */
  add(number: number): void {
    const row = this.#connection.get("SELECT message, indexed FROM messages WHERE number = ?", number);
    if (row === undefined || row["indexed"] === 1) return;
    this.#connection.run("INSERT INTO message_words (rowid, words) VALUES (?, ?)", number, wordsOf(row));
    this.#connection.run("UPDATE messages SET indexed = 1 WHERE number = ?", number);
  }

  /** Takes a message out. To be called before it is changed: the index is told the words that it was given. */
  remove(number: number): void {
    const row = this.#connection.get("SELECT message, indexed FROM messages WHERE number = ?", number);
    if (row?.["indexed"] !== 1) return;
    this.#connection.run("INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', ?, ?)", number, wordsOf(row));
    this.#connection.run("UPDATE messages SET indexed = 0 WHERE number = ?", number);
  }

  /** Takes everything out. */
  clear(): void {
    this.#connection.run("INSERT INTO message_words (message_words) VALUES ('delete-all')");
  }

  /** Puts up to so many messages in that were written before there was an index, or by repair. How many. In a transaction. */
  catchUp(most: number): number {
    const missing = this.#connection.all(
      "SELECT number FROM messages WHERE indexed = 0 AND status IS NOT 'streaming' ORDER BY number DESC LIMIT ?",
      most,
    );
    for (const { number } of missing) this.add(Number(number));
    return missing.length;
  }

  /** False while messages wait to be put in. */
  isComplete(): boolean {
    return this.#connection.get("SELECT 1 FROM messages WHERE indexed = 0 AND status IS NOT 'streaming' LIMIT 1") === undefined;
  }

  /** The newest messages that hold all phrases, by number. */
  newest(phrases: readonly Phrase[], most: number): readonly number[] {
    const found = this.#connection.all(
      "SELECT rowid FROM message_words WHERE message_words MATCH ? ORDER BY rowid DESC LIMIT ?",
      phrases.map(matchOf).join(" "),
      most,
    );
    return found.map(({ rowid }) => Number(rowid));
  }

  /** How many messages hold a phrase; counts up to `most`. */
  frequency(phrase: Phrase, most: number): number {
    const row = this.#connection.get(
      "SELECT count(*) AS count FROM (SELECT 1 FROM message_words WHERE message_words MATCH ? LIMIT ?)",
      matchOf(phrase),
      most,
    );
    return Number(row?.["count"]);
  }
}

/** In FTS5's own words: a quoted phrase, whose words hold nothing but letters, marks and digits. */
function matchOf({ words, open }: Phrase): string {
  return `"${words.join(" ")}"${open ? " *" : ""}`;
}

function wordsOf(row: Parameters<typeof contentOf>[0]): string {
  return indexedWords(searchableText(contentOf(row)));
}
