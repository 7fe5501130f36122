// What one answer may hold beside its text: calls of tools, and what goes back to its provider as it came. It is held until the
// answer ends, in several times the memory that it took on the wire, so that a small answer could take all there is.

import type { JsonValue } from "../types.ts";
import { AnswerTooLarge } from "./wire-adapter.ts";

/** Of tools. More than any model asks for at once; each may be compared with all others. */
export const MAX_CALLS = 1000;
/** Of any kind. More than one for each token of the longest answers. */
export const MAX_PARTS = 200_000;
/** Bytes of memory, about: room for several pictures. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Bytes that a value takes for being one, about: an object as much as its four first fields would. */
const VALUE_BYTES = 16;
const OBJECT_BYTES = 96;

/** Of one answer. Each method throws `AnswerTooLarge`. */
export class HeldParts {
  #calls = 0;
  #parts = 0;
  #bytes = 0;

  addCall(call: JsonValue | undefined): void {
    this.#calls += 1;
    if (this.#calls > MAX_CALLS) throw new AnswerTooLarge(`more than ${MAX_CALLS} calls of tools`);
    this.addPart(call);
  }

  addPart(part: JsonValue | undefined): void {
    this.#parts += 1;
    if (this.#parts > MAX_PARTS) throw new AnswerTooLarge(`more than ${MAX_PARTS} parts`);
    this.#addBytes(bytesOf(part));
  }

  /** A piece of a part that grows. */
  addText(text: string): void {
    this.#addBytes(text.length);
  }

  #addBytes(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MAX_BYTES) throw new AnswerTooLarge(`calls of tools and other parts of more than ${MAX_BYTES} bytes`);
  }
}

/** Nested no deeper than `MAX_JSON_DEPTH`, as all that `parseJson` gives. */
function bytesOf(value: JsonValue | undefined): number {
  if (typeof value === "string") return VALUE_BYTES + value.length;
  if (typeof value !== "object" || value === null) return VALUE_BYTES;
  let bytes = OBJECT_BYTES;
  if (Array.isArray(value)) for (const one of value) bytes += bytesOf(one);
  else for (const [key, one] of Object.entries(value)) bytes += key.length + VALUE_BYTES + bytesOf(one);
  return bytes;
}
