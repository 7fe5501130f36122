// The JSON in an answer that was to be nothing else. Models put a fence or sentences around it, speak of it in brackets, or try
// twice: to take that away is cheaper than to ask again.

import { endOfString, hasTooManyValues } from "../json-depth.ts";
import type { JsonValue } from "../types.ts";

export interface FoundJson {
  /** As the model wrote it, without what stood around it. */
  readonly json: string;
  readonly value: JsonValue;
}

/** More of either kind than that is no answer with something around it. */
const MAX_FOUND = 16;

/**
 * What may be meant, the likeliest first: the whole text, and where that is no JSON, what stands in fences, the last first, since
 * a correction stands below what it corrects; then what stands between brackets, the largest first, since what is spoken of beside it
 * is smaller. A part of something is none by itself: what is left of JSON that was cut, or has a fault in it, is not what was meant.
 */
export function* jsonIn(text: string): Generator<FoundJson, void, undefined> {
  const whole = parsed(text.trim());
  if (whole !== undefined) {
    yield whole;
    return;
  }
  yield* parsedOf(fenced(text).toReversed());
  const between = bracketed(text).toReversed();
  yield* parsedOf(between.sort((one, other) => other.length - one.length));
}

/** No answer means as many values as could fill the memory, and parsing cannot be ended. */
function parsed(json: string): FoundJson | undefined {
  if (json === "" || hasTooManyValues(json)) return undefined;
  try {
    const value: JsonValue = JSON.parse(json);
    return { json, value };
  } catch {
    return undefined;
  }
}

function* parsedOf(parts: readonly string[]): Generator<FoundJson, void, undefined> {
  let left = MAX_FOUND;
  for (const part of parts) {
    const found = parsed(part);
    if (found === undefined) continue;
    yield found;
    left -= 1;
    if (left === 0) return;
  }
}

/** What stands between a line that opens a fence and the next that closes one. In one pass: a model that repeats itself may write fences alone. */
function fenced(text: string): string[] {
  const parts: string[] = [];
  let from: number | undefined;
  for (const { 0: line, 1: label = "", index } of text.matchAll(/^[ \t]*```([^`\r\n]*)$/gmu)) {
    if (from === undefined) {
      from = index + line.length;
    } else if (label.trim() === "") {
      parts.push(text.slice(from, index).trim());
      from = undefined;
    }
  }
  return parts;
}

/** From each bracket to the one that closes it; what stands within others is a part of them. */
function bracketed(text: string): string[] {
  const parts: string[] = [];
  let from = text.search(/[[{]/u);
  let depth = 0;
  for (let at = from; at >= 0 && at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "[" || character === "{") {
      if (depth === 0) from = at;
      depth += 1;
    } else if (depth === 0) {
      continue;
    } else if (character === '"') {
      at = endOfString(text, at + 1);
    } else if (character === "]" || character === "}") {
      depth -= 1;
      if (depth === 0) parts.push(text.slice(from, at + 1));
    }
  }
  return parts;
}
