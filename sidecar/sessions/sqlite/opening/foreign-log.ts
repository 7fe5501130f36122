// The log of a database that another file was put in the place of, by somebody who goes back to a copy: SQLite would take it for
// that file's, and write it into it. So it is noted which log is which database's.

import { type BigIntStats, readFileSync, statSync, writeFileSync } from "node:fs";
import type { StoreFolder } from "../store-folder.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { setCompanionsAside } from "./removed-database.ts";

/**
 * Sets aside the log of a database that another file was put in the place of, while it was open or after an unclean end: SQLite
 * would write it into that file. The result is what people are to be told; undefined where there is none. To be called before
 * the database is opened.
 */
export function setForeignLogAside(folder: StoreFolder): string | undefined {
  return oneAtATime(folder, hasForeignLog, () => {
    const aside = setCompanionsAside(folder);
    return `Another file was put in the place of "${folder.database}". What had not been written into the earlier one yet is kept beside "${aside}".`;
  });
}

/**
 * Notes which log is the open database's. Not where the system does not tell when a file was made: numbers of files are given
 * again soon, and on some network disks anew each time.
 */
export function rememberLog(folder: StoreFolder): void {
  const { database, log } = filesOf(folder);
  // Where it is not known, 0 is told, or the last change.
  const isMadeKnown = database !== undefined && database.birthtimeNs > 0n && database.birthtimeNs < database.ctimeNs;
  if (!isMadeKnown || log === undefined) return;
  try {
    writeFileSync(recordOf(folder), JSON.stringify({ database: identity(database), log: identity(log) } satisfies Recorded));
  } catch {
    // A full disk: then a log is taken for that of the database that it stands beside.
  }
}

/** How the two files are known. */
interface Recorded {
  readonly database: string;
  readonly log: string;
}

function recordOf(folder: StoreFolder): string {
  return folder.file("conversations.log-of.json");
}

/** In a copy of the whole folder the log is another file too, and belongs to the database as before. */
function hasForeignLog(folder: StoreFolder): boolean {
  const { database, log } = filesOf(folder);
  const recorded = database === undefined || log === undefined ? undefined : recordedIn(recordOf(folder));
  return recorded !== undefined && identity(log) === recorded.log && identity(database) !== recorded.database;
}

function recordedIn(file: string): Recorded | undefined {
  try {
    const recorded: Partial<Recorded> = JSON.parse(readFileSync(file, "utf8"));
    const { database, log } = recorded;
    return typeof database === "string" && typeof log === "string" ? { database, log } : undefined;
  } catch {
    return undefined;
  }
}

function filesOf({ database }: StoreFolder): { readonly database: BigIntStats | undefined; readonly log: BigIntStats | undefined } {
  const found = (file: string): BigIntStats | undefined => statSync(file, { bigint: true, throwIfNoEntry: false });
  return { database: found(database), log: found(`${database}-wal`) };
}

function identity(file: BigIntStats | undefined): string {
  return file === undefined ? "" : `${file.ino} ${file.birthtimeNs}`;
}
