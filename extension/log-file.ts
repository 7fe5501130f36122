// The log as files on the disk, for whoever reports what went wrong after the window is gone: `parley-sidecar.log` and the
// files before it, `parley-sidecar.1.log` being the newest of them. A full file is put aside and the oldest deleted, so that
// a sidecar that talks without end cannot fill the disk.

import { appendFileSync, mkdirSync } from "node:fs";
import { appendFile, mkdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Disposable } from "./dispose.ts";

export interface LogFileOptions {
  readonly folder: string;
  /** Bytes of one file. Default 2 MB. */
  readonly maxBytes?: number;
}

const NAME = "parley-sidecar";
const FILES = 5;
const MAX_BYTES = 2 * 1024 * 1024;
/** Bytes that may wait for a disk that does not take them; lines beyond are dropped and counted, since a log must not eat the memory. */
const MOST_WAITING = 1024 * 1024;

export class LogFile implements Disposable {
  readonly #folder: string;
  readonly #maxBytes: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  /** Of the file that is written to; null until it was looked at. */
  #size: number | null = null;
  #writing: Promise<void> | null = null;
  #broken = false;

  /** Touches nothing until the first line. */
  constructor({ folder, maxBytes = MAX_BYTES }: LogFileOptions) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /** Newest first: where lines go, and what was put aside. */
  get files(): readonly string[] {
    return Array.from({ length: FILES }, (_, age) => join(this.#folder, age === 0 ? `${NAME}.log` : `${NAME}.${age}.log`));
  }

  /** One line, without its line break. Never throws: where the disk does not take it, the log in the editor still has it. */
  write(line: string): void {
    if (this.#broken) return;
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#waitingBytes + bytes > MOST_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(`${line}\n`);
    this.#waitingBytes += bytes;
    this.#writing ??= this.#work();
  }

  /** Resolves when everything that was written so far is in the file. */
  async flushed(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  /** What still waits is written before this returns: nobody may be there afterwards to write it. */
  dispose(): void {
    const text = this.#take();
    this.#broken = true;
    if (text === "") return;
    try {
      mkdirSync(this.#folder, { recursive: true });
      appendFileSync(this.#newest, text);
    } catch {
      // The editor's own log has it.
    }
  }

  get #newest(): string {
    return join(this.#folder, `${NAME}.log`);
  }

  async #work(): Promise<void> {
    try {
      // Lines of one turn of the event loop are written together.
      await new Promise(setImmediate);
      for (let text = this.#take(); text !== ""; text = this.#take()) await this.#append(text);
    } catch {
      this.#broken = true;
    } finally {
      this.#writing = null;
    }
  }

  #take(): string {
    const dropped = this.#dropped === 0 ? "" : `… ${this.#dropped} lines were left out, since the disk did not take them in time.\n`;
    const text = this.#waiting.join("") + dropped;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#dropped = 0;
    return text;
  }

  /** A text of more than one file is cut between lines. */
  async #append(text: string): Promise<void> {
    this.#size ??= await this.#open();
    for (const piece of this.#pieces(text)) {
      const bytes = Buffer.byteLength(piece);
      if (this.#size > 0 && this.#size + bytes > this.#maxBytes) {
        await this.#rotate();
        this.#size = 0;
      }
      await appendFile(this.#newest, piece);
      this.#size += bytes;
    }
  }

  *#pieces(text: string): Generator<string> {
    let from = 0;
    while (text.length - from > this.#maxBytes / 4) {
      const end = text.indexOf("\n", from + Math.floor(this.#maxBytes / 8));
      if (end < 0) break;
      yield text.slice(from, end + 1);
      from = end + 1;
    }
    if (from < text.length) yield text.slice(from);
  }

  async #open(): Promise<number> {
    await mkdir(this.#folder, { recursive: true });
    try {
      return (await stat(this.#newest)).size;
    } catch {
      return 0;
    }
  }

  async #rotate(): Promise<void> {
    const files = this.files.toReversed();
    for (const [index, older] of files.entries()) {
      const newer = files[index + 1];
      // Those that do not exist yet are no matter. The oldest is replaced.
      if (newer !== undefined) await rename(newer, older).catch(() => {});
    }
  }
}
