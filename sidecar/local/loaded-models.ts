// Which models this machine's windows have in memory: a notice of each process in a folder that all of them share, so that a
// window can say that a model is loaded elsewhere before it takes the same memory once more. Files, and not the store of
// conversations: a notice must also be had where the database is locked, damaged or absent, and is worth nothing after its
// process has ended. A process that was killed leaves its notice behind; it is passed over, since its pid is gone or its
// heartbeat is old, and deleted by whoever sees it.

import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { processExists } from "../process-exists.ts";

export interface ModelInMemory {
  /** Absolute path of its file. */
  readonly file: string;
  /** Bytes of its weights and its context, as far as llama.cpp tells. */
  readonly bytes: number;
  /** Tokens that prompt and answer may have together. */
  readonly contextWindow?: number;
}

interface Notice {
  readonly pid: number;
  readonly models: readonly ModelInMemory[];
}

/** Milliseconds between two heartbeats, and without one until a pid is taken for another process that has the number now. */
const HEARTBEAT_MS = 5000;
const SILENCE_MS = 6 * HEARTBEAT_MS;
/** Notices that are looked at, and characters of one: the folder is the user's, and anything may lie there. */
const MOST_NOTICES = 64;
const LONGEST_NOTICE = 64 * 1024;

export class LoadedModels {
  readonly #folder: string;
  readonly #file: string;
  #heartbeat: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  /** Touches nothing until a model is loaded. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, `${process.pid}-${randomUUID()}.json`);
  }

  /**
   * What this process has in memory from now on. Never throws: where the folder cannot be written to, nobody is told, and
   * everything works all the same. In the order of the calls.
   */
  tell(models: readonly ModelInMemory[]): Promise<void> {
    this.#work = this.#work.then(() => this.#write(models)).catch(() => {});
    return this.#work;
  }

  /** The other processes' notices of this file, as far as they live. Empty where the folder cannot be read. */
  async elsewhere(file: string): Promise<readonly ModelInMemory[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const others = names.filter((name) => name.endsWith(".json") && join(this.#folder, name) !== this.#file).slice(0, MOST_NOTICES);
    const notices = await Promise.all(others.map((name) => readNotice(join(this.#folder, name))));
    return notices.flatMap((notice) => notice?.models.filter((model) => model.file === file) ?? []);
  }

  /** Takes the notice down. */
  async close(): Promise<void> {
    await this.tell([]);
  }

  async #write(models: readonly ModelInMemory[]): Promise<void> {
    clearInterval(this.#heartbeat);
    if (models.length === 0) {
      await rm(this.#file, { force: true });
      return;
    }
    await mkdir(this.#folder, { recursive: true });
    const notice: Notice = { pid: process.pid, models };
    // Whoever reads sees the notice before or the notice after, never half of one.
    await writeFile(`${this.#file}.new`, JSON.stringify(notice));
    await rename(`${this.#file}.new`, this.#file);
    this.#heartbeat = setInterval(() => {
      const now = new Date();
      utimes(this.#file, now, now).catch(() => {});
    }, HEARTBEAT_MS).unref();
  }
}

/** Undefined for one that cannot be read or whose process is gone. */
async function readNotice(file: string): Promise<Notice | undefined> {
  try {
    const { mtimeMs, size } = await stat(file);
    if (size > LONGEST_NOTICE) return undefined;
    const notice: unknown = JSON.parse(await readFile(file, "utf8"));
    if (!isNotice(notice)) return undefined;
    if (processExists(notice.pid) && Date.now() - mtimeMs < SILENCE_MS) return notice;
    await rm(file, { force: true });
  } catch {
    // Taken down meanwhile, or no notice at all.
  }
  return undefined;
}

function isNotice(value: unknown): value is Notice {
  if (!isRecord(value) || !Number.isInteger(value["pid"]) || !Array.isArray(value["models"])) return false;
  return value["models"].every((model) => isRecord(model) && typeof model["file"] === "string" && typeof model["bytes"] === "number");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
