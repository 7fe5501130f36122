// The JSON in an answer that was to be nothing else.

import type { JsonValue } from "../types.ts";

export interface FoundJson {
  /** As the model wrote it, without what stood around it. */
  readonly json: string;
  readonly value: JsonValue;
}

/** Undefined where there is none. Models put a fence or a sentence around it, which is cheaper to take away than to ask again. */
export function jsonOf(text: string): FoundJson | undefined {
  return parsed(text.trim()) ?? parsed(fenced(text)) ?? parsed(outermost(text));
}

function parsed(json: string | undefined): FoundJson | undefined {
  if (json === undefined || json === "") return undefined;
  try {
    const value: JsonValue = JSON.parse(json);
    return { json, value };
  } catch {
    return undefined;
  }
}

function fenced(text: string): string | undefined {
  return /^[ \t]*```[^\n`]*\n([\s\S]*?)\n[ \t]*```[ \t]*$/mu.exec(text)?.[1]?.trim();
}

/** From the first bracket to the last of its kind: a sentence before and after holds none, as a rule. */
function outermost(text: string): string | undefined {
  const from = text.search(/[[{]/u);
  if (from < 0) return undefined;
  const to = text.lastIndexOf(text.charAt(from) === "{" ? "}" : "]");
  return to > from ? text.slice(from, to + 1) : undefined;
}
