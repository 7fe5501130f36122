// A database that can be read where nothing can be written: on a full disk, in a folder or on a disk that is read-only. SQLite
// then lacks the memory that a write-ahead log is shared by (https://sqlite.org/wal.html#read_only_databases).

import { chmodSync, existsSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Failure } from "../../../failure.ts";
import type { Owner } from "../../owner.ts";
import { Connection } from "../connection.ts";
import { SessionDatabase } from "../database.ts";
import { checkVersion, schemaVersion, versionOf } from "../schema.ts";
import type { StoreFolder } from "../store-folder.ts";

/** Milliseconds. Nobody can be writing for long where nothing can be written. */
const busyTimeoutMs = 1000;
/** In the mode of a file. */
const OWNER_WRITES = 0o200;
const PERMISSIONS = 0o777;

/**
 * Undefined where it cannot be read either: not without a write that nobody can make, or not in its older schema. `refusal`: why
 * it could not be opened for writing, and what every write is refused with.
 */
export function openReadOnly(folder: StoreFolder, owner: Owner, refusal: Failure): SessionDatabase | undefined {
  if (!existsSync(folder.database)) return undefined;
  for (const open of [shared, unchanging, alone]) {
    const database = opened(() => open(folder));
    if (database !== undefined) return new SessionDatabase(new Connection(database, { refusal }), folder, owner);
  }
  return undefined;
}

/**
 * SQLite gives the files that it puts beside a database the database's own permissions. Those that were left when it could only be
 * read would keep it so after somebody has allowed writing to it again.
 */
export function allowWritingBeside({ database }: StoreFolder): void {
  const mode = statSync(database, { throwIfNoEntry: false })?.mode ?? 0;
  for (const beside of [`${database}-wal`, `${database}-shm`]) {
    const own = statSync(beside, { throwIfNoEntry: false })?.mode;
    if (own === undefined || (mode & OWNER_WRITES) === 0 || (own & OWNER_WRITES) !== 0) continue;
    try {
      chmodSync(beside, mode & PERMISSIONS);
    } catch {
      // Somebody else's file: that nothing can be written is told by SQLite.
    }
  }
}

/** With whoever has it open, where the files beside it are there or can be made. */
function shared(folder: StoreFolder): DatabaseSync {
  return new DatabaseSync(folder.location(folder.database), { readOnly: true, timeout: busyTimeoutMs });
}

/** As a file that nobody changes: it is whole by itself only where no log goes with it. */
function unchanging(folder: StoreFolder): DatabaseSync | undefined {
  const log = `${folder.database}-wal`;
  if (existsSync(log) && statSync(log).size > 0) return undefined;
  const url = folder.url(folder.database);
  url.searchParams.set("immutable", "1");
  return new DatabaseSync(url, { readOnly: true });
}

/** A log that is shared with nobody needs no shared memory; on a disk that is only full this can be had. */
function alone(folder: StoreFolder): DatabaseSync {
  const database = new DatabaseSync(folder.location(folder.database), { timeout: busyTimeoutMs });
  database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = ON;");
  return database;
}

/** Undefined where it cannot be read so. */
function opened(open: () => DatabaseSync | undefined): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  let version: number | undefined;
  try {
    database = open();
    if (database === undefined) return undefined;
    version = versionOf(database);
    database.prepare("SELECT count(*) FROM sessions").get();
  } catch {
    database?.close();
    return undefined;
  }
  try {
    checkVersion(version);
  } catch (error) {
    database.close();
    throw error;
  }
  if (version === schemaVersion) return database;
  database.close();
  return undefined;
}
