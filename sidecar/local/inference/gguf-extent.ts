// Whether a GGUF file is all there: its header says where the data of each tensor begins. Read before any library reads it,
// because what lies behind the end of a cut file is zeros to node-llama-cpp, and counts that are wrong are believed.
// Source of the format: docs/gguf.md of the ggml project.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { localError } from "../local-error.ts";

const MAGIC = "GGUF";
/** Earlier versions counted in other widths, and later ones are not known: they are left to who reads the file. */
const VERSIONS: readonly number[] = [2, 3];
const STRING = 8;
const ARRAY = 9;
/** Bytes of the values of each type but strings and arrays, by the type's number. */
const VALUE_BYTES: readonly (number | undefined)[] = [1, 1, 2, 2, 4, 4, 4, 1, undefined, undefined, 8, 8, 8];
const PIECE = 1 << 20;
/** Bytes. Large vocabularies take some 15 MB. */
const LARGEST_HEADER = 64 * PIECE;
/** Entries of the header, and tensors. Models have some dozens and some thousands. */
const MOST_COUNTED = 100_000;
/** Arrays in arrays; no known file has any. */
const DEEPEST = 4;

/** The header goes on where the file ends. */
class CutShort extends Error {}
/** The header is none. */
class NotReadable extends Error {}

/** Throws `model-incomplete` with the sizes, or `not-a-model`. A file of another kind passes, unless it is too short for any. */
export function checkExtent(file: string): void {
  const reader = new HeaderReader(file);
  try {
    if (reader.size < MAGIC.length) throw tooShort(file, reader.size);
    const needed = bytesNeeded(reader);
    if (needed <= reader.size) return;
    throw incomplete(file, `it has ${megabytes(reader.size)}, and its header tells of more than ${megabytes(needed)}`);
  } catch (error) {
    if (error instanceof CutShort) throw incomplete(file, `its ${megabytes(reader.size)} end within its header`);
    if (error instanceof NotReadable) throw localError("not-a-model", `${file} is damaged: ${error.message}.`, "before-headers", error);
    throw error;
  } finally {
    reader.close();
  }
}

/** Whoever reads such a file finds blanks where the file has nothing, and tells of those. */
function tooShort(file: string, bytes: number): Error {
  const size = bytes === 0 ? "is empty (0 bytes)" : `has only ${bytes} byte${bytes === 1 ? "" : "s"}`;
  return localError("not-a-model", `${file} ${size}, so it is no GGUF file.`);
}

function incomplete(file: string, how: string): Error {
  return localError("model-incomplete", `${file} is cut short: ${how}. Download it again.`);
}

function megabytes(bytes: number): string {
  return bytes < 100_000 ? `${bytes} bytes` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Bytes up to where the last tensor begins; 0 where that cannot be told. */
function bytesNeeded(reader: HeaderReader): number {
  if (reader.text(MAGIC.length) !== MAGIC || !VERSIONS.includes(reader.uint32())) return 0;
  const tensors = reader.uint64();
  const entries = reader.uint64();
  if (Math.max(tensors, entries) > MOST_COUNTED) throw new NotReadable("its header counts more parts than any model has");
  for (let entry = 0; entry < entries; entry++) {
    reader.skip(reader.uint64());
    skipValue(reader, reader.uint32(), 0);
  }
  let last = 0;
  for (let tensor = 0; tensor < tensors; tensor++) {
    reader.skip(reader.uint64());
    // Its dimensions, and the type of its numbers.
    reader.skip(reader.uint32() * 8 + 4);
    last = Math.max(last, reader.uint64());
  }
  return tensors === 0 ? 0 : reader.at + last;
}

function skipValue(reader: HeaderReader, type: number, depth: number): void {
  const bytes = VALUE_BYTES[type];
  if (bytes !== undefined) return reader.skip(bytes);
  if (type === STRING) return reader.skip(reader.uint64());
  if (type !== ARRAY || depth === DEEPEST) throw new NotReadable(`its header has a value of an unknown kind at byte ${reader.at}`);
  const of = reader.uint32();
  const count = reader.uint64();
  const each = VALUE_BYTES[of];
  if (each !== undefined) return reader.skip(count * each);
  for (let item = 0; item < count; item++) skipValue(reader, of, depth + 1);
}

/** Reads forwards, a piece of the file at a time. Every step fails where the file or what a header may have ends. */
class HeaderReader {
  readonly size: number;
  readonly #file: number;
  readonly #piece = Buffer.alloc(PIECE);
  #pieceAt = 0;
  #pieceEnd = 0;
  #at = 0;

  constructor(path: string) {
    this.#file = openSync(path, "r");
    this.size = fstatSync(this.#file).size;
  }

  /** Bytes from the beginning of the file. */
  get at(): number {
    return this.#at;
  }

  close(): void {
    closeSync(this.#file);
  }

  skip(bytes: number): void {
    if (this.#at + bytes > this.size) throw new CutShort();
    if (this.#at + bytes > LARGEST_HEADER) throw new NotReadable("its header is larger than that of any model");
    this.#at += bytes;
  }

  text(bytes: number): string {
    const at = this.#step(bytes);
    return this.#piece.toString("latin1", at, at + bytes);
  }

  uint32(): number {
    return this.#piece.readUInt32LE(this.#step(4));
  }

  /** Beyond 2^53 it is not exact, and too large in any case. */
  uint64(): number {
    const at = this.#step(8);
    return this.#piece.readUInt32LE(at) + this.#piece.readUInt32LE(at + 4) * 2 ** 32;
  }

  /** Where in the piece the next bytes stand, which are passed. */
  #step(bytes: number): number {
    const at = this.#at;
    this.skip(bytes);
    if (at < this.#pieceAt || this.#at > this.#pieceEnd) {
      this.#pieceAt = at;
      this.#pieceEnd = at + readSync(this.#file, this.#piece, 0, PIECE, at);
      if (this.#at > this.#pieceEnd) throw new CutShort();
    }
    return at - this.#pieceAt;
  }
}
