// Where phrases stand in a text, and the piece of it that is shown of a hit.

import type { TextRange } from "../../store-results.ts";
import { type Phrase, placesOf } from "./phrases.ts";
import { foldWithPositions, isAscii } from "./words.ts";

interface Match {
  readonly start: number;
  readonly end: number;
  /** Which of the phrases. */
  readonly phrase: number;
}

export interface Snippet {
  readonly text: string;
  readonly matches: readonly TextRange[];
}

/** Of each phrase in one text. */
const mostMatches = 500;
/** UTF-16 units shown before the first thing found, and of all. */
const unitsBefore = 40;
const unitsShown = 200;

/** All places in the text, in order, none over another. Text is expected in the normal form C. */
export function rangesOf(text: string, phrases: readonly Phrase[]): readonly TextRange[] {
  return merged(matchesIn(text, phrases));
}

/** How often each phrase stands in a folded text. */
export function countsOf(folded: string, phrases: readonly Phrase[]): readonly number[] {
  const inAscii = isAscii(folded);
  return phrases.map((phrase) => placesOf(phrase, folded, inAscii).take(mostMatches).toArray().length);
}

/** The piece of the text with the most different phrases in it, on one line. */
export function snippetOf(text: string, phrases: readonly Phrase[]): Snippet {
  const matches = matchesIn(text, phrases);
  const first = bestStart(matches);
  const start = atBoundary(text, Math.max(0, first - unitsBefore), first);
  const end = start + unitsShown < text.length ? endBefore(text, start + unitsShown, first) : text.length;
  const within = matches.filter((match) => match.start >= start && match.end <= end);
  return onOneLine(text, [start, end], merged(within));
}

function matchesIn(text: string, phrases: readonly Phrase[]): readonly Match[] {
  const { text: folded, positions } = foldWithPositions(text);
  const original = (at: number): number => positions?.[at] ?? at;
  const matches = phrases.flatMap((phrase, at) =>
    placesOf(phrase, folded)
      .take(mostMatches)
      .map(({ 0: found, index }): Match => ({ start: original(index), end: original(index + found.length), phrase: at }))
      .toArray(),
  );
  return matches.sort((one, other) => one.start - other.start);
}

function merged(matches: readonly Match[]): readonly TextRange[] {
  const ranges: [number, number][] = [];
  for (const { start, end } of matches) {
    const last = ranges.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else ranges.push([start, end]);
  }
  return ranges;
}

/** Where the piece begins that shows the most different phrases; of equal ones the first. */
function bestStart(matches: readonly Match[]): number {
  let best = { start: matches[0]?.start ?? 0, phrases: 0 };
  for (const [at, { start }] of matches.entries()) {
    const seen = new Set<number>();
    for (let next = at; next < matches.length; next += 1) {
      const match = matches[next];
      if (match === undefined || match.end > start + unitsShown - unitsBefore) break;
      seen.add(match.phrase);
    }
    if (seen.size > best.phrases) best = { start, phrases: seen.size };
  }
  return best.start;
}

/** Behind the first space after `from`, where there is one before `until`; never inside a character. */
function atBoundary(text: string, from: number, until: number): number {
  if (from === 0) return 0;
  const space = text.slice(from, until).search(/\s/u);
  if (space !== -1) return from + space + 1;
  return isInsideCharacter(text, from) ? from + 1 : from;
}

/** Before the last space before `at`, where there is one in the second half. */
function endBefore(text: string, at: number, from: number): number {
  const half = Math.max(from, at - unitsShown / 2);
  const space = /\s\S*$/u.exec(text.slice(half, at));
  if (space !== null && space.index > 0) return half + space.index;
  return isInsideCharacter(text, at) ? at - 1 : at;
}

function isInsideCharacter(text: string, at: number): boolean {
  return /[\udc00-\udfff]/.test(text.charAt(at)) && /[\ud800-\udbff]/.test(text.charAt(at - 1));
}

/** Every gap becomes one space, and "…" stands where the text goes on. */
function onOneLine(text: string, [start, end]: TextRange, ranges: readonly TextRange[]): Snippet {
  let line = start > 0 ? "…" : "";
  const places = new Map<number, number>();
  for (let at = start; at < end; at += 1) {
    const character = text.charAt(at);
    const isGap = /\s/u.test(character);
    places.set(at, line.length);
    if (!isGap) line += character;
    else if (line !== "" && !line.endsWith(" ") && line !== "…") line += " ";
  }
  line = line.trimEnd();
  const place = (at: number): number => Math.min(places.get(at) ?? line.length, line.length);
  const matches = ranges.map(([from, to]): TextRange => [place(from), place(to)]);
  return { text: end < text.length ? `${line}…` : line, matches };
}
