// Reads most records of a stream without parsing them. A server writes the same bytes around the text of each record, so once
// one record was parsed, another that begins and ends with the same bytes can differ in its text alone. Exact, not a guess:
// that what lies between is the text was proven by parsing the same record with another text in its place, and whatever does
// not fit (another field, an escape that is none) is parsed as ever. It halves what reading a stream costs. Before the text and
// behind it there may be one more thing that is another one in each record, and of which the wire says what it is: a time, a number, the
// padding behind which providers hide how long the text is, what was counted so far. Anthropic pads with blanks before the last brace.

import type { JsonObject, JsonValue } from "../types.ts";
import { endOfString } from "../json-depth.ts";
import { asObject, parseJson } from "./json-fields.ts";

/** What can be another one in each record. */
type Kind = Varying["kind"] | "blanks";

/** Something that may be another one in each record without a meaning for the answer, or with one that is given with the match. */
export interface Varying {
  readonly name: string;
  /** Text and counts are passed over; an object is given with the match, if it stands behind the text. */
  readonly kind: "text" | "count" | "object";
  readonly valueOf: (record: JsonObject) => JsonValue | undefined;
}

/** How a wire writes records that bring text. */
export interface RecordShape<Field extends string> {
  readonly textOf: (record: JsonObject, field: Field) => JsonValue | undefined;
  readonly varying: readonly Varying[];
}

export interface TextMatch<Field extends string, Place> {
  readonly field: Field;
  readonly text: string;
  /** What was told with the record that was learned from. */
  readonly place: Place;
  /** The object that varies, where there is one. */
  readonly varied: JsonObject | undefined;
}

/** A place in a record whose value varies: it is between `from` and `to`. */
interface Hole {
  readonly kind: Kind;
  readonly valueOf: (record: JsonObject) => JsonValue | undefined;
  readonly from: number;
  readonly to: number;
}

interface Template<Field, Place> {
  readonly field: Field;
  readonly place: Place;
  /** What varies before the text, and all before that. */
  readonly before: Kind | null;
  readonly head: string;
  /** Up to and including the quote that opens the text. */
  readonly prefix: string;
  /** From the quote that closes it. */
  readonly suffix: string;
  /** What varies behind that, and all behind it. */
  readonly behind: Kind | null;
  readonly rest: string;
}

/** A record to learn from. Not learned from before the next one comes, so that nobody waits longer for the first word. */
interface Candidate<Field, Place> {
  readonly data: string;
  readonly field: Field;
  readonly text: string;
  readonly place: Place;
}

const PROBE = "a text that no record holds";
const COUNT_PROBE = 987_654_321_012;
const VARYING_PROBES: Readonly<Record<Kind, JsonValue>> = {
  text: "a text that varies in no record",
  count: COUNT_PROBE,
  object: { probe: COUNT_PROBE },
  blanks: "  ",
};
/** Servers that write something new into every record are given up on after so many templates of little use. */
const MAX_USELESS = 16;
/** Of a count. */
const MAX_DIGITS = 15;

/** `Place`: what its owner wants to be told with a match, of the record that was learned from. */
export class TextTemplate<Field extends string, Place = undefined> {
  readonly #shape: RecordShape<Field>;
  #template: Template<Field, Place> | null = null;
  #candidate: Candidate<Field, Place> | null = null;
  #learned = 0;
  #matched = 0;

  constructor(shape: RecordShape<Field>) {
    this.#shape = shape;
  }

  /** The text of a record that differs from the learned one in nothing else that counts; undefined for any other. */
  match(data: string): TextMatch<Field, Place> | undefined {
    if (this.#candidate !== null) this.#learn(this.#candidate);
    const template = this.#template;
    if (template === null) return undefined;
    const { head, before, prefix, suffix, behind, rest } = template;
    const from = before === null ? 0 : endOfBefore(data, head, before);
    if (from < 0) return undefined;
    const start = from + prefix.length;
    const end = behind === null ? data.length - suffix.length : startOfSuffix(data, template, start);
    if (end < start) return undefined;
    // Comparing slices is a comparison of memory; `startsWith` goes letter by letter and costs as much as parsing.
    if (data.slice(from, start) !== prefix || data.slice(end, end + suffix.length) !== suffix) return undefined;
    const written = data.slice(start, end);
    const text = isPlain(written) ? apart(written) : unescaped(written);
    // Where the one field says nothing another may be read in its stead.
    if (text === undefined || text === "") return undefined;
    let varied: JsonObject | undefined;
    if (behind === "object") {
      varied = asObject(parseJson(data.slice(end + suffix.length, data.length - rest.length)));
      if (varied === undefined) return undefined;
    }
    this.#matched += 1;
    return { field: template.field, text, place: template.place, varied };
  }

  /** False: nothing more is learned, and nobody needs to look whether something could be. */
  get learns(): boolean {
    return this.#learned - this.#matched <= MAX_USELESS;
  }

  /** To be called for a record that, read in full, brought `text` in `field`, perhaps the object that varies, and nothing else. Used from the next one on. */
  learn(data: string, field: Field, text: string, place: Place): void {
    if (!this.learns) return;
    this.#learned += 1;
    this.#candidate = { data, field, text, place };
  }

  #learn({ data, field, text, place }: Candidate<Field, Place>): void {
    this.#candidate = null;
    const opening = `"${field}":"`;
    const start = data.indexOf(opening);
    if (start < 0) return;
    const from = start + opening.length;
    const to = closingQuote(data, from);
    if (to < 0 || unescaped(data.slice(from, to)) !== text) return;
    const before = this.#holeIn(
      data,
      0,
      start,
      this.#shape.varying.filter(({ kind }) => kind !== "object"),
    );
    const behind = this.#holeIn(data, to, data.length, this.#shape.varying) ?? blanksOf(data, to);
    const proven = this.#proven(data, field, from, to, before, behind) ?? this.#proven(data, field, from, to);
    if (proven !== undefined) this.#template = { ...proven, place };
  }

  /** The first thing that may vary there. */
  #holeIn(data: string, start: number, end: number, varyings: readonly Varying[]): Hole | undefined {
    for (const varying of varyings) {
      const hole = holeOf(varying, data, start, end);
      if (hole !== undefined) return hole;
    }
    return undefined;
  }

  #proven(
    data: string,
    field: Field,
    from: number,
    to: number,
    before?: Hole,
    behind?: Hole,
  ): Omit<Template<Field, Place>, "place"> | undefined {
    const head = before === undefined ? "" : data.slice(0, before.from);
    const prefix = data.slice(before?.to ?? 0, from);
    const suffix = data.slice(to, behind?.from);
    const rest = behind === undefined ? "" : data.slice(behind.to);
    const proof = asObject(parseJson(head + probeOf(before) + prefix + PROBE + suffix + probeOf(behind) + rest));
    if (proof === undefined || this.#shape.textOf(proof, field) !== PROBE || !isProbe(before, proof) || !isProbe(behind, proof))
      return undefined;
    return { field, before: before?.kind ?? null, head, prefix, suffix, behind: behind?.kind ?? null, rest };
  }
}

/** Of objects only those are found that hold none. */
function holeOf(varying: Varying, data: string, start: number, end: number): Hole | undefined {
  const { name, kind } = varying;
  const opening = `"${name}":${kind === "text" ? '"' : kind === "object" ? "{" : ""}`;
  const at = data.indexOf(opening, start);
  if (at < 0 || at + opening.length > end) return undefined;
  const from = at + opening.length - (kind === "object" ? 1 : 0);
  const to = kind === "text" ? closingQuote(data, from) : kind === "count" ? endOfDigits(data, from) : endOfObject(data, from);
  return to < 0 || to > end ? undefined : { kind, valueOf: varying.valueOf, from, to };
}

/** Where nothing but braces follows the text, blanks before the last one are in no string. */
function blanksOf(data: string, to: number): Hole | undefined {
  if (!/^"\}* *\}$/u.test(data.slice(to))) return undefined;
  const close = data.length - 1;
  return { kind: "blanks", valueOf: () => undefined, from: startOfBlanks(data, close), to: close };
}

/** As it is written into the record; a text between its quotes. */
function probeOf(hole: Hole | undefined): string {
  if (hole === undefined) return "";
  const probe = JSON.stringify(VARYING_PROBES[hole.kind]);
  return hole.kind === "text" || hole.kind === "blanks" ? probe.slice(1, -1) : probe;
}

function isProbe(hole: Hole | undefined, proof: JsonObject): boolean {
  if (hole === undefined || hole.kind === "blanks") return true;
  const value = hole.valueOf(proof);
  return hole.kind === "object" ? asObject(value)?.["probe"] === COUNT_PROBE : value === VARYING_PROBES[hole.kind];
}

/** Where what varies before the text has ended; -1 where it cannot be that. */
function endOfBefore(data: string, head: string, kind: Kind): number {
  if (data.slice(0, head.length) !== head) return -1;
  if (kind === "count") return endOfDigits(data, head.length);
  const close = data.indexOf('"', head.length);
  return close >= 0 && isPlain(data.slice(head.length, close)) ? close : -1;
}

/** Where the text has ended, with what varies behind it; -1 where that cannot be it. */
function startOfSuffix(data: string, { suffix, behind, rest }: Template<string, unknown>, textStart: number): number {
  const close = data.length - rest.length;
  if (close < 1 || data.slice(close) !== rest) return -1;
  if (behind === "object") return data.indexOf(suffix, textStart);
  if (behind === "blanks") return startOfBlanks(data, close) - suffix.length;
  const open = behind === "count" ? startOfDigits(data, close) : data.lastIndexOf('"', close - 1) + 1;
  return open >= 0 && (behind === "count" || isPlain(data.slice(open, close))) ? open - suffix.length : -1;
}

function startOfBlanks(data: string, to: number): number {
  let from = to;
  while (from > 0 && data.charCodeAt(from - 1) === 32) from -= 1;
  return from;
}

/** -1: there is no count. */
function endOfDigits(data: string, from: number): number {
  let to = from;
  while (to - from < MAX_DIGITS && isDigit(data, to)) to += 1;
  // JSON writes no zero before other digits.
  return to === from || isDigit(data, to) || (to - from > 1 && data[from] === "0") ? -1 : to;
}

/** -1: there is no count. */
function startOfDigits(data: string, to: number): number {
  let from = to;
  while (to - from < MAX_DIGITS && isDigit(data, from - 1)) from -= 1;
  return from === to || isDigit(data, from - 1) || (to - from > 1 && data[from] === "0") ? -1 : from;
}

function isDigit(data: string, at: number): boolean {
  const code = data.charCodeAt(at);
  return code >= 48 && code <= 57;
}

/** Behind the brace that closes the one at `from`; -1: there is none. */
function endOfObject(data: string, from: number): number {
  let depth = 0;
  for (let at = from; at < data.length; at += 1) {
    const code = data.charCodeAt(at);
    if (code === 34) at = endOfString(data, at + 1);
    else if (code === 123) depth += 1;
    else if (code === 125 && (depth -= 1) === 0) return at + 1;
  }
  return -1;
}

/** Nothing that JSON would write in another way. */
function isPlain(written: string): boolean {
  for (let at = 0; at < written.length; at += 1) {
    const code = written.charCodeAt(at);
    if (code === 34 || code === 92 || code < 32) return false;
  }
  return true;
}

/** From this length on a part of a text is a view of it, which keeps all of it in memory (V8's `SlicedString::kMinLength`). */
const LEAST_VIEW = 13;

/** The same text without the record, or the read of the socket, that it is a part of. */
function apart(text: string): string {
  return text.length < LEAST_VIEW ? text : ` ${text}`.slice(1);
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
