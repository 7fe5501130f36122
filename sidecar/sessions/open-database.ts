// Opens the database file: refuses what a newer Parley has made before anything is written, sets what makes an acknowledged
// commit durable, and brings the schema up to date.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../failure.ts";
import { SessionDatabase } from "./database.ts";
import type { Owner } from "./owner.ts";
import { checkVersion, migrate, versionOf } from "./schema.ts";

/** Milliseconds to wait for another window's transaction. */
const busyTimeoutMs = 5000;

/** Throws a `Failure` with code `storage` that says what is wrong and what becomes of the conversations. */
export function openDatabase(folder: string, owner: Owner): SessionDatabase {
  const file = join(folder, "conversations.sqlite");
  try {
    mkdirSync(folder, { recursive: true });
    if (existsSync(file)) checkReadOnly(file);
    const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
    try {
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
      checkFullTextSearch(database);
      migrate(database);
      return new SessionDatabase(database, owner);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw storageFailure(error, file);
  }
}

/** On a connection that cannot write: not even a checkpoint may touch the file of a newer Parley. */
function checkReadOnly(file: string): void {
  const database = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs });
  try {
    checkVersion(versionOf(database));
  } finally {
    database.close();
  }
}

/** Search over conversations will need it; a runtime without it must be known before anything depends on the file. */
function checkFullTextSearch(database: DatabaseSync): void {
  try {
    database.exec("CREATE VIRTUAL TABLE temp.probe USING fts5 (text); DROP TABLE temp.probe;");
  } catch (error) {
    throw new Failure(
      "storage",
      "This Node.js has no full-text search in its SQLite (FTS5): conversations are kept in memory only.",
      error,
    );
  }
}

/** SQLite's primary result codes, in words that say what to do. */
const causes: ReadonlyMap<number, string> = new Map([
  [5, "it is locked by another program: close what holds it"],
  [8, "it cannot be written to: check its permissions"],
  [10, "the disk failed to read or write it"],
  [11, "it is damaged: move it elsewhere to begin with an empty one"],
  [13, "the disk is full: free some space"],
  [14, "it cannot be opened: check that its folder exists and can be written to"],
  [26, "it is no database: move it elsewhere to begin with an empty one"],
]);

/** Anything that SQLite or the file system threw, as the one failure that a store gives. */
export function storageFailure(error: unknown, file: string): Failure {
  if (error instanceof Failure) return error;
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
  const cause = (code === undefined ? undefined : causes.get(code)) ?? (error instanceof Error ? error.message : String(error));
  return new Failure("storage", `The conversations could not be kept in "${file}": ${cause}.`, error);
}
