// Opens the database of a folder: refuses what a newer Parley has made before anything is touched, sets a damaged one aside,
// sets what makes an acknowledged commit durable, and brings the schema up to date.

import { existsSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../../failure.ts";
import type { Owner } from "../../owner.ts";
import type { OpenRequest } from "../../store-messages.ts";
import { Connection } from "../connection.ts";
import { SessionDatabase } from "../database.ts";
import { checkVersion, migrate, schemaVersion, trueVersion } from "../schema.ts";
import { StoreFolder } from "../store-folder.ts";
import { backUp } from "./backup.ts";
import { rememberLog, setForeignLogAside } from "./foreign-log.ts";
import { setJournal, writeAheadLogWorks } from "./journal-mode.ts";
import { allowWritingBeside, openReadOnly } from "./read-only.ts";
import { finishRepair, repair } from "./repair.ts";
import { setLeftoversAside, stillInPlace } from "./removed-database.ts";
import { schemaOnDisk } from "./schema-on-disk.ts";
import { isDamage, isNotWritable, storageFailure } from "./store-failure.ts";

export { isDamage, storageFailure };

/** Milliseconds to wait for another window's transaction. */
const busyTimeoutMs = 5000;

export interface OpenedDatabase {
  readonly database: SessionDatabase;
  readonly folder: StoreFolder;
  /** What people are to be told: a slower journal, a damaged database. */
  readonly notes: readonly string[];
}

export type HowToOpen = Pick<OpenRequest, "vfs" | "mayOnlyRead">;

const damagedNow =
  "The conversations are damaged. They will be repaired when they are opened by one window alone: close the other windows of Parley, and reload this one.";

const wrongNumber = "The number that says of which form the database is was damaged, and is mended. All conversations are there.";

/**
 * Throws a `Failure` with code `storage` that says what is wrong and what becomes of the conversations. With `mayOnlyRead` a
 * database that cannot be written to is opened for reading; a note says why.
 */
export function openDatabase(path: string, owner: Owner, { vfs, mayOnlyRead = false }: HowToOpen = {}): OpenedDatabase {
  const folder = new StoreFolder(path, vfs);
  try {
    checkFullTextSearch();
    folder.make();
    checkVersion(schemaOnDisk(folder.database));
    // From here on this process is one of those that have it open.
    void folder.presence;
    finishRepair(folder);
    const note = setLeftoversAside(folder) ?? setForeignLogAside(folder);
    allowWritingBeside(folder);
    return openOrRepair(folder, owner, note);
  } catch (error) {
    folder.leave();
    const failure = storageFailure(error, folder.database);
    const database = mayOnlyRead && isNotWritable(error) ? openReadOnly(folder, owner, failure) : undefined;
    if (database === undefined) throw failure;
    return { database, folder, notes: [`${failure.message} They can be read, and nothing be changed.`] };
  }
}

/** The next to open it repairs it, unless others have it open too. */
export function markDamaged(path: string): void {
  writeFileSync(new StoreFolder(path).damageMark, "");
}

/** Search stands on it; a runtime without it must be known before anything depends on the database. */
function checkFullTextSearch(): void {
  const database = new DatabaseSync(":memory:");
  try {
    database.exec("CREATE VIRTUAL TABLE probe USING fts5 (text)");
  } catch (error) {
    throw new Failure("storage", "This Node.js has no full-text search in its SQLite (FTS5), which conversations are kept with.", error);
  } finally {
    database.close();
  }
}

function openOrRepair(folder: StoreFolder, owner: Owner, leftovers: string | undefined): OpenedDatabase {
  const notes: string[] = leftovers === undefined ? [] : [leftovers];
  if (existsSync(folder.damageMark)) notes.push(repair(folder) ?? damagedNow);
  const logWorks = writeAheadLogWorks(folder);
  try {
    return openIn(folder, owner, logWorks, notes);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const note = repair(folder);
    if (note === undefined) throw new Failure("storage", damagedNow, error);
    return openIn(folder, owner, logWorks, [...notes, note]);
  }
}

/** What is read of it belongs together, whatever another window does to its schema meanwhile. */
function recognized(database: DatabaseSync): ReturnType<typeof trueVersion> {
  database.exec("BEGIN");
  const recognition = trueVersion(database);
  database.exec("COMMIT");
  return recognition;
}

function openIn(folder: StoreFolder, owner: Owner, logWorks: boolean, notes: readonly string[]): OpenedDatabase {
  const database = new DatabaseSync(folder.location(folder.database), { timeout: busyTimeoutMs });
  try {
    const journal = setJournal(database, logWorks);
    const { version, said } = recognized(database);
    const number = version > 0 && said !== version ? wrongNumber : undefined;
    if (version > 0 && version < schemaVersion) backUp(database, folder, version);
    migrate(database);
    const opened = new SessionDatabase(new Connection(database, { check: stillInPlace(folder.database) }), folder, owner);
    rememberLog(folder);
    return { database: opened, folder, notes: [...notes, journal, number].filter((note) => note !== undefined) };
  } catch (error) {
    database.close();
    throw error;
  }
}
