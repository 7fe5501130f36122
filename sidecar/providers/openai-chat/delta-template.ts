// Reads most chunks of a stream without parsing them. A server writes the same bytes around the text of each chunk, so once
// one chunk was parsed, another that begins and ends with the same bytes can differ in its text alone. Exact, not a guess:
// that what lies between is the text was proven by parsing the same chunk with another text in its place, and whatever does
// not fit (another field, an escape that is none) is parsed as ever. It halves what reading a stream costs. Beside the text there
// may be one more thing that is another one in each chunk: the padding behind which providers hide how long the text is.

import type { JsonObject, JsonValue } from "../../types.ts";
import { asList, asObject, parseJson } from "../json-fields.ts";

/** Fields of a delta that hold text. */
type DeltaField = "content" | "reasoning_content" | "reasoning";

interface Template {
  readonly field: DeltaField;
  /** Up to and including the quote that opens the text. */
  readonly prefix: string;
  /** From the quote that closes it: to the end, or up to and including the quote that opens the padding. */
  readonly suffix: string;
  /** From the quote that closes the padding; null: there is none. */
  readonly rest: string | null;
}

/** A chunk to learn from. Not learned from before the next one comes, so that nobody waits longer for the first word. */
interface Candidate {
  readonly data: string;
  readonly field: DeltaField;
  readonly text: string;
}

export interface TemplateMatch {
  readonly field: DeltaField;
  readonly text: string;
}

const PROBE = "a text that no chunk holds";
const PADDING_PROBE = "a padding that no chunk holds";
/** OpenAI's, and Mistral's: nobody reads them. Beside the choices, or in one. */
const PADDING = /"(?<name>obfuscation|p)":"[^"\\]*"/u;
/** Servers that write something new into every chunk are given up on after so many templates of little use. */
const MAX_USELESS = 16;

export class DeltaTemplate {
  #template: Template | null = null;
  #candidate: Candidate | null = null;
  #learned = 0;
  #matched = 0;

  /** The text of a chunk that differs from the learned one in nothing else; undefined for any other. */
  match(data: string): TemplateMatch | undefined {
    if (this.#candidate !== null) this.#learn(this.#candidate);
    const template = this.#template;
    if (template === null) return undefined;
    const { prefix, suffix, rest } = template;
    const end = (rest === null ? data.length : paddingOf(data, rest)) - suffix.length;
    if (end < prefix.length) return undefined;
    // Comparing slices is a comparison of memory; `startsWith` goes letter by letter and costs as much as parsing.
    if (data.slice(0, prefix.length) !== prefix || data.slice(end, end + suffix.length) !== suffix) return undefined;
    const written = data.slice(prefix.length, end);
    const text = isPlain(written) ? written : unescaped(written);
    // Where the one field says nothing another may be read in its stead.
    if (text === undefined || text === "") return undefined;
    this.#matched += 1;
    return { field: template.field, text };
  }

  /** False: nothing more is learned, and nobody needs to look whether something could be. */
  get learns(): boolean {
    return this.#learned - this.#matched <= MAX_USELESS;
  }

  /** To be called for a chunk that, read in full, brought `text` in `field` and nothing else. Used from the next chunk on. */
  learn(data: string, field: DeltaField, text: string): void {
    if (!this.learns) return;
    this.#learned += 1;
    this.#candidate = { data, field, text };
  }

  #learn({ data, field, text }: Candidate): void {
    this.#candidate = null;
    const opening = `"${field}":"`;
    const start = data.indexOf(opening);
    if (start < 0) return;
    const from = start + opening.length;
    const to = closingQuote(data, from);
    if (to < 0 || unescaped(data.slice(from, to)) !== text) return;
    this.#template = padded(data, field, from, to) ?? plain(data, field, from, to) ?? this.#template;
  }
}

function plain(data: string, field: DeltaField, from: number, to: number): Template | undefined {
  const [prefix, suffix] = [data.slice(0, from), data.slice(to)];
  const proof = parseJson(prefix + PROBE + suffix);
  return deltaField(proof, field) === PROBE ? { field, prefix, suffix, rest: null } : undefined;
}

/** Undefined where there is no padding behind the text. */
function padded(data: string, field: DeltaField, from: number, to: number): Template | undefined {
  const found = PADDING.exec(data.slice(to));
  const name = found?.groups?.["name"];
  if (found === null || name === undefined) return undefined;
  const close = to + found.index + found[0].length - 1;
  const [prefix, suffix, rest] = [data.slice(0, from), data.slice(to, data.lastIndexOf('"', close - 1) + 1), data.slice(close)];
  const proof = asObject(parseJson(prefix + PROBE + suffix + PADDING_PROBE + rest));
  const isPadding = proof?.[name] === PADDING_PROBE || asObject(asList(proof?.["choices"])?.[0])?.[name] === PADDING_PROBE;
  return isPadding && deltaField(proof, field) === PROBE ? { field, prefix, suffix, rest } : undefined;
}

/** Where the padding begins; -1 where there is none before what is to follow it. */
function paddingOf(data: string, rest: string): number {
  const close = data.length - rest.length;
  if (close < 1 || data.slice(close) !== rest) return -1;
  const open = data.lastIndexOf('"', close - 1) + 1;
  return isPlain(data.slice(open, close)) ? open : -1;
}

function deltaField(record: JsonValue | undefined, field: DeltaField): JsonValue | undefined {
  const choices = asList(asObject(record)?.["choices"]);
  const delta: JsonObject | undefined = choices?.length === 1 ? asObject(asObject(choices[0])?.["delta"]) : undefined;
  return delta?.[field];
}

/** Nothing that JSON would write in another way. */
function isPlain(written: string): boolean {
  for (let at = 0; at < written.length; at += 1) {
    const code = written.charCodeAt(at);
    if (code === 34 || code === 92 || code < 32) return false;
  }
  return true;
}

/** Undefined where the quotes do not enclose one JSON string. */
function unescaped(written: string): string | undefined {
  const text = parseJson(`"${written}"`);
  return typeof text === "string" ? text : undefined;
}

function closingQuote(data: string, from: number): number {
  for (let at = from; at < data.length; at += 1) {
    const code = data.charCodeAt(at);
    if (code === 34) return at;
    if (code === 92) at += 1;
  }
  return -1;
}
