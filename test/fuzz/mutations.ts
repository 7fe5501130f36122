// Ways to damage the bytes of a stream. Each takes its chances from a seeded source, so that a seed repeats a run.

import { below, oneOf, randomCuts, type Random } from "../support/seeded-random.ts";

export interface Mutation {
  readonly name: string;
  readonly apply: (bytes: Buffer, random: Random) => Buffer;
}

/** A value of every type that JSON has, and names that objects have by themselves. */
export const VALUES: readonly string[] = [
  "null",
  "true",
  "false",
  "0",
  "-1",
  "0.5",
  "1e999",
  "9007199254740993",
  '""',
  '"x"',
  '"\\ud800"',
  '"\\u2028"',
  "[]",
  "{}",
  "[[[]]]",
  "[null]",
  '{"type":5}',
  '"__proto__"',
  '"constructor"',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"length":1e9}',
];

const PROTOTYPE_NAMES: readonly string[] = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then", "toJSON"];
/** A value in JSON, as far as its beginning tells. */
const VALUE = /:\s*("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|null|true|false|\[\]|\{\})/gu;
const KEY = /"([a-z_]+)"(?=:)/gu;

const MUTATIONS: readonly Mutation[] = [
  { name: "cut short", apply: (bytes, random) => bytes.subarray(0, below(random, bytes.length)) },
  { name: "beginning lost", apply: (bytes, random) => bytes.subarray(below(random, bytes.length)) },
  { name: "bytes flipped", apply: flipped },
  { name: "a hole", apply: (bytes, random) => withoutPart(bytes, randomCuts(random, bytes.length, 2)) },
  { name: "an end twice", apply: (bytes, random) => Buffer.concat([bytes, bytes.subarray(below(random, bytes.length))]) },
  {
    name: "lines doubled",
    apply: (bytes, random) => byLine(bytes, (lines) => lines.flatMap((line) => (random() < 0.2 ? [line, line] : [line]))),
  },
  { name: "lines dropped", apply: (bytes, random) => byLine(bytes, (lines) => lines.filter(() => random() >= 0.2)) },
  { name: "lines swapped", apply: (bytes, random) => byLine(bytes, (lines) => swapped(lines, random)) },
  { name: "lines shuffled", apply: (bytes, random) => byLine(bytes, (lines) => shuffled(lines, random)) },
  {
    name: "other values",
    apply: (bytes, random) => replaced(bytes, VALUE, (found) => (random() < 0.1 ? `:${oneOf(random, VALUES)}` : found)),
  },
  {
    name: "prototype names",
    apply: (bytes, random) => replaced(bytes, KEY, (found) => (random() < 0.15 ? `"${oneOf(random, PROTOTYPE_NAMES)}"` : found)),
  },
  { name: "numbers grown", apply: (bytes, random) => replaced(bytes, /\d+/gu, (found) => (random() < 0.1 ? found.repeat(40) : found)) },
  { name: "no line ends", apply: (bytes, random) => replaced(bytes, /\n/gu, (found) => (random() < 0.5 ? " " : found)) },
  { name: "other line ends", apply: (bytes, random) => replaced(bytes, /\n/gu, () => oneOf(random, ["\n", "\r", "\r\n", "\n\r"])) },
  { name: "JSON cut in lines", apply: (bytes, random) => replaced(bytes, /,/gu, (found) => (random() < 0.1 ? ",\n" : found)) },
];

/** One damage as a rule, sometimes two. `name` says which. */
export function mutate(bytes: Buffer, random: Random): { readonly name: string; readonly bytes: Buffer } {
  const first = oneOf(random, MUTATIONS);
  const once = bytes.length === 0 ? bytes : first.apply(bytes, random);
  if (once.length === 0 || random() < 0.75) return { name: first.name, bytes: once };
  const second = oneOf(random, MUTATIONS);
  return { name: `${first.name}, ${second.name}`, bytes: second.apply(once, random) };
}

function flipped(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const count = 1 + below(random, 6);
  for (let done = 0; done < count; done += 1) copy[below(random, copy.length)] = below(random, 256);
  return copy;
}

function withoutPart(bytes: Buffer, [from = 0, to = 0]: readonly number[]): Buffer {
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
}

function byLine(bytes: Buffer, change: (lines: readonly string[]) => readonly string[]): Buffer {
  return Buffer.from(change(bytes.toString("utf8").split("\n")).join("\n"));
}

function swapped(lines: readonly string[], random: Random): readonly string[] {
  const copy = [...lines];
  for (let done = 0; done < 4; done += 1) {
    const [one, other] = [below(random, copy.length), below(random, copy.length)];
    [copy[one], copy[other]] = [copy[other] ?? "", copy[one] ?? ""];
  }
  return copy;
}

function shuffled(lines: readonly string[], random: Random): readonly string[] {
  return lines
    .map((line) => ({ line, place: random() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ line }) => line);
}

function replaced(bytes: Buffer, pattern: RegExp, change: (found: string) => string): Buffer {
  return Buffer.from(bytes.toString("utf8").replaceAll(pattern, change));
}
