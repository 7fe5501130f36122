// Checks a value against a JSON Schema: draft 2020-12, or draft 7 where `$schema` says so. The only importer of ajv, which
// most programs never need: a bundle of its own, loaded by `schema-rounds.ts` with the first schema. `format` is not
// enforced: it is an annotation by the standard, and models are often given formats that nobody defined.

import { Ajv, type ErrorObject } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { JsonObject, JsonValue } from "../types.ts";

/** What is wrong with a value, in words for a model and for people; empty where it fits. */
export type SchemaCheck = (value: JsonValue) => readonly string[];

/** Problems told at once. More help nobody to mend an answer. */
const MAX_PROBLEMS = 8;
const PROBLEM_LENGTH = 300;
/** Compiled schemas kept: a fan-out asks a thousand times with the same one. */
const MAX_KEPT = 32;

const OPTIONS = { strict: false, allErrors: true, validateFormats: false, logger: false } as const;

const kept = new Map<string, SchemaCheck>();

/** Throws an `Error` that says what is wrong with the schema itself. Nothing is fetched: a `$ref` elsewhere is an error. */
export function schemaCheck(schema: JsonObject): SchemaCheck {
  const key = JSON.stringify(schema);
  const known = kept.get(key);
  if (known !== undefined) return known;
  const { $schema: draft, ...rest } = schema;
  const old = typeof draft === "string" && /draft-0[4-7]/u.test(draft);
  const validate = (old ? new Ajv(OPTIONS) : new Ajv2020(OPTIONS)).compile(rest);
  const check: SchemaCheck = (value) => (validate(value) ? [] : problemsOf(validate.errors ?? []));
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(key, check);
  return check;
}

function problemsOf(errors: readonly ErrorObject[]): readonly string[] {
  const problems = new Set(errors.map(problemOf));
  return problems.size === 0 ? ["it does not fit"] : [...problems].slice(0, MAX_PROBLEMS);
}

/** `/items/0/price must be number`; the place is a JSON Pointer. */
function problemOf({ instancePath, message, params }: ErrorObject): string {
  const place = instancePath === "" ? "the value" : instancePath;
  const details: unknown = params["additionalProperty"] ?? params["allowedValues"] ?? params["allowedValue"];
  const problem = `${place} ${message ?? "is wrong"}${details === undefined ? "" : `: ${JSON.stringify(details)}`}`;
  return problem.length > PROBLEM_LENGTH ? `${problem.slice(0, PROBLEM_LENGTH)}…` : problem;
}
