// Checks a value against a JSON Schema: draft 2020-12, or draft 7 where `$schema` says so or nothing else reads it. The only importer of ajv, which
// most programs never need: it is part of the thread's bundle. `format` is not enforced: it is an annotation by the standard,
// and models are often given formats that nobody defined.

import {
  Ajv,
  str,
  type ErrorObject,
  type FuncKeywordDefinition,
  type Options,
  type SchemaValidateFunction,
  type ValidateFunction,
} from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { JsonObject, JsonValue } from "../types.ts";
import { isMultiple } from "./decimal-multiple.ts";
import { expressionOf, standardSchema } from "./schema-dialects.ts";
import { repeatedItem } from "./unique-items.ts";

/** What is wrong with a value, in words for a model and for people; empty where it fits. */
export type SchemaCheck = (value: JsonValue) => readonly string[];

/** Problems told at once. More help nobody to mend an answer. */
const MAX_PROBLEMS = 8;
const PROBLEM_LENGTH = 300;
/** Compiled schemas kept: a fan-out asks a thousand times with the same one. */
const MAX_KEPT = 32;

/** Ajv's own divides in binary. */
const MULTIPLE_OF: FuncKeywordDefinition = {
  keyword: "multipleOf",
  type: "number",
  schemaType: "number",
  validate: (step: number, value: number) => isMultiple(value, step),
  errors: false,
  error: { message: ({ schemaCode }) => str`must be multiple of ${schemaCode}` },
};

const allDiffer: SchemaValidateFunction = (asked: boolean, items: readonly JsonValue[]) => {
  const repeated = asked ? repeatedItem(items) : undefined;
  if (repeated === undefined) return true;
  const [at, before] = repeated;
  const message = `must NOT have duplicate items (items ## ${before} and ${at} are identical)`;
  allDiffer.errors = [{ keyword: "uniqueItems", message, params: {} }];
  return false;
};

/** Ajv's own compares each with each. */
const UNIQUE_ITEMS: FuncKeywordDefinition = { keyword: "uniqueItems", type: "array", schemaType: "boolean", validate: allDiffer };

type Dialect = typeof Ajv | typeof Ajv2020;
type CodeOptions = NonNullable<Options["code"]>;

const OPTIONS: Options = { strict: false, allErrors: true, validateFormats: false, logger: false };
/** Each checks whether schemas are such of its draft. To compile what the draft says of them takes a hundred times as long as any of them. */
const drafts = new Map<Dialect, Ajv | Ajv2020>();

interface RegExpLike {
  test(text: string): boolean;
  toString(): string;
}

const kept = new Map<string, SchemaCheck>();

/**
 * Throws an `Error` that says what is wrong with the schema itself. Nothing is fetched: a `$ref` elsewhere is an error.
 * `onPattern` hears of each pattern before it is matched, and of "" thereafter.
 */
export function schemaCheck(json: string, onPattern: (pattern: string) => void): SchemaCheck {
  const known = kept.get(json);
  if (known !== undefined) return known;
  const validate = compiled(JSON.parse(json), codeWith(onPattern));
  const check: SchemaCheck = (value) => (validate(value) ? [] : problemsOf(validate.errors ?? []));
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(json, check);
  return check;
}

function compiled({ $schema: draft, ...rest }: JsonObject, code: CodeOptions): ValidateFunction {
  const [old] = typeof draft === "string" ? (/draft-0[4-7]/u.exec(draft) ?? []) : [];
  const schema = standardSchema(rest, old === "draft-04");
  if (old !== undefined) return compiledBy(Ajv, schema, code);
  try {
    return compiledBy(Ajv2020, schema, code);
  } catch (error) {
    try {
      // Lists of `items` for example, which generators write without a word of their draft.
      return compiledBy(Ajv, schema, code);
    } catch {
      throw error;
    }
  }
}

/** An instance for each schema, since what has a name in one would be found by the next; none keeps what its draft says of schemas. */
function compiledBy(Dialect: Dialect, schema: JsonObject, code: CodeOptions): ValidateFunction {
  const draft = drafts.get(Dialect) ?? withOwnKeywords(new Dialect(OPTIONS));
  drafts.set(Dialect, draft);
  // Throws at once: nothing in a draft has to be waited for.
  void draft.validateSchema(schema, true);
  return withOwnKeywords(new Dialect({ ...OPTIONS, validateSchema: false, code })).compile(schema);
}

const withOwnKeywords = (ajv: Ajv | Ajv2020): Ajv | Ajv2020 =>
  ajv.removeKeyword("multipleOf").addKeyword(MULTIPLE_OF).removeKeyword("uniqueItems").addKeyword(UNIQUE_ITEMS);

function codeWith(onPattern: (pattern: string) => void): CodeOptions {
  const regExp = (pattern: string, flags: string): RegExpLike => {
    const expression = expressionOf(pattern, flags);
    const test = (text: string): boolean => {
      onPattern(pattern);
      const matches = expression.test(text);
      onPattern("");
      return matches;
    };
    // Ajv tells patterns apart by it.
    return { test, toString: () => expression.toString() };
  };
  // The name is for code that is written out, which none is.
  return { regExp: Object.assign(regExp, { code: "regExp" }) };
}

function problemsOf(errors: readonly ErrorObject[]): readonly string[] {
  const problems = new Set<string>();
  for (const error of errors) {
    problems.add(problemOf(error));
    // There may be one for each of a million values.
    if (problems.size === MAX_PROBLEMS) break;
  }
  return problems.size === 0 ? ["it does not fit"] : [...problems];
}

/** `/items/0/price must be number`; the place is a JSON Pointer. */
function problemOf({ instancePath, message, params }: ErrorObject): string {
  const place = instancePath === "" ? "the value" : instancePath;
  const details: unknown = params["additionalProperty"] ?? params["allowedValues"] ?? params["allowedValue"];
  const problem = `${place} ${message ?? "is wrong"}${details === undefined ? "" : `: ${JSON.stringify(details)}`}`;
  return problem.length > PROBLEM_LENGTH ? `${problem.slice(0, PROBLEM_LENGTH)}…` : problem;
}
