// Text as the search over conversations sees it: without case and diacritics, and as words. Where a script sets no spaces
// between words (Chinese, Japanese, Thai, …; Korean too, whose words carry their grammar with them) each run of characters
// counts as the pairs of neighbours in it, so that any two characters that stand together can be found; its last character
// stands for itself, so that each character begins one of the run's words and can be found alone.

import { Buffer } from "node:buffer";

/** Characters of such scripts, as the inside of a regular expression's class (flag `v`). */
const unspaced =
  "[\\p{scx=Hani}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Hang}\\p{scx=Bopo}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}]&&[\\p{L}\\p{M}\\p{N}]";
/** Characters of all other words. */
export const wordCharacter = `[[\\p{L}\\p{M}\\p{N}]--[${unspaced}]]`;
/** What stands between words. */
export const separator = "[^\\p{L}\\p{M}\\p{N}]";

/** The same for text in ASCII, which is most text, and is found several times faster this way. */
export const asciiWordCharacter = "[a-z0-9]";
export const asciiSeparator = "[^a-z0-9]";
const asciiPieces = new RegExp(`${asciiWordCharacter}+`, "g");

const pieces = new RegExp(`(?<run>[${unspaced}]+)|${wordCharacter}+`, "gv");

/** Of a longer word, as pasted data has them, only the beginning counts. */
export const longestWord = 40;

export interface Piece {
  readonly kind: "word" | "run";
  /** Folded; a word cut to `longestWord`. */
  readonly text: string;
}

/** Words and runs of folded text, in order. */
export function piecesOf(folded: string): readonly Piece[] {
  if (isAscii(folded)) return (folded.match(asciiPieces) ?? []).map((word) => ({ kind: "word", text: word.slice(0, longestWord) }));
  return Array.from(folded.matchAll(pieces), ({ 0: text, groups }): Piece => {
    return groups?.["run"] === undefined ? { kind: "word", text: text.slice(0, longestWord) } : { kind: "run", text };
  });
}

/**
 * Stands before each pair of a run in the index, and in no text. The index is quick with beginnings of two characters: those of
 * a pair are then this one and the pair's first, which is just what a single character is found by.
 */
export const runMark = "\ue000";

/** A run as the index has it: pairs, then the last character where `whole` says that the run ends there. */
export function wordsOfRun(run: string, whole: boolean): readonly string[] {
  const characters = Array.from(run);
  const words = characters.slice(1).map((character, at) => `${runMark}${characters[at]}${character}`);
  const last = characters.at(-1);
  return last !== undefined && (whole || words.length === 0) ? [...words, runMark + last] : words;
}

/** The words under which a text is found, between spaces: they hold letters, marks and digits alone. */
export function indexedWords(text: string): string {
  const words: string[] = [];
  for (const { kind, text: piece } of piecesOf(fold(text))) {
    if (kind === "word") words.push(piece);
    else words.push(...wordsOfRun(piece, true));
  }
  return words.join(" ");
}

/**
 * What is folded one by one: anything beyond ASCII but kana, Chinese characters and syllables of Hangul, which stay as they
 * are; and what carries diacritics. Case within ASCII is left to the whole.
 */
const foldedOneByOne = /[^\p{ASCII}\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3][\u0300-\u036f]*|\p{ASCII}[\u0300-\u036f]+/gu;
/** Accents and points that a reader may leave out. Vowel signs, which are marks too, are not among them. */
const diacriticRanges = ["0300-\\u036f", "0591-\\u05c7", "064b-\\u065f", "0670", "1ab0-\\u1aff", "1dc0-\\u1dff", "20d0-\\u20ff"];
const diacritics = new RegExp(`[${diacriticRanges.map((range) => `\\u${range}`).join("")}]`, "gu");
/** Letters that Unicode does not take apart, though keyboards do. */
const otherSpellings: ReadonlyMap<string, string> = new Map([
  ["ß", "ss"],
  ["æ", "ae"],
  ["œ", "oe"],
  ["ø", "o"],
  ["đ", "d"],
  ["ð", "d"],
  ["ħ", "h"],
  ["ı", "i"],
  ["ł", "l"],
  ["þ", "th"],
  ["ς", "σ"],
]);

/** By its size in UTF-8, which is counted several times faster than an expression looks at it. */
export function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

/** Without case, diacritics and differences of width. Text is expected in the normal form C. */
export function fold(text: string): string {
  return isAscii(text) ? text.toLowerCase() : text.replaceAll(foldedOneByOne, foldCharacter).toLowerCase();
}

export interface FoldedText {
  readonly text: string;
  /** For each position of `text`, its end included, the position in the original. Undefined where they are the same. */
  readonly positions: Uint32Array | undefined;
}

/** As `fold`, with the way back. */
export function foldWithPositions(text: string): FoldedText {
  const folded = fold(text);
  if (isAscii(text)) return { text: folded, positions: undefined };
  const positions = new Uint32Array(folded.length + 1);
  let at = 0;
  let taken = 0;
  const copy = (until: number): void => {
    while (taken < until) positions[at++] = taken++;
  };
  for (const { 0: one, index } of text.matchAll(foldedOneByOne)) {
    copy(index);
    for (let count = foldCharacter(one).length; count > 0; count -= 1) positions[at++] = index;
    taken = index + one.length;
  }
  copy(text.length);
  positions[at] = text.length;
  return { text: folded, positions };
}

/** The same few thousand characters come again and again. */
const known = new Map<string, string>();
const mostKnown = 10_000;

function foldCharacter(character: string): string {
  const folded = known.get(character);
  if (folded !== undefined) return folded;
  const plain = character.normalize("NFKD").toLowerCase().replaceAll(diacritics, "").normalize("NFC");
  const result = Array.from(plain, (one) => otherSpellings.get(one) ?? one).join("");
  if (known.size < mostKnown) known.set(character, result);
  return result;
}
