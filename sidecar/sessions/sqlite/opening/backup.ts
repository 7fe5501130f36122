// A copy of the database, made before its schema is changed.

import type { DatabaseSync } from "node:sqlite";
import { removeDatabase, type StoreFolder } from "../store-folder.ts";

const kept = 2;

/** The newest two stay. Throws what SQLite throws, so that nothing is changed of which there is no copy. */
export function backUp(database: DatabaseSync, folder: StoreFolder, version: number): void {
  const name = folder.nameFor("backup", `-schema-${version}`);
  try {
    database.prepare("VACUUM INTO ?").run(folder.file(name));
  } catch (error) {
    removeDatabase(folder.file(name));
    throw error;
  }
  const backups = folder.otherFiles().filter(({ kind }) => kind === "backup");
  for (const { name: old } of backups.slice(0, -kept)) removeDatabase(folder.file(old));
}
