// Whether the items of a list all differ, in one pass: ajv compares each object with each other one, which takes a list of twenty
// thousand the better part of a minute.

import type { JsonValue } from "../types.ts";

/** The places of the first item that stood there before, and of that one; undefined: all differ. */
export function repeatedItem(items: readonly JsonValue[]): readonly [at: number, before: number] | undefined {
  const seen = new Map<string, number>();
  for (const [at, item] of items.entries()) {
    const text = canonical(item);
    const before = seen.get(text);
    if (before !== undefined) return [at, before];
    seen.set(text, at);
  }
  return undefined;
}

/** The same text for equal values, in whatever order their fields stand. */
function canonical(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  const fields = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(",")}}`;
}
