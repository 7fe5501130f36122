// Reading fields of JSON that a stranger wrote: whatever has another type than expected counts as absent.

import { hasTooManyValues, isTooDeep } from "../json-depth.ts";
import type { JsonObject, JsonValue } from "../types.ts";

export function asObject(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === "object" && value !== null && !isList(value) ? value : undefined;
}

export function asList(value: JsonValue | undefined): readonly JsonValue[] | undefined {
  return isList(value) ? value : undefined;
}

const NONE: readonly JsonValue[] = [];

/** A list, or the one thing that some send in its place; empty where there is neither. */
export function asItems(value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined || value === null) return NONE;
  const one = asObject(value);
  return asList(value) ?? (one === undefined ? NONE : [one]);
}

export function asText(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** What should be JSON as a text: some send it as the value that it is. Empty for null and what is absent. */
export function asJsonText(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Finite only. */
export function asNumber(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** More than anybody counts: a larger figure is none, and sums of smaller ones stay exact. */
const MAX_COUNT = 1_000_000_000_000;

/** A count: never negative, whole, and a trillion at most. */
export function asCount(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" && value >= 0 && value <= MAX_COUNT ? Math.floor(value) : undefined;
}

/** Undefined for what is no JSON, what is nested too deep, and what holds too many values. */
export function parseJson(text: string): JsonValue | undefined {
  if (isTooDeep(text) || hasTooManyValues(text)) return undefined;
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
