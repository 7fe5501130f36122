// The index over the messages' words. Whoever writes a message calls it in the same transaction, so that the two cannot
// disagree; an answer comes into it when it has ended, not with each piece.

import type { Phrase } from "../search/phrases.ts";
import { indexedWords } from "../search/words.ts";
import type { Connection, Row } from "./connection.ts";
import { readableOf, text } from "./rows.ts";

/** `CROSS` keeps the order: mostly nothing waits, and the other table is long. */
const waits = "SELECT number FROM unindexed CROSS JOIN messages USING (number) WHERE status IS NOT 'streaming'";

export class WordIndex {
  readonly #connection: Connection;
  /** The first message that could not be read. */
  #unreadable: number | undefined;
  #hasTold = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** A message is there that is not to be found yet. In a transaction, like all that writes here. */
  expect(number: number): void {
    this.#connection.run("INSERT OR IGNORE INTO unindexed (number) VALUES (?)", number);
  }

  /** Puts a message in, as it stands in the table now. One that is damaged has no words, and waits for nothing any more. */
  add(number: number): void {
    const row = this.#connection.get("SELECT message FROM messages WHERE number = ?", number);
    if (row !== undefined) {
      const words = wordsOf(row);
      if (words === undefined) this.#unreadable ??= number;
      else this.#connection.run("INSERT INTO message_words (rowid, words) VALUES (?, ?)", number, words);
    }
    this.#connection.run("DELETE FROM unindexed WHERE number = ?", number);
  }

  /** Takes a message out. To be called before it is changed: the index is told the words that it was given. */
  remove(number: number): void {
    if (this.#connection.get("SELECT 1 FROM unindexed WHERE number = ?", number) !== undefined) return;
    const row = this.#connection.get("SELECT message FROM messages WHERE number = ?", number);
    if (row === undefined) return;
    const words = wordsOf(row);
    if (words !== undefined) {
      this.#connection.run("INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', ?, ?)", number, words);
    } else if (this.#connection.get("SELECT 1 FROM message_words WHERE rowid = ?", number) !== undefined) {
      // It was damaged after its words were put in, and they are known no more: they go with all others.
      this.clear();
    }
    this.expect(number);
  }

  /** A message is gone. To be called after `remove`. */
  forget(number: number): void {
    this.#connection.run("DELETE FROM unindexed WHERE number = ?", number);
  }

  /** Takes everything out; what the table holds is put in again by `catchUp`. */
  clear(): void {
    this.#connection.run("INSERT INTO message_words (message_words) VALUES ('delete-all')");
    this.#connection.run("DELETE FROM unindexed");
    this.#connection.run("INSERT INTO unindexed SELECT number FROM messages");
  }

  /** Puts up to so many messages in that wait for it, the newest first. False where none is left. */
  catchUp(most: number): boolean {
    const waiting = this.#connection.all(`${waits} ORDER BY number DESC LIMIT ?`, most);
    for (const { number } of waiting) this.add(Number(number));
    return waiting.length === most;
  }

  /** Once, where a message is damaged: what people are to be told. */
  takeNotice(): string | undefined {
    if (this.#unreadable === undefined || this.#hasTold) return undefined;
    this.#hasTold = true;
    const row = this.#connection.get(
      "SELECT title FROM messages JOIN sessions ON sessions.id = session WHERE number = ?",
      this.#unreadable,
    );
    const where = row === undefined ? "a conversation that was deleted" : `the conversation "${text(row, "title")}"`;
    return `At least one message is damaged, in ${where}: it cannot be read or found. What else was said is searched.`;
  }

  /** False while messages wait to be put in. */
  isComplete(): boolean {
    return this.#connection.get(`${waits} LIMIT 1`) === undefined;
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

/** Undefined where the message is damaged. */
function wordsOf(row: Row): string | undefined {
  const readable = readableOf(row);
  return readable === undefined ? undefined : indexedWords(readable.text);
}
