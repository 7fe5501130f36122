// A text of a JavaScript program can hold half of a character: the rest of an emoji where a file was cut, or where an answer was
// stopped between the two pieces that it came in. JSON writes it as an escape of its own. Anthropic refuses such a body, and every turn
// after it ("no low surrogate in string", anthropics/claude-code#3277); servers in Python fail when they encode what they read.

/** Of text without any of it, as nearly all is, this is all the work. */
const MAY_HOLD_HALF = /\\ud/iu;
/** An escaped backslash, which what follows does not belong to; the two halves of a character; and one of them alone. */
const BACKSLASH_OR_HALF = /\\\\|\\ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|\\ud[89a-f][\da-f]{2}/giu;
/** UTF-16 units of the escape. */
const HALF_LENGTH = 6;

/**
 * The same JSON with the sign for what cannot be read in the place of each half of a character, also in names. The same text always becomes
 * the same, so that a conversation goes on with the bytes of the turn before.
 */
export function wellFormedJson(json: string): string {
  if (!MAY_HOLD_HALF.test(json)) return json;
  return json.replaceAll(BACKSLASH_OR_HALF, (found) => (found.length === HALF_LENGTH ? "\uFFFD" : found));
}
