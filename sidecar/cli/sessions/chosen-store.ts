// Which store the command line works on, and which conversation in it is meant.

import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Failure } from "../../failure.ts";
import { databaseName, defaultStoreFolder, editorStores } from "../../sessions/known-stores.ts";
import type { SessionStore } from "../../sessions/store.ts";
import type { SessionInfo } from "../../types.ts";
import type { Terminal } from "../terminal.ts";
import { CommandError, single, UsageError, type ParsedArguments } from "../usage.ts";

/** So many conversations are looked through for the beginning of an id. */
const mostSessions = 1_000_000;
/** Characters of an id that are shown, where they are enough. */
const shortest = 8;

/** What only reads works also where nothing can be written. */
type StoreUse = "read" | "write";

/** `--store`, else `PARLEY_STORE`, else the user's data folder. */
export function storeFolder(parsed: ParsedArguments, { environment }: Terminal): string {
  const option = single(parsed, "store");
  if (option === "") throw new UsageError("The option --store takes a folder; it is empty.");
  const named = option ?? environment["PARLEY_STORE"] ?? "";
  return named === "" ? defaultStoreFolder({ environment }) : resolve(named);
}

/** Undefined where the folder holds no conversations yet. Rejects with `CommandError`. */
export async function existingStore(folder: string, terminal: Terminal, use: StoreUse = "write"): Promise<SessionStore | undefined> {
  // What is no folder, or holds no file where the database belongs, is refused in the words of whoever would open it.
  return (await isMissing(join(folder, databaseName))) ? undefined : openedStore(folder, terminal, use);
}

async function isMissing(file: string): Promise<boolean> {
  return stat(file).then(
    () => false,
    (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT",
  );
}

/** Rejects with `CommandError`. */
export async function neededStore(folder: string, terminal: Terminal, use: StoreUse = "write"): Promise<SessionStore> {
  const store = await existingStore(folder, terminal, use);
  if (store !== undefined) return store;
  const others = await editorStores(terminal);
  const known = others.map((other) => `\n  ${other.editor}: ${other.folder}`).join("");
  throw new CommandError(`There are no conversations in ${folder}.${known === "" ? "" : ` --store takes another folder:${known}`}`);
}

/** Made where it is missing. Rejects with `CommandError`. */
export async function openedStore(folder: string, terminal: Terminal, use: StoreUse = "write"): Promise<SessionStore> {
  // Loaded late: most commands keep nothing.
  const { openStore } = await import("../../sessions/open-store.ts");
  return asCommandError(() => openStore(folder, { onNotice: (words) => terminal.note(words), mayOnlyRead: use === "read" }));
}

/** Closes the store whatever becomes of the work. What a store refuses is told as it says it. */
export async function inStore<T>(store: SessionStore, work: (store: SessionStore) => Promise<T>): Promise<T> {
  try {
    return await asCommandError(() => work(store));
  } finally {
    await store.close();
  }
}

/** The words of a `Failure` are for people and say all of it. */
export async function asCommandError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Failure ? new CommandError(error.message) : error;
  }
}

/** `id`: whole, or the beginning of one. Rejects with `CommandError` where none has it, or several. */
export async function foundSession(store: SessionStore, id: string): Promise<SessionInfo> {
  const exact = await store.getSession(id);
  if (exact !== undefined) return exact;
  const all = await store.listSessions(mostSessions);
  const [found, other] = id === "" ? [] : all.filter((session) => session.id.startsWith(id));
  if (found === undefined) throw new CommandError(`There is no conversation "${id}"; "parley sessions list" names them.`);
  if (other !== undefined)
    throw new CommandError(`Several conversations begin with "${id}": ${found.id} and ${other.id}, for example. Give more of the id.`);
  return found;
}

/** The beginning of an id that tells these apart. */
export function shortIds(sessions: readonly SessionInfo[]): (id: string) => string {
  let length = shortest;
  const isEnough = (): boolean => new Set(sessions.map(({ id }) => id.slice(0, length))).size === sessions.length;
  while (length < 36 && !isEnough()) length += 1;
  return (id) => id.slice(0, length);
}

/** Exactly one. Throws `UsageError`. */
export function oneId({ operands }: ParsedArguments): string {
  const [id, other] = operands;
  if (id === undefined || other !== undefined) throw new UsageError("One ID of a conversation is expected.");
  return id;
}
