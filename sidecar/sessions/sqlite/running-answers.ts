// The answers that are being written, by this process and by others: each has an owner on record, which gives signs of life.

import { hostname } from "node:os";
import { sidecarEnded } from "../interrupted.ts";
import { hasEnded, isDead, type Owner, processStart, type RecordedOwner } from "../owner.ts";
import type { Connection } from "./connection.ts";
import { nullableText, type Outcome, text } from "./rows.ts";
import type { WordIndex } from "./word-index.ts";

export class RunningAnswers {
  readonly #connection: Connection;
  readonly #words: WordIndex;
  readonly #owner: Owner;
  readonly #processStart: string | null;

  constructor(connection: Connection, words: WordIndex, owner: Owner) {
    this.#connection = connection;
    this.#words = words;
    this.#owner = owner;
    this.#processStart = processStart(owner.pid);
  }

  /**
   * Goes on record as a process that has the database open. True where one that was on record is dead: it has not closed it.
   * In a transaction.
   */
  enter(): boolean {
    const ended = this.#owners().filter(({ instance, recorded }) => instance !== this.#owner.instance && hasEnded(recorded, Date.now()));
    this.interruptThoseOfTheDead();
    for (const { instance } of ended) this.#connection.run("DELETE FROM owners WHERE instance = ?", instance);
    this.giveSignOfLife();
    return ended.length > 0;
  }

  /** In a transaction. What is still running then is found to be interrupted by whoever comes next. */
  leave(): void {
    this.#connection.run("DELETE FROM owners WHERE instance = ?", this.#owner.instance);
  }

  giveSignOfLife(): void {
    this.#connection.run(
      `INSERT INTO owners (instance, pid, sign_of_life_at, host, process_start) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (instance) DO UPDATE SET sign_of_life_at = excluded.sign_of_life_at`,
      this.#owner.instance,
      this.#owner.pid,
      Date.now(),
      hostname(),
      this.#processStart,
    );
  }

  /** Whose answers run in a session. */
  inSession(session: string): "here" | "elsewhere" | undefined {
    return this.#whose(this.#ownersIn(session));
  }

  /** Whether a session holds answers that are kept as running, and whose process is dead. */
  hasThoseOfTheDead(session: string): boolean {
    const owners = this.#ownersIn(session).filter((owner) => owner !== this.#owner.instance);
    if (owners.length === 0) return false;
    const alive = new Set(this.#alive());
    return owners.some((owner) => !alive.has(String(owner)));
  }

  /** The same for all sessions that have any. */
  inAll(): ReadonlyMap<string, "here" | "elsewhere"> {
    const running = this.#connection.all("SELECT session, owner FROM messages WHERE status = 'streaming'");
    const found = new Map<string, "here" | "elsewhere">();
    for (const [session, rows] of Map.groupBy(running, (row) => String(row["session"]))) {
      const whose = this.#whose(rows.map(({ owner }) => owner));
      if (whose !== undefined) found.set(session, whose);
    }
    return found;
  }

  /**
   * Marks the answers of dead processes as cut; what had come is kept. An answer whose owner is not on record has none. In a
   * transaction.
   */
  interruptThoseOfTheDead(): void {
    const alive = new Set(this.#alive());
    const outcome: Outcome = { finishReason: null, error: sidecarEnded };
    for (const { number, owner } of this.#connection.all("SELECT number, owner FROM messages WHERE status = 'streaming'")) {
      if (alive.has(String(owner))) continue;
      this.#connection.run(
        "UPDATE messages SET status = 'incomplete', outcome = ?, owner = NULL WHERE number = ?",
        JSON.stringify(outcome),
        Number(number),
      );
      this.#words.add(Number(number));
    }
  }

  #ownersIn(session: string): readonly unknown[] {
    // Of two indexes that begin with the session SQLite may take the one that holds all its messages.
    const sql = "SELECT owner FROM messages INDEXED BY messages_running WHERE session = ? AND status = 'streaming'";
    return this.#connection.all(sql, session).map(({ owner }) => owner);
  }

  #whose(owners: readonly unknown[]): "here" | "elsewhere" | undefined {
    if (owners.length === 0) return undefined;
    if (owners.includes(this.#owner.instance)) return "here";
    const alive = new Set(this.#alive());
    return owners.some((owner) => alive.has(String(owner))) ? "elsewhere" : undefined;
  }

  #alive(): readonly string[] {
    const now = Date.now();
    return this.#owners()
      .filter(({ instance, recorded }) => instance === this.#owner.instance || !isDead(recorded, now))
      .map(({ instance }) => instance);
  }

  #owners(): readonly { readonly instance: string; readonly recorded: RecordedOwner }[] {
    return this.#connection.all("SELECT instance, pid, host, process_start, sign_of_life_at FROM owners").map((row) => ({
      instance: text(row, "instance"),
      recorded: {
        pid: Number(row["pid"]),
        host: nullableText(row, "host"),
        processStart: nullableText(row, "process_start"),
        signOfLifeAt: Number(row["sign_of_life_at"]),
      },
    }));
  }
}
