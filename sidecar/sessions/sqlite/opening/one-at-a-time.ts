// Work on the files of a store while its database is not where it belongs: whoever finds that does it, and whoever else finds it
// at the same time waits.

import { DatabaseSync } from "node:sqlite";
import type { StoreFolder } from "../store-folder.ts";

/** Milliseconds for which another process that does the same is waited for. */
const waitMs = 10_000;

/** Runs `work` where `isNeeded` still says so when no other process is at it. Undefined where it was not run. */
export function oneAtATime<T>(folder: StoreFolder, isNeeded: (folder: StoreFolder) => boolean, work: () => T): T | undefined {
  if (!isNeeded(folder)) return undefined;
  const lock = new DatabaseSync(folder.location(folder.file("conversations.removed.lock")), { timeout: waitMs });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return isNeeded(folder) ? work() : undefined;
  } finally {
    lock.close();
  }
}
