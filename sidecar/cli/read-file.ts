// A file from the disk as a part of a prompt. Read when its turn comes, not before.

import { readFile, stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { invalidRequest } from "../answers/answer-error.ts";
import type { FilePart } from "../types.ts";

/** Bytes. No model reads as much. */
const FILE_LIMIT = 32 * 1024 * 1024;

/** Throws a `ProviderError` with code `prompt-unreadable` that names the file and says why. */
export async function readFilePart(path: string, signal: AbortSignal): Promise<FilePart> {
  const bytes = await readBytes(path, signal);
  return {
    type: "file",
    uri: pathToFileURL(resolve(path)).href,
    name: path,
    // The extension is what people write after a fence, too.
    languageId: extname(path).slice(1).toLowerCase(),
    text: textOf(path, bytes),
  };
}

async function readBytes(path: string, signal: AbortSignal): Promise<Buffer> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw unreadable(path, "it is a folder");
    if (info.size > FILE_LIMIT) throw unreadable(path, `it has ${Math.round(info.size / 1024 / 1024)} MB, and at most 32 are read`);
    const bytes = await readFile(path, { signal });
    // What is no ordinary file (a pipe) tells no size beforehand.
    if (bytes.length > FILE_LIMIT) throw unreadable(path, "it has more than 32 MB");
    return bytes;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") throw unreadable(path, "there is no such file");
    if (code === "EACCES" || code === "EPERM") throw unreadable(path, "it may not be read");
    throw error;
  }
}

function textOf(path: string, bytes: Buffer): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Told below: to whoever reads it, both mean the same.
  }
  throw unreadable(path, "it holds no text (UTF-8, or UTF-16 with a byte order mark)");
}

function unreadable(path: string, problem: string): Error {
  return invalidRequest("prompt-unreadable", `${path} cannot be read: ${problem}.`);
}
