// Who has the database open. Each process holds a shared lock on a file beside it, for as long as it lives; who must have the
// database alone, to put another in its place, takes that lock for itself. The file is an empty database, since SQLite has locks
// that hold on every system and end with their process.

import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../../failure.ts";
import { isDamage } from "./store-failure.ts";

/** Milliseconds for which another process that repairs the database is waited for. */
const waitMs = 10_000;

export class Presence {
  readonly #lock: DatabaseSync;

  /** Throws a `Failure` where another process keeps the database to itself for long. */
  constructor(file: string | URL) {
    this.#lock = opened(file);
    try {
      this.#share();
    } catch (error) {
      this.#lock.close();
      throw error;
    }
  }

  /** Runs `work` while no other process has the database open. Undefined where one has: `work` was not run then. */
  alone<T>(work: () => T): { readonly result: T } | undefined {
    this.#lock.exec("ROLLBACK; PRAGMA busy_timeout = 0;");
    try {
      if (!this.#take()) return undefined;
      try {
        return { result: work() };
      } finally {
        this.#lock.exec("ROLLBACK");
      }
    } finally {
      this.#lock.exec(`PRAGMA busy_timeout = ${waitMs}`);
      this.#share();
    }
  }

  end(): void {
    this.#lock.close();
  }

  #take(): boolean {
    try {
      this.#lock.exec("BEGIN EXCLUSIVE");
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    }
  }

  #share(): void {
    try {
      // A transaction that has read something holds the lock until it ends.
      this.#lock.exec("BEGIN; SELECT count(*) FROM sqlite_schema;");
    } catch (error) {
      if (!isBusy(error)) throw error;
      throw new Failure("storage", "Another window is repairing the conversations: reload this one when that is done.", error);
    }
  }
}

/** Nothing is ever written into it: one that holds something else has been damaged, is nobody's lock, and is made anew. */
function opened(file: string | URL): DatabaseSync {
  const probe = new DatabaseSync(file);
  try {
    probe.exec("SELECT count(*) FROM sqlite_schema");
  } catch (error) {
    // Whatever else is wrong, that another has it too, is told when the lock is taken.
    if (isDamage(error)) rmSync(file, { force: true });
  } finally {
    probe.close();
  }
  return new DatabaseSync(file, { timeout: waitMs });
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === 5;
}
