// A memory of this window that is on the disk when `update` returns. The editor's own writes some time later, in a browser a tenth
// of a second or more, and what was told to it just before the window is reloaded is lost.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

/** As the editor's `Memento` has it. */
export interface WindowMemory {
  get(key: string): unknown;
  update(key: string, value: unknown): unknown;
}

export class WindowFile implements WindowMemory {
  readonly #file: string;
  #values: Map<string, unknown> | undefined;

  /** Reads nothing yet. What cannot be read is empty; what cannot be written is remembered as long as the window lives. */
  constructor(file: string) {
    this.#file = file;
  }

  get(key: string): unknown {
    return this.#read().get(key);
  }

  /** `value`: what JSON can say; undefined forgets it. */
  update(key: string, value: unknown): void {
    const values = this.#read();
    if (value === undefined) values.delete(key);
    else values.set(key, value);
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true });
      // Put in its place whole: whoever ends in the middle leaves what was there.
      writeFileSync(`${this.#file}.new`, JSON.stringify(Object.fromEntries(values)));
      renameSync(`${this.#file}.new`, this.#file);
    } catch {
      // A disk that is full or locked is told by the store, which needs it more.
    }
  }

  #read(): Map<string, unknown> {
    this.#values ??= new Map(readValues(this.#file));
    return this.#values;
  }
}

function readValues(file: string): readonly (readonly [key: string, value: unknown])[] {
  try {
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof json === "object" && json !== null && !Array.isArray(json) ? Object.entries(json) : [];
  } catch {
    return [];
  }
}
