// A database that somebody has removed by hand, or put another in the place of: what is left beside it is not that of the next
// one, and whoever still has it open must not acknowledge what goes into a file that nobody finds again.

import { existsSync, statSync, writeFileSync } from "node:fs";
import { Failure } from "../../../failure.ts";
import { moveCompanions, type StoreFolder, withCompanions } from "../store-folder.ts";
import { oneAtATime } from "./one-at-a-time.ts";

/**
 * Sets aside what stands beside a database that is gone. The result is what people are to be told; undefined where nothing was
 * left. To be called before the database is made.
 */
export function setLeftoversAside(folder: StoreFolder): string | undefined {
  return oneAtATime(folder, hasLeftovers, () => {
    const aside = setCompanionsAside(folder);
    // There is a database again before another process looks: it takes nothing of the new one for a leftover.
    writeFileSync(folder.database, "", { flag: "a" });
    return `"${folder.database}" was removed, and a new one is begun. What was left beside it is kept beside "${aside}".`;
  });
}

/** What stands beside the database gets a name by which it is found and, with everything else, deleted. */
export function setCompanionsAside(folder: StoreFolder): string {
  const aside = folder.file(folder.nameFor("damaged"));
  moveCompanions(folder.database, aside);
  writeFileSync(aside, "");
  return aside;
}

/** In this order: a journal that is there before its database is missing is none of a database that is being made. */
function hasLeftovers(folder: StoreFolder): boolean {
  const [, ...companions] = withCompanions(folder.database);
  if (!companions.some((name) => existsSync(name)) || existsSync(folder.database)) return false;
  // A repair that is yet to be finished has another in its place already.
  return !existsSync(folder.repaired);
}

/** A check, for some thousandths of a millisecond, that the file which is open is still the one that stands in the folder. */
export function stillInPlace(file: string): () => void {
  const opened = identity(file);
  return () => {
    if (identity(file) === opened) return;
    throw new Failure(
      "storage",
      `"${file}" was removed or replaced while Parley had it open, and nothing more can be kept in it. Restart Parley's sidecar ("Parley: Restart Sidecar") or the program: that begins with what is there now, or with a new file.`,
    );
  };
}

function identity(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev} ${found.ino}`;
}
