// The database's shape, as a list of steps: the schema's version is how many of them were taken (`PRAGMA user_version`). A step
// that has shipped is never changed, only followed by another.

import type { DatabaseSync } from "node:sqlite";
import { Failure } from "../failure.ts";

/**
 * JSON where the shape belongs to `types.ts` and is never searched by its fields; columns for what is. Messages have a number
 * of their own, because an index over their text needs one that survives `VACUUM`. `parent` is checked when a turn begins, not by a
 * foreign key: deleting a long conversation would cascade deeper than SQLite allows.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    model TEXT,
    system_prompt TEXT,
    parameters TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    leaf TEXT
  ) STRICT;
  CREATE INDEX sessions_by_update ON sessions (updated_at DESC);

  CREATE TABLE messages (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    parent TEXT,
    role TEXT NOT NULL,
    message TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    model TEXT,
    status TEXT,
    outcome TEXT,
    owner TEXT
  ) STRICT;
  CREATE INDEX messages_by_session ON messages (session);
  CREATE INDEX messages_by_parent ON messages (parent);
  CREATE INDEX messages_running ON messages (session) WHERE status = 'streaming';

  CREATE TABLE owners (
    instance TEXT PRIMARY KEY,
    pid INTEGER NOT NULL,
    sign_of_life_at INTEGER NOT NULL
  ) STRICT;
  `,
];

const schemaVersion = migrations.length;

export function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
}

/** Rejects a database that a newer Parley has made: what it holds could be misread, and harmed by being written to. */
export function checkVersion(version: number): void {
  if (version <= schemaVersion) return;
  throw new Failure(
    "storage",
    `The conversations were written by a newer Parley (schema ${version}, this one knows ${schemaVersion}). ` +
      "Reload the window to run the newer one; until then conversations are kept in memory only.",
  );
}

/** Takes the steps that are missing, all in one transaction. */
export function migrate(database: DatabaseSync): void {
  if (versionOf(database) === schemaVersion) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    // Read again: another window may have come first while this one waited for the lock.
    const version = versionOf(database);
    checkVersion(version);
    for (const step of migrations.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${schemaVersion}`);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
