// What somebody typed into the search, as phrases that must all be found. Nothing in it is syntax but quotation marks.

import {
  asciiSeparator,
  asciiWordCharacter,
  fold,
  isAscii,
  longestWord,
  type Piece,
  piecesOf,
  separator,
  wordCharacter,
  wordsOfRun,
} from "./words.ts";

/** Words that follow each other. */
export interface Phrase {
  /** As the index has them: letters, marks and digits alone. At least one. */
  readonly words: readonly string[];
  /** The last word may go on. */
  readonly open: boolean;
  /** Finds it in folded text. */
  readonly pattern: RegExp;
  /** The same for folded text in ASCII; undefined where it cannot be there. */
  readonly asciiPattern: RegExp | undefined;
}

/** Where a phrase stands in folded text, in order. `inAscii`: where it is known whether the text is in ASCII. */
export function placesOf(phrase: Phrase, folded: string, inAscii = isAscii(folded)): IteratorObject<RegExpExecArray> {
  if (!inAscii) return folded.matchAll(phrase.pattern);
  return phrase.asciiPattern === undefined ? Iterator.from([]) : folded.matchAll(phrase.asciiPattern);
}

/** Characters that are read; more is a paste that went astray. */
const longestQuery = 1000;
const mostPhrases = 16;
const mostPieces = 32;

/** Straight and typographic ones. The last one may lack its end, as it does while somebody types. */
const chunks = /["“”„«»](?<quoted>[^"“”„«»]*)(?<end>["“”„«»]|$)|(?<bare>[^\s"“”„«»]+)/gu;

/**
 * Words between quotation marks follow each other; so do those within what was typed without a space (`foo.bar`). The very last
 * word may be the beginning of one, unless a space or a quotation mark ends it, or it is a single letter. Empty where there
 * is nothing to search for.
 */
export function phrasesOf(text: string): readonly Phrase[] {
  const query = text.slice(0, longestQuery).normalize("NFC");
  const phrases: Phrase[] = [];
  for (const { index, 0: chunk, groups } of query.matchAll(chunks)) {
    const found = piecesOf(fold(groups?.["quoted"] ?? groups?.["bare"] ?? "")).slice(0, mostPieces);
    const isLast = index + chunk.length === query.length;
    const isClosed = groups?.["quoted"] !== undefined && groups["end"] !== "";
    if (found.length > 0 && phrases.length < mostPhrases) phrases.push(phraseOf(found, isLast && !isClosed));
  }
  return phrases;
}

function phraseOf(found: readonly Piece[], unfinished: boolean): Phrase {
  const last = found.length - 1;
  const words = found.flatMap(({ kind, text }, at) => (kind === "word" ? [text] : wordsOfRun(text, at < last)));
  const end = found[last];
  // Every character of a run begins a word of the index: a single one is found as such a beginning.
  const isCharacter = end?.kind === "run" && Array.from(end.text).length === 1;
  const open = isCharacter || (unfinished && end?.kind === "word" && Array.from(end.text).length > 1);
  let pattern: RegExp | undefined;
  const inAscii = found.every(({ text }) => isAscii(text));
  return {
    words,
    open,
    // Its classes are dear to make, and texts in ASCII do without.
    get pattern() {
      return (pattern ??= new RegExp(patternOf(found, open, { wordCharacter, separator }), "gv"));
    },
    asciiPattern: inAscii
      ? new RegExp(patternOf(found, open, { wordCharacter: asciiWordCharacter, separator: asciiSeparator }), "g")
      : undefined,
  };
}

interface Characters {
  readonly wordCharacter: string;
  readonly separator: string;
}

function patternOf(found: readonly Piece[], open: boolean, { wordCharacter, separator }: Characters): string {
  let pattern = "";
  for (const [at, { kind, text }] of found.entries()) {
    const before = found[at - 1];
    if (before !== undefined) pattern += before.kind === kind ? `${separator}+` : `${separator}*`;
    else if (kind === "word") pattern += `(?<!${wordCharacter})`;
    pattern += text;
    if (kind === "run" || (open && at === found.length - 1)) continue;
    pattern += text.length === longestWord ? `${wordCharacter}*` : `(?!${wordCharacter})`;
  }
  return pattern;
}
