// The database's shape, as a list of steps: the schema's version is how many of them were taken (`PRAGMA user_version`). A step
// that has shipped is never changed, only followed by another.

import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../failure.ts";
import { titleWords } from "../search/title-words.ts";

/**
 * JSON where the shape belongs to `types.ts` and is never searched by its fields; columns for what is. Messages have a number
 * of their own, because an index over their text needs one that survives `VACUUM`. `parent` is checked when a turn begins, not by a
 * foreign key: deleting a long conversation would cascade deeper than SQLite allows.
 */
const firstSchema = `
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
`;

/**
 * Deletions that can be undone, data that others want kept with sessions and messages, whose process an owner is, limits of
 * endpoints, and the index of words. That one holds no text of its own: `number` leads to the message. `secure-delete` takes
 * words out of it at once, where FTS5 would leave them until it tidies up. In `unindexed` are the messages that it does not hold
 * yet: those that were there before, and answers that run.
 */
const secondSchema = `
  ALTER TABLE sessions ADD COLUMN metadata TEXT;
  ALTER TABLE sessions ADD COLUMN title_words TEXT NOT NULL DEFAULT '';
  ALTER TABLE sessions ADD COLUMN deleted_at INTEGER;
  ALTER TABLE sessions ADD COLUMN deleted_by TEXT;
  CREATE INDEX sessions_deleted ON sessions (deleted_at) WHERE deleted_at IS NOT NULL;

  ALTER TABLE messages ADD COLUMN metadata TEXT;
  DROP INDEX messages_by_session;
  DROP INDEX messages_by_parent;
  CREATE INDEX messages_by_parent ON messages (session, parent);
  CREATE INDEX messages_summaries ON messages (session) WHERE role = 'system';

  ALTER TABLE owners ADD COLUMN host TEXT;
  ALTER TABLE owners ADD COLUMN process_start TEXT;

  CREATE TABLE endpoint_limits (
    endpoint TEXT PRIMARY KEY,
    until INTEGER,
    size INTEGER,
    learned_at INTEGER NOT NULL
  ) STRICT;

  CREATE VIRTUAL TABLE message_words USING fts5 (words, content = '', tokenize = 'ascii', prefix = '2');
  INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1);
  CREATE TABLE unindexed (number INTEGER PRIMARY KEY) STRICT;
  INSERT INTO unindexed SELECT number FROM messages;
`;

/** Whether somebody has named the conversation: then no model does. */
const thirdSchema = "ALTER TABLE sessions ADD COLUMN title_given INTEGER";

/** A page of a conversation's messages, in the order in which they were kept: without it, each page sorts all of them. */
const fourthSchema = "CREATE INDEX messages_in_order ON messages (session)";

type Step = (database: DatabaseSync) => void;

const migrations: readonly Step[] = [
  (database) => database.exec(firstSchema),
  (database) => {
    database.exec(secondSchema);
    const update = database.prepare("UPDATE sessions SET title_words = ? WHERE id = ?");
    for (const { id, title } of database.prepare("SELECT id, title FROM sessions").all()) {
      update.run(titleWords(String(title)), String(id));
    }
  },
  (database) => database.exec(thirdSchema),
  (database) => database.exec(fourthSchema),
];

export const schemaVersion = migrations.length;

export function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
}

/** Rejects a database that a newer Parley has made: what it holds could be misread, and harmed by being written to. */
export function checkVersion(version: number): void {
  if (version <= schemaVersion) return;
  throw new Failure(
    "storage",
    `The conversations were written by a newer Parley (schema ${version}, this one knows ${schemaVersion}). ` +
      "Reload the window to run the newer one; on the command line, install it.",
  );
}

/** What a database has: each table with each of its columns, and each index. */
function shapeOf(database: DatabaseSync): ReadonlySet<string> {
  const parts = database.prepare(
    `SELECT s.type || ' ' || s.name || ' ' || coalesce(c.name, '') AS part
     FROM sqlite_schema s LEFT JOIN pragma_table_info(s.name) c ON s.type = 'table'`,
  );
  return new Set(parts.all().map(({ part }) => String(part)));
}

/** The newest version all of whose shape is there. 0 where nothing of any is; undefined where that is neither. */
function versionOfShape(shape: ReadonlySet<string>): number | undefined {
  const model = new DatabaseSync(":memory:");
  try {
    let found = 0;
    let hasSome = false;
    migrations.forEach((step, at) => {
      step(model);
      const expected = [...shapeOf(model)];
      if (expected.every((part) => shape.has(part))) found = at + 1;
      hasSome ||= expected.some((part) => shape.has(part));
    });
    return found === 0 && hasSome ? undefined : found;
  } finally {
    model.close();
  }
}

/** Counts as damage: a database that has some of the shape of a version, and all of none. */
class WrongShape extends Error {
  /** SQLite's own code for a database that is damaged. */
  readonly errcode = 11;
}

/**
 * In a transaction. The version of the schema that a database is really of, and the one that its number says: a bit of that may
 * have been lost on the disk. Throws what counts as damage where the shape tells nothing either.
 */
export function trueVersion(database: DatabaseSync): { readonly version: number; readonly said: number } {
  const said = versionOf(database);
  checkVersion(said);
  // The shape is looked at where it would be changed, which is rare.
  if (said === schemaVersion) return { version: said, said };
  const shape = shapeOf(database);
  const version = shape.size === 0 ? 0 : versionOfShape(shape);
  if (version === undefined) throw new WrongShape("The database has some of the tables that it should have, and not all.");
  return { version, said };
}

/** Takes the steps that are missing, all in one transaction, and mends the number. Throws as `trueVersion` does. */
export function migrate(database: DatabaseSync): void {
  if (versionOf(database) === schemaVersion) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    // Looked at now: another window may have come first while this one waited for the lock.
    for (const step of migrations.slice(trueVersion(database).version)) step(database);
    database.exec(`PRAGMA user_version = ${schemaVersion}`);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
