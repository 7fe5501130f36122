// OpenAI's strict mode guarantees that an answer fits, for schemas in which every object names all its properties, requires
// them all and allows no others (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas). It refuses
// any other schema, which is then asked for without the guarantee.

import type { JsonObject, JsonValue } from "../types.ts";

/** Keywords that strict mode refuses. */
const REFUSED: ReadonlySet<string> = new Set([
  "allOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "dependentRequired",
  "dependentSchemas",
  "patternProperties",
  "unevaluatedProperties",
  "unevaluatedItems",
  "propertyNames",
  "minProperties",
  "maxProperties",
  "prefixItems",
  "contains",
  "uniqueItems",
  "default",
]);
/** Under these keywords stand schemas by name. */
const BY_NAME: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"]);
const MAX_DEPTH = 64;

/** The root must be an object. */
export function fitsStrictMode(schema: JsonObject): boolean {
  return schema["type"] === "object" && isStrict(schema, 0);
}

function isStrict(schema: JsonValue | undefined, depth: number): boolean {
  if (!isSchema(schema) || depth > MAX_DEPTH) return false;
  if (Object.keys(schema).some((keyword) => REFUSED.has(keyword)) || !isClosed(schema)) return false;
  return Object.entries(schema).every(([keyword, value]) => {
    if (BY_NAME.has(keyword)) return isSchema(value) && Object.values(value).every((one) => isStrict(one, depth + 1));
    if (keyword === "items") return isStrict(value, depth + 1);
    if (keyword === "anyOf") return Array.isArray(value) && value.every((one: JsonValue) => isStrict(one, depth + 1));
    return true;
  });
}

function isClosed(schema: JsonObject): boolean {
  const { type, properties, required, additionalProperties } = schema;
  const mayBeObject = type === "object" || (Array.isArray(type) && type.includes("object")) || properties !== undefined;
  if (!mayBeObject) return true;
  const names = isSchema(properties) ? Object.keys(properties) : [];
  const needed: readonly JsonValue[] = Array.isArray(required) ? required : [];
  return additionalProperties === false && names.every((name) => needed.includes(name));
}

function isSchema(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
