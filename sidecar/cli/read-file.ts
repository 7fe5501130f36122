// A file from the disk as a part of a prompt. Read when its turn comes, not before.

import { constants, createReadStream, openSync, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { Socket } from "node:net";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { invalidRequest } from "../answers/answer-error.ts";
import type { FilePart } from "../types.ts";
import { decodeText, NO_TEXT, readBytes, TEXT_LIMIT, TOO_LONG } from "./read-text.ts";

/** Throws a `ProviderError` with code `prompt-unreadable` that names the file and says why. */
export async function readFilePart(path: string, signal: AbortSignal): Promise<FilePart> {
  const text = decodeText(await bytesOf(path, signal));
  if (text === undefined) throw unreadable(path, `it ${NO_TEXT}`);
  return {
    type: "file",
    uri: pathToFileURL(resolve(path)).href,
    name: path,
    // The extension is what people write after a fence, too.
    languageId: extname(path).slice(1).toLowerCase(),
    text,
  };
}

async function bytesOf(path: string, signal: AbortSignal): Promise<Buffer> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw unreadable(path, "it is a folder");
    // What is no ordinary file (a pipe, a device) tells no size beforehand, and may have no end.
    const bytes = info.size > TEXT_LIMIT ? undefined : await readBytes(openFile(path, info, signal));
    if (bytes === undefined) throw unreadable(path, `it ${TOO_LONG}`);
    return bytes;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") throw unreadable(path, "there is no such file");
    if (code === "EACCES" || code === "EPERM") throw unreadable(path, "it may not be read");
    throw error;
  }
}

/**
 * To open a named pipe is to wait for its writer, in a thread that neither a signal nor the end of the process gets out of there.
 * Opened without waiting, it is a stream that is quiet until somebody writes.
 */
function openFile(path: string, info: Stats, signal: AbortSignal): AsyncIterable<Uint8Array> {
  if (!info.isFIFO()) return createReadStream(path, { signal });
  return new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false, signal });
}

function unreadable(path: string, problem: string): Error {
  return invalidRequest("prompt-unreadable", `${path} cannot be read: ${problem}.`);
}
