// The folder of a store: the database, and the files beside it by their names.

import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { StoreFile } from "../../store-results.ts";
import { makeFolder } from "./opening/make-folder.ts";
import { Presence } from "./opening/presence.ts";

/** What SQLite itself puts beside a database. */
const companions = ["-wal", "-shm", "-journal"] as const;
const otherFile = /^conversations\.(?<kind>backup|damaged)-.*\.sqlite$/u;

export class StoreFolder {
  readonly path: string;
  readonly #vfs: string | undefined;
  #presence: Presence | undefined;

  /** `vfs`: SQLite's name of another way to reach files; absent: the system's own. */
  constructor(path: string, vfs?: string) {
    this.path = path;
    this.#vfs = vfs;
  }

  make(): void {
    makeFolder(this.path);
  }

  /** The database. */
  get database(): string {
    return join(this.path, "conversations.sqlite");
  }

  /** A repaired database while it is being made, and when it is whole. */
  get repairing(): string {
    return join(this.path, "conversations.repairing.sqlite");
  }

  get repaired(): string {
    return join(this.path, "conversations.repaired.sqlite");
  }

  /** A copy of a damaged database, as long as it is being read. */
  get reading(): string {
    return join(this.path, "conversations.reading.sqlite");
  }

  /** There where damage was found that could not be repaired yet. */
  get damageMark(): string {
    return join(this.path, "conversations.needs-repair");
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** As SQLite is to open it. */
  location(file: string): string | URL {
    return this.#vfs === undefined ? file : this.url(file);
  }

  /** The same, as an address, to which parameters of SQLite can be added. */
  url(file: string): URL {
    const url = pathToFileURL(file);
    if (this.#vfs !== undefined) url.searchParams.set("vfs", this.#vfs);
    return url;
  }

  /** From now on this process has the database open. */
  get presence(): Presence {
    return (this.#presence ??= new Presence(this.location(this.file("conversations.lock"))));
  }

  leave(): void {
    this.#presence?.end();
    this.#presence = undefined;
  }

  /** The database with its journals. */
  databaseBytes(): number {
    return bytesOf(this.database);
  }

  /** Backups and set-aside databases, oldest first. */
  otherFiles(): readonly StoreFile[] {
    return readdirSync(this.path)
      .toSorted()
      .flatMap((name) => {
        const kind = otherFile.exec(name)?.groups?.["kind"];
        if (kind !== "backup" && kind !== "damaged") return [];
        return [{ name, kind, bytes: bytesOf(this.file(name)) } satisfies StoreFile];
      });
  }

  removeOtherFiles(): { readonly files: readonly string[]; readonly filesLeft: readonly string[] } {
    const files: string[] = [];
    const filesLeft: string[] = [];
    for (const { name } of this.otherFiles()) {
      try {
        removeDatabase(this.file(name));
        files.push(name);
      } catch {
        // Another program has it open. Its name is told, so that somebody can see to it.
        filesLeft.push(name);
      }
    }
    return { files, filesLeft };
  }

  /** A name for a copy made now: sorted by name, the copies are sorted by time. */
  nameFor(kind: StoreFile["kind"], note = ""): string {
    const time = new Date().toISOString().replace("T", "-").replaceAll(":", "").slice(0, -1);
    return `conversations.${kind}-${time}${note}.sqlite`;
  }
}

/** A database with what SQLite has put beside it. Throws what the file system throws. */
export function removeDatabase(file: string): void {
  for (const name of withCompanions(file)) rmSync(name, { force: true });
}

/** Renames what there is of it. Throws what the file system throws. */
export function moveDatabase(file: string, to: string): void {
  if (existsSync(file)) renameSync(file, to);
  moveCompanions(file, to);
}

/** Renames what SQLite has put beside a database, and leaves the database. Throws what the file system throws. */
export function moveCompanions(file: string, to: string): void {
  for (const suffix of companions) if (existsSync(file + suffix)) renameSync(file + suffix, to + suffix);
}

export function withCompanions(file: string): readonly string[] {
  return [file, ...companions.map((suffix) => file + suffix)];
}

function bytesOf(file: string): number {
  return withCompanions(file).reduce((sum, name) => sum + (existsSync(name) ? statSync(name).size : 0), 0);
}
