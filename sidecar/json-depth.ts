// How deep a text's JSON is nested and how much it holds, before it is parsed: parsing takes any depth, but what is too deep
// overflows the stack of whoever walks through it later, or writes it out again; and values take many times the memory of their text.

/** Levels. Nothing that a provider or an editor means is as deep. */
export const MAX_JSON_DEPTH = 500;

/**
 * Values that a text may hold. As many as the longest context has tokens, twice, and as the probabilities of an answer's tokens
 * are in the longest record.
 */
const MAX_JSON_VALUES = 2_000_000;

const QUOTE = 34;
const COMMA = 44;
const OPENING_BRACKET = 91;
const BACKSLASH = 92;
const CLOSING_BRACKET = 93;
const OPENING_BRACE = 123;
const CLOSING_BRACE = 125;

/** Whether lists and objects stand deeper in each other than `MAX_JSON_DEPTH`. */
export function isTooDeep(text: string): boolean {
  // What is opened has to be closed: a shorter text cannot be too deep.
  if (text.length <= 2 * MAX_JSON_DEPTH) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at + 1);
    } else if (code === OPENING_BRACKET || code === OPENING_BRACE) {
      depth += 1;
      if (depth > MAX_JSON_DEPTH) return true;
    } else if (code === CLOSING_BRACKET || code === CLOSING_BRACE) {
      depth -= 1;
    }
  }
  return false;
}

/** Whether there are more values in it than `MAX_JSON_VALUES`. Each begins with a bracket or ends with a comma. */
export function hasTooManyValues(text: string): boolean {
  // Any other text has no room for them.
  if (text.length <= MAX_JSON_VALUES) return false;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at + 1);
    else if (code === COMMA || code === OPENING_BRACKET || code === OPENING_BRACE) values += 1;
  }
  return values > MAX_JSON_VALUES;
}

/** Where the string ends whose first character is at `from`: at the next quote that is not escaped. */
export function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
}
