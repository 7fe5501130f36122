// Files of exported conversations: written whole or not at all, and read within a bound.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Failure } from "../../failure.ts";
import { writeWholeFile } from "../../whole-file.ts";
import type { SessionStore } from "../store.ts";
import { invalidArchive, type ArchiveFormat } from "./conversation.ts";
import { exportConversation } from "./export-conversation.ts";
import { importConversation, type Imported } from "./import-conversation.ts";

/** Bytes of a file that is read; longer ones are refused. */
const mostBytes = 128 * 1024 * 1024;

export interface Exported {
  readonly bytes: number;
  /** Whether Parley reads a file of this size back. */
  readonly readable: boolean;
}

/** `.json` is JSON, everything else Markdown. */
export function formatOfPath(path: string): ArchiveFormat {
  return /\.json$/iu.test(path) ? "json" : "markdown";
}

/**
 * `path`: absolute; a file that is there is replaced when the new one is whole. Rejects as `exportConversation` does, and with
 * `not-written` where the file cannot be written.
 */
export async function exportToFile(
  store: SessionStore,
  session: string,
  path: string,
  { format = formatOfPath(path), signal }: { readonly format?: ArchiveFormat; readonly signal?: AbortSignal } = {},
): Promise<Exported> {
  let bytes = 0;
  const counted = async function* (): AsyncGenerator<string, void, undefined> {
    for await (const piece of exportConversation(store, session, format, signal)) {
      bytes += Buffer.byteLength(piece);
      yield piece;
    }
  };
  try {
    await writeWholeFile(path, counted());
  } catch (error) {
    if (error instanceof Failure || signal?.aborted === true) throw error;
    throw new Failure("not-written", `"${path}" cannot be written: ${words(error)}`, error);
  }
  return { bytes, readable: bytes <= mostBytes };
}

/** `path`: absolute. Rejects as `importConversation` does, with `invalid-archive` for what cannot be read, and with the signal's reason. */
export async function importFromFile(store: SessionStore, path: string, signal?: AbortSignal): Promise<Imported> {
  const text = await readArchive(path, signal);
  signal?.throwIfAborted();
  return importConversation(store, text);
}

async function readArchive(path: string, signal: AbortSignal | undefined): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    // Told before any of it is read; what has no size, such as a pipe, is told on the way.
    checkLength((await stat(path)).size);
    for await (const piece of createReadStream(path, signal === undefined ? {} : { signal })) {
      if (!(piece instanceof Buffer)) continue;
      length += piece.length;
      checkLength(length);
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    signal?.throwIfAborted();
    throw invalidArchive(`"${path}"`, `the file cannot be read: ${words(error)}`, error);
  }
  return decodeArchive(Buffer.concat(pieces));
}

function checkLength(bytes: number): void {
  if (bytes > mostBytes) throw invalidArchive("The file", `it has more than ${mostBytes / 1024 / 1024} MB, and no more are read`);
}

/** A byte order mark is no part of it. Throws a `Failure` with code `invalid-archive`. */
function decodeArchive(bytes: Uint8Array): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    throw invalidArchive("The file", "it is no text in UTF-8", error);
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
