// What people and generators write that no draft since 6 has, and that providers take all the same: limits of draft 4 and of
// OpenAPI 3.0 (`exclusiveMinimum: true`), `nullable` beside something else than `type`, and patterns that only an expression
// without the flag `u` allows. Only where it can mean one thing; anything else is refused by name.

import type { JsonObject, JsonValue } from "../types.ts";

/** Under these keywords stand schemas by name. */
const BY_NAME: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "$defs",
  "definitions",
  "dependentSchemas",
  "dependencies",
]);
/** Under these stand values. */
const VALUES: ReadonlySet<string> = new Set(["enum", "const", "default", "example", "examples"]);
/** These are found by where they stand, or say what the schema is called. */
const STAYS: ReadonlySet<string> = new Set(["$defs", "definitions", "components", "$id", "$anchor", "$dynamicAnchor"]);

/** The same schema as the drafts have it that are checked here. `isDraft4`: its `id` is a name, too. */
export function standardSchema(schema: JsonObject, isDraft4: boolean): JsonObject {
  const inside = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(inside);
    return isObject(value) ? standardSchema(value, isDraft4) : value;
  };
  const named = (value: JsonValue): JsonValue =>
    isObject(value) ? Object.fromEntries(entriesOf(value).map(([name, one]) => [name, inside(one)])) : value;
  const entries = entriesOf(schema).map(([keyword, value]): [string, JsonValue] => {
    if (VALUES.has(keyword)) return [keyword, value];
    if (BY_NAME.has(keyword)) return [keyword, named(value)];
    return [isDraft4 && keyword === "id" && typeof value === "string" ? "$id" : keyword, inside(value)];
  });
  const standard: JsonObject = Object.fromEntries(entries);
  return nullAllowed(exclusive(exclusive(standard, "minimum", "exclusiveMinimum"), "maximum", "exclusiveMaximum"));
}

/** Drafts since 6 have the limit itself there. */
function exclusive(schema: JsonObject, limit: string, keyword: string): JsonObject {
  const { [keyword]: excludes, [limit]: bound, ...others } = schema;
  if (typeof excludes !== "boolean" || typeof bound !== "number") return schema;
  return { ...others, [excludes ? keyword : limit]: bound };
}

/** Beside `type`, ajv knows what it means. */
function nullAllowed(schema: JsonObject): JsonObject {
  const { nullable, ...others } = schema;
  if (typeof nullable !== "boolean" || others["type"] !== undefined) return schema;
  if (!nullable) return others;
  const entries = entriesOf(others);
  const [staying, limits] = [true, false].map((stays) => Object.fromEntries(entries.filter(([keyword]) => STAYS.has(keyword) === stays)));
  return { ...staying, anyOf: [{ type: "null" }, limits ?? {}] };
}

/** Letters whose escapes mean the same with the flag `u` and without. Without it any other letter stands for itself. */
const ESCAPED_LETTERS = "bBcdDfnrsStuvwWx";

/** Throws a `SyntaxError`. With the flag wherever that is possible. */
export function expressionOf(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch (error) {
    const escapes = Array.from(pattern.matchAll(/\\(u\{|[\s\S])/gu), ([, escape = ""]) => escape);
    if (escapes.some((escape) => /^(?:u\{|[a-z])$/iu.test(escape) && !ESCAPED_LETTERS.includes(escape))) throw error;
    return new RegExp(pattern);
  }
}

function entriesOf(schema: JsonObject): [string, JsonValue][] {
  return Object.entries(schema).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
