// A closing tag that nobody opened: either the chat template had opened the thought in the prompt, and what came so far was
// thought, or prose speaks of the tag. Prose that is taken for a thought is lost to its reader, while a thought that is taken
// for prose is read with its tag: so it was thought only where the tag stands as models put it. That is
//
// - on a line of its own, after it the answer:   `…so it is 4.\n</think>\n\nIt is 4.`
// - behind the last sentence, or its last word:  `…so it is 4.</think>It is 4.`
//
// and in neither case in code, in quotes, after an opening tag was mentioned, as XML has it or as models do, or within a sentence
// that goes on.

import { isQuoted, leavesQuoteOpen, mayBeQuoted, openCode } from "./quoted-marks.ts";
import { mentionsOpening } from "./think-tags.ts";

/**
 * `sure`: nothing but the end of a thought looks like this, so it says something of the model, too. `likely`: it was thought, and
 * nothing is learned from it.
 */
export type CloseVerdict = "spoken-of" | "likely" | "sure";

/** What comes behind the text that is there: more of it, a call of a tool, or nothing. */
export type Following = "more" | "call" | "end";

/** Characters at the end of a text that are looked at for the end of a sentence. */
const RECENT = 60;
const SENTENCE_END = /[.!?…。！？।؟]["'”’»)\]}*_`~]*$/u;
/** `e.g.`, `z. B.` */
const ABBREVIATION = /(?:^|[\s(])(?:\p{L}\.)+$/u;
/** Goes on with the sentence, the row or the bracket that the tag stands in. */
const GOES_ON = /^[.,;:!?)\]}|>”»…。，、；：！？）]/u;
const GOES_ON_AFTER = /[:：,，;；]$/u;
/** Of a list, a quotation or a heading. */
const LINE_BEGIN = /^(?:[-*+>|#•]+|\d+[.)])$/u;
/** A word, or a bracket or a mark that ends something. */
const WORD_END = /[\p{L}\p{N})\]}`*_$%"'”’»]$/u;
const UNSPACED_LETTER = /[\p{Lo}]$/u;
const INDENTED_CODE = /^ {4}|\t/u;

/** `words`: what stands behind the tag, from its first character on that is no white space. Whether that is enough to judge. */
export function canBeJudged(before: string, space: string, words: string): boolean {
  // The first half of a character says nothing of it.
  if (words === "" || /^[\uD800-\uDBFF]$/u.test(words)) return false;
  return space !== "" || !mayBeQuoted(before, words);
}

/** `space` and `words`: what stands behind the tag. */
export function judgeClose(before: string, space: string, words: string, following: Following): CloseVerdict {
  // With nothing behind it there would be no answer at all.
  if (words === "" && following !== "call") return "spoken-of";
  if ((space === "" && isQuoted(before, words)) || mentionsOpening(before)) return "spoken-of";
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const isAlone = line.trim() === "";
  const code = openCode(before);
  if (code === "fence" || (isAlone ? INDENTED_CODE.test(line) : code === "span")) return "spoken-of";
  const newlines = words === "" ? 2 : space.split("\n").length - 1;
  if (newlines === 0 && GOES_ON.test(words)) return "spoken-of";
  const behind = { newlines, isSpaced: space !== "", isLower: /^\p{Ll}/u.test(words) };
  if (before.trim() === "") return newlines > 0 || space === "" ? "likely" : "spoken-of";
  return isAlone ? judgeOwnLine(before, behind) : judgeInLine(line, behind);
}

interface Behind {
  /** Line breaks before the words. Two are a blank line. */
  readonly newlines: number;
  readonly isSpaced: boolean;
  readonly isLower: boolean;
}

function judgeOwnLine(before: string, { newlines, isSpaced, isLower }: Behind): CloseVerdict {
  const said = before.trimEnd();
  const goesOn = GOES_ON_AFTER.test(said);
  const isEnded = endsSentence(said);
  if (newlines === 0) {
    if (goesOn) return "spoken-of";
    if (!isSpaced) return "sure";
    return isEnded && !isLower ? "likely" : "spoken-of";
  }
  if (newlines === 1) {
    if (goesOn || (!isEnded && isLower)) return "spoken-of";
    return isEnded ? "sure" : "likely";
  }
  // A paragraph of its own is how prose shows what it announced.
  const isParagraph = before.slice(said.length).split("\n").length > 2;
  if (isParagraph && (goesOn || (!isEnded && isLower))) return "spoken-of";
  return goesOn || (isParagraph && !isEnded) ? "likely" : "sure";
}

function judgeInLine(line: string, { newlines, isSpaced, isLower }: Behind): CloseVerdict {
  const words = line.trimEnd();
  if (LINE_BEGIN.test(words.trimStart()) || /^\s*\|/u.test(line) || leavesQuoteOpen(line)) return "spoken-of";
  if (newlines === 0 && isSpaced && isLower) return "spoken-of";
  if (words !== line) {
    if (!endsSentence(words) || /[?？]$/u.test(words) || ABBREVIATION.test(words.slice(-RECENT))) return "spoken-of";
    return isLower ? "likely" : "sure";
  }
  if (endsSentence(words)) return newlines > 0 || (!isSpaced && !isLower) ? "sure" : "likely";
  if (GOES_ON_AFTER.test(words)) return newlines > 0 && words.endsWith(":") ? "likely" : "spoken-of";
  if (!WORD_END.test(words)) return "spoken-of";
  if (newlines > 0) return newlines === 1 && isLower ? "spoken-of" : "likely";
  return isSpaced || isLower || UNSPACED_LETTER.test(words) ? "spoken-of" : "likely";
}

function endsSentence(text: string): boolean {
  return SENTENCE_END.test(text.slice(-RECENT));
}
