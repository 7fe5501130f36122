// A store for a program without an editor.

import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { SqliteStore } from "./sqlite-store.ts";
import type { SessionStore } from "./store.ts";

export interface OpenStoreOptions {
  /** Told, in words for people, where the store is slower than elsewhere, or was damaged. */
  readonly onNotice?: (words: string) => void;
  /**
   * On a full disk, and where nothing can be written, the conversations can then be read; changes are refused, and a notice says
   * why. Default: they cannot be opened there.
   */
  readonly mayOnlyRead?: boolean;
}

/**
 * The conversations kept in a folder, which is made where it is missing. Several programs and editors may have the same one open. It keeps no
 * program alive; `close()` gives it back, and makes deletions final. Rejects with a `Failure` (`code` is `storage`) that says
 * why it cannot be used.
 */
export async function openStore(
  folder: string,
  { onNotice = () => {}, mayOnlyRead = false }: OpenStoreOptions = {},
): Promise<SessionStore> {
  const store = SqliteStore.start();
  const notes = await store.open(resolve(folder), { instance: randomUUID(), pid: process.pid }, { onNotice, mayOnlyRead });
  for (const note of notes) onNotice(note);
  return store;
}
