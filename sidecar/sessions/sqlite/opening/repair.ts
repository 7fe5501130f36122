// Puts a new database in the place of a damaged one, with all that could be read of it. The damaged one is set aside under
// another name, and nothing of it is changed.

import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { moveDatabase, removeDatabase, type StoreFolder } from "../store-folder.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { salvage } from "./salvage.ts";

/**
 * The result is what people are to be told. Undefined where another process has the database open: it is marked then, and
 * repaired when it is opened next by one that is alone. Throws where the new one cannot be written; the damaged one then
 * stays where it is.
 */
export function repair(folder: StoreFolder): string | undefined {
  const done = folder.presence.alone(() => replace(folder));
  if (done === undefined) writeFileSync(folder.damageMark, "");
  return done?.result;
}

/**
 * A repair that was broken off between its last two steps. Others may be here too, and nobody has a database open that is not
 * there: one of them finishes it, and the others wait for that.
 */
export function finishRepair(folder: StoreFolder): void {
  oneAtATime(folder, isUnfinished, () => {
    setAside(folder);
    renameSync(folder.repaired, folder.database);
  });
}

function isUnfinished(folder: StoreFolder): boolean {
  return !existsSync(folder.database) && existsSync(folder.repaired);
}

function replace(folder: StoreFolder): string {
  for (const leftover of [folder.repairing, folder.repaired]) removeDatabase(leftover);
  const { sessions, messages } = salvage(folder, folder.database, folder.repairing);
  renameSync(folder.repairing, folder.repaired);
  const aside = setAside(folder);
  renameSync(folder.repaired, folder.database);
  rmSync(folder.damageMark, { force: true });
  const read =
    messages === 0
      ? sessions === 0
        ? "Nothing of it could be read"
        : `Of ${counted(sessions, "conversation")} the name could be read and is there; no message could`
      : `${counted(messages, "message")} in ${counted(sessions, "conversation")} could be read and are there`;
  return `The conversations were damaged. ${read}. The damaged database is kept as "${aside}".`;
}

/** Moves the database, and whatever stands beside it: a log that stayed would be taken for that of the next one. */
function setAside(folder: StoreFolder): string {
  const aside = folder.file(folder.nameFor("damaged"));
  moveDatabase(folder.database, aside);
  return aside;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
