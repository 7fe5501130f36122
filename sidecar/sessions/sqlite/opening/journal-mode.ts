// How commits become durable. The write-ahead log lets one write while others read; it needs memory that processes share through
// a file, which network disks do not have, sometimes only at the first write. So it is tried out beside the database first.

import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { removeDatabase, type StoreFolder } from "../store-folder.ts";

/**
 * Sets what makes an acknowledged commit durable. The result is a note for people where the write-ahead log cannot be had: the
 * database then has a rollback journal, with which windows wait for each other.
 */
export function setJournal(database: DatabaseSync, logWorks: boolean): string | undefined {
  const note = logWorks ? useLog(database) : useRollbackJournal(database);
  // Every commit is on the disk before it is acknowledged; what is deleted is overwritten.
  database.exec("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;");
  return note;
}

const slower = "This disk, as network disks often do, takes no write-ahead log: conversations are kept with a slower journal.";

function useLog(database: DatabaseSync): string | undefined {
  return modeAfter(database, "WAL") === "wal" ? undefined : slower;
}

/**
 * A log that is there already can be opened, without the memory that it is shared by, and taken back only by a connection that
 * has said before its first look at the database that it shares it with nobody.
 */
function useRollbackJournal(database: DatabaseSync): string {
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  const mode = modeAfter(database, "DELETE");
  database.exec("PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_schema;");
  if (mode !== "delete") throw new Error(`it needs the journal "delete" on this disk, and could only have "${String(mode)}"`);
  return slower;
}

/** Whether a database in this folder can have a write-ahead log. Throws where it cannot be written to at all. */
export function writeAheadLogWorks(folder: StoreFolder): boolean {
  const scratch = folder.file(`conversations.probe-${randomUUID()}.sqlite`);
  try {
    const database = new DatabaseSync(folder.location(scratch));
    try {
      // Nobody will miss it: what counts is whether it can be done.
      database.exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE; CREATE TABLE probe (value INTEGER);");
      return isSeenByOthers(database, folder.location(scratch));
    } finally {
      database.close();
    }
  } finally {
    removeDatabase(scratch);
  }
}

function isSeenByOthers(database: DatabaseSync, scratch: string | URL): boolean {
  try {
    if (modeAfter(database, "WAL") !== "wal") return false;
    database.exec("INSERT INTO probe VALUES (1)");
    const other = new DatabaseSync(scratch);
    try {
      return other.prepare("SELECT value FROM probe").get()?.["value"] === 1;
    } finally {
      other.close();
    }
  } catch {
    return false;
  }
}

function modeAfter(database: DatabaseSync, mode: "WAL" | "DELETE"): unknown {
  return database.prepare(`PRAGMA journal_mode = ${mode}`).get()?.["journal_mode"];
}
