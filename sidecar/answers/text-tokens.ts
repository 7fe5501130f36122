// How many tokens a text has, whichever model reads it: at least, probably and at most. Bytes alone do not tell. Tokenizers have
// tokens for whole runs of spaces, dashes and the like (128 spaces are one in GPT's and gpt-oss's vocabularies), so that a table
// or a banner has a tenth of the tokens of other text; and of digits, identifiers and hexadecimal a token holds two bytes or one.

/**
 * A token that languages have has at most 60 bytes: a phrase of Thai, which writes no spaces. All vocabularies split a text
 * between its words before they look for tokens, and none has a token that reaches from one word into the next.
 */
const LONGEST_TOKEN_BYTES = 64;
/** Digits stand apart from letters and signs in all vocabularies, but for marks of a model's own such as `<h1>`. */
const CHANGES_IN_A_TOKEN = 2;
/** About four bytes of UTF-8 make a token in English and in code; a character of Chinese or Japanese (three bytes) is a little under one. */
const BYTES_PER_TOKEN = 4;
/** Of one sign that is repeated: all vocabularies have tokens of about so many. Short runs count as other text does. */
const RUN_OF_A_TOKEN = 16;
/** Code in some tokenizers takes a third more than is probable. */
export const CAUTION = 4 / 3;
/** Of what is spelled out with the fewest letters to a token: what most tokenizers take, of data as of text. */
const PART_OF_SPELLED = 0.7;
/** Of a word in a tokenizer that knows few words; capitals, and letters amid digits, are spelled out in smaller pieces. */
const LETTERS_PER_TOKEN = 4;
const ODD_LETTERS_PER_TOKEN = 1.75;
/** Signs that follow each other, and a line's end after one, are often one token. */
const TOKENS_PER_SIGN = 0.65;

export interface TextTokens {
  /** No text like this has fewer: where fewer were read, a part of it was. */
  readonly least: number;
  /** For what is shown and reckoned with. */
  readonly probable: number;
  /** For room that has to be enough, in nearly every tokenizer. */
  readonly most: number;
}

export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

export function tokensOfText(text: string): TextTokens {
  const tally: Tally = { bytes: 0, least: 0, spelled: 0 };
  for (let at = 0; at < text.length;) at = isOfWord(text.charCodeAt(at)) ? addWord(text, at, tally) : addSigns(text, at, tally);
  const probable = Math.max(tokensOfBytes(tally.bytes), tally.least, Math.ceil(tally.spelled * PART_OF_SPELLED));
  return { least: tally.least, probable, most: Math.ceil(Math.max(tokensOfBytes(tally.bytes) * CAUTION, tally.least, tally.spelled)) };
}

interface Tally {
  /** Of UTF-8, where long runs of one sign count as the few tokens that they are. */
  bytes: number;
  least: number;
  /** Tokens where no word is known as a whole and each digit is one, as in Gemma's, Qwen's and Mistral's vocabularies. */
  spelled: number;
}

/** One sign or blank and its repetitions. Gives the index behind them. */
function addSigns(text: string, from: number, tally: Tally): number {
  const code = text.charCodeAt(from);
  let end = from + 1;
  while (end < text.length && text.charCodeAt(end) === code) end += 1;
  const count = end - from;
  const next = kindOf(text.charCodeAt(end));
  tally.bytes += Math.min(count, BYTES_PER_TOKEN * Math.ceil(count / RUN_OF_A_TOKEN)) * bytesOf(code);
  // The sign before a digit is a token of signs, which no word counts.
  if (next === DIGIT && kindOf(code) === SIGN) tally.least += 1;
  if (count > 1 || next === DIGIT) tally.spelled += Math.ceil(count / RUN_OF_A_TOKEN);
  // A blank before a word is a part of it.
  else if (code !== SPACE || next < DIGIT) tally.spelled += TOKENS_PER_SIGN;
  return end;
}

/** Letters and digits up to the next sign or blank. Gives the index behind them. */
function addWord(text: string, from: number, tally: Tally): number {
  let bytes = 0;
  let changes = 0;
  let small = 0;
  let capitals = 0;
  let before = SIGN;
  let at = from;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const kind = kindOf(code);
    if (kind < DIGIT) break;
    const isChange = before !== SIGN && (kind === DIGIT) !== (before === DIGIT);
    // Pieces end where digits begin, and where `camelCase` goes on.
    if (isChange || (kind === CAPITAL && before !== CAPITAL)) {
      tally.spelled += spelledOut(small, capitals, changes);
      small = 0;
      capitals = 0;
    }
    if (isChange) changes += 1;
    if (kind === SMALL) small += 1;
    else if (kind === CAPITAL) capitals += 1;
    else tally.spelled += kind === DIGIT ? 1 : tokensOfForeign(code);
    bytes += bytesOf(code);
    before = kind;
  }
  tally.spelled += spelledOut(small, capitals, changes);
  tally.bytes += bytes;
  tally.least += Math.max(1, changes > CHANGES_IN_A_TOKEN ? changes + 1 : 0, Math.floor(bytes / LONGEST_TOKEN_BYTES));
  return at;
}

/** A piece of a word: a capital or several, and the small letters after them. */
function spelledOut(small: number, capitals: number, changes: number): number {
  const perToken = changes > CHANGES_IN_A_TOKEN ? ODD_LETTERS_PER_TOKEN : LETTERS_PER_TOKEN;
  if (capitals === 1) return Math.ceil((small + 1) / perToken);
  return Math.ceil(small / perToken) + Math.ceil(capitals / ODD_LETTERS_PER_TOKEN);
}

/** Two bytes of three in scripts with two for each letter, such as Cyrillic; the scripts of India have few tokens of several letters. */
function tokensOfForeign(code: number): number {
  if (code < 0x8_00) return 2 / 3;
  return code < 0x20_00 ? 5 / 4 : 1;
}

const SPACE = 0x20;
/** Kinds of characters; those from `DIGIT` on stand in words. */
const BLANK = 0;
const SIGN = 1;
const DIGIT = 2;
const SMALL = 3;
const CAPITAL = 4;
const FOREIGN = 5;

/** `don't` and `snake_case` are one token in some vocabularies. */
const KINDS = Uint8Array.from({ length: 0x80 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/\s/u.test(character)) return BLANK;
  if (/\d/u.test(character)) return DIGIT;
  if (/[A-Z]/u.test(character)) return CAPITAL;
  return /[a-z_']/u.test(character) ? SMALL : SIGN;
});

/** Of one unit of a string; of `NaN`, as behind its end, `BLANK`. */
function kindOf(code: number): number {
  return KINDS[code] ?? kindBeyondAscii(code);
}

function isOfWord(code: number): boolean {
  return kindOf(code) >= DIGIT;
}

/** Of one unit of a string; each half of a pair is two. */
function bytesOf(code: number): number {
  if (code < 0x80) return 1;
  return code < 0x8_00 || (code >= 0xd8_00 && code <= 0xdf_ff) ? 2 : 3;
}

/** All but the signs that are surely none are letters: who counts a sign as a letter counts too few words, which does no harm. */
function kindBeyondAscii(code: number): number {
  if (Number.isNaN(code) || code === 0xa0 || code === 0x30_00) return BLANK;
  return SIGNS.some(([first, last]) => code >= first && code <= last) ? SIGN : FOREIGN;
}

/** Blocks of Unicode without letters or marks. The apostrophe U+2019 and the joiners U+200C and U+200D stand within words. */
const SIGNS: readonly (readonly [number, number])[] = [
  [0xa1, 0xa9],
  [0x20_10, 0x20_18],
  [0x20_1a, 0x20_3e],
  [0x21_90, 0x24_5f],
  [0x25_00, 0x2b_ff],
  [0x30_01, 0x30_02],
  [0x30_08, 0x30_20],
  [0xff_01, 0xff_0f],
];
