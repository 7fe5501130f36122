// Reads what can be read of a damaged database into a new one, row by row: pages that are damaged are left out, whatever else
// they stand between.

import { DatabaseSync } from "node:sqlite";
import { titleWords } from "../../search/title-words.ts";
import { fromColumn } from "../column-text.ts";
import type { Row } from "../connection.ts";
import { nullableText } from "../rows.ts";
import { migrate } from "../schema.ts";
import { removeDatabase, type StoreFolder } from "../store-folder.ts";
import { type Beginning, copyWithBeginning } from "./restored-header.ts";
import { isDamage } from "./store-failure.ts";

export interface Salvaged {
  readonly sessions: number;
  readonly messages: number;
}

/** Reads that may fail in one table; each leaves out a page, or a part of one. */
const mostFailures = 20_000;
/** Where the largest number in a table cannot be read. */
const largestNumber = 2 ** 40;

/** Makes `target` from what `source` holds. Throws where the new one cannot be written. */
export function salvage(folder: StoreFolder, source: string, target: string): Salvaged {
  const into = new DatabaseSync(folder.location(target));
  try {
    into.exec("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;");
    migrate(into);
    const from = openAnyhow(folder, source, target);
    try {
      into.exec("BEGIN");
      const salvaged = from === undefined ? { sessions: 0, messages: 0 } : copy(from, into);
      into.exec("COMMIT");
      return salvaged;
    } finally {
      from?.close();
      removeDatabase(folder.reading);
    }
  } finally {
    into.close();
  }
}

/** With as much of its own beginning as can be read. `model`: a database that was just made. Undefined for what is no database behind that either. */
function openAnyhow(folder: StoreFolder, source: string, model: string): DatabaseSync | undefined {
  const own = openDamaged(folder, source);
  if (own !== undefined) return own;
  for (const beginning of ["header", "first-page"] satisfies Beginning[]) {
    removeDatabase(folder.reading);
    copyWithBeginning(source, folder.reading, model, beginning);
    const restored = openDamaged(folder, folder.reading);
    if (restored === undefined) continue;
    if (holdsSomething(restored)) return restored;
    restored.close();
  }
  return undefined;
}

/** Whether either end of a table can be read: with a beginning that is not its own, anything looks like a database. */
function holdsSomething(database: DatabaseSync): boolean {
  const ends = ["sessions", "messages"].flatMap((table) =>
    ["ASC", "DESC"].map((direction) => `${table} NOT INDEXED ORDER BY rowid ${direction}`),
  );
  return ends.some((end) => {
    try {
      return database.prepare(`SELECT * FROM ${end} LIMIT 1`).get() !== undefined;
    } catch (error) {
      if (isDamage(error)) return false;
      throw error;
    }
  });
}

/** Undefined for what SQLite takes for no database at all, and where it does not find the tables in it. */
function openDamaged(folder: StoreFolder, file: string): DatabaseSync | undefined {
  const database = new DatabaseSync(folder.location(file), { readOnly: true, defensive: false });
  try {
    // Without this, which a defensive connection does not allow, SQLite refuses a file that was truncated as a whole, and all
    // tables where the description of one cannot be read.
    database.exec("PRAGMA writable_schema = ON; SELECT count(*) FROM sqlite_schema;");
    const tables = database.prepare("SELECT count(*) AS count FROM pragma_table_list WHERE name IN ('sessions', 'messages')").get();
    if (tables?.["count"] === 2) return database;
  } catch (error) {
    if (!isDamage(error)) {
      database.close();
      throw error;
    }
  }
  database.close();
  return undefined;
}

function copy(from: DatabaseSync, into: DatabaseSync): Salvaged {
  const count = (sql: string): number => Number(into.prepare(sql).get()?.["count"]);
  const putSession = sessionWriter(into);
  const putMessage = messageWriter(into);
  read(from, "sessions", putSession);
  read(from, "messages", putMessage);
  into.exec("INSERT INTO unindexed SELECT number FROM messages");
  // A leaf that is lost: the newest message is the end of some path.
  into.exec(`UPDATE sessions SET leaf = (SELECT id FROM messages WHERE session = sessions.id ORDER BY number DESC LIMIT 1)
             WHERE leaf IS NULL OR leaf NOT IN (SELECT id FROM messages)`);
  return { sessions: count("SELECT count(*) AS count FROM sessions"), messages: count("SELECT count(*) AS count FROM messages") };
}

function sessionWriter(into: DatabaseSync): (row: Row) => void {
  const insert = into.prepare(
    `INSERT OR IGNORE INTO sessions (id, title, title_words, model, system_prompt, parameters, created_at, updated_at, leaf, metadata, title_given)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (row) => {
    const id = nullableText(row, "id");
    // One that was deleted is not brought back.
    if (id === null || typeof row["deleted_at"] === "number") return;
    const title = nullableText(row, "title") ?? "";
    insert.run(
      id,
      title,
      titleWords(fromColumn(title)),
      nullableText(row, "model"),
      nullableText(row, "system_prompt"),
      json(row, "parameters"),
      time(row, "created_at"),
      time(row, "updated_at"),
      nullableText(row, "leaf"),
      json(row, "metadata"),
      row["title_given"] === 1 ? 1 : null,
    );
  };
}

function messageWriter(into: DatabaseSync): (row: Row) => void {
  const insert = into.prepare(
    `INSERT OR IGNORE INTO messages (number, id, session, parent, role, message, created_at, model, status, outcome, owner, metadata)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  // The row of its session may be the one that is lost.
  const orphanage = into.prepare(
    `INSERT OR IGNORE INTO sessions (id, title, title_words, created_at, updated_at) VALUES (?, '', '  ', ?, ?)`,
  );
  return (row) => {
    const [id, session, message] = [nullableText(row, "id"), nullableText(row, "session"), json(row, "message")];
    if (id === null || session === null || message === null) return;
    const at = time(row, "created_at");
    orphanage.run(session, at, at);
    insert.run(
      Number(row["salvaged"]),
      id,
      session,
      nullableText(row, "parent"),
      nullableText(row, "role") ?? "user",
      message,
      at,
      nullableText(row, "model"),
      nullableText(row, "status"),
      json(row, "outcome"),
      nullableText(row, "owner"),
      json(row, "metadata"),
    );
  };
}

/** Gives each row that can be read once, in any order; its number as `salvaged`. */
function read(from: DatabaseSync, table: "sessions" | "messages", take: (row: Row) => void): void {
  const failures = { count: 0 };
  /** The last number that could be read in that direction; undefined where the end was reached. */
  const scan = (low: number, high: number, direction: "ASC" | "DESC"): number | undefined => {
    let last = direction === "ASC" ? low - 1 : high + 1;
    try {
      const rows = from.prepare(
        `SELECT rowid AS salvaged, * FROM ${table} NOT INDEXED WHERE rowid BETWEEN ? AND ? ORDER BY rowid ${direction}`,
      );
      for (const row of rows.iterate(low, high)) {
        take(row);
        last = Number(row["salvaged"]);
      }
      return undefined;
    } catch (error) {
      if (!isDamage(error)) throw error;
      failures.count += 1;
      return last;
    }
  };
  const ranges: [low: number, high: number][] = [[0, largest(from, table)]];
  for (let range = ranges.pop(); range !== undefined && failures.count < mostFailures; range = ranges.pop()) {
    const [low, high] = range;
    const up = scan(low, high, "ASC");
    if (up === undefined) continue;
    const down = scan(up + 1, high, "DESC");
    if (down === undefined) continue;
    // What lies between holds damage, and perhaps rows beside it.
    const [first, last] = [up + 1, down - 1];
    if (first >= last) continue;
    const middle = Math.floor((first + last) / 2);
    ranges.push([first, middle], [middle + 1, last]);
  }
}

function largest(from: DatabaseSync, table: string): number {
  try {
    return Number(from.prepare(`SELECT max(rowid) AS number FROM ${table}`).get()?.["number"] ?? 0);
  } catch (error) {
    if (isDamage(error)) return largestNumber;
    throw error;
  }
}

/** Null for what is no JSON any more. */
function json(row: Row, column: string): string | null {
  const value = nullableText(row, column);
  try {
    if (value !== null) JSON.parse(value);
    return value;
  } catch {
    return null;
  }
}

function time(row: Row, column: string): number {
  const value = Number(row[column]);
  return Number.isSafeInteger(value) ? value : Date.now();
}
