// How an answer that must satisfy a schema is asked for: by the provider's own means, or in words where it has none, or where
// this model or this schema was refused. Whichever it is, the answer is checked.

import { createHash } from "node:crypto";
import { withSchemaInWords } from "../structured/schema-prompt.ts";
import type { GenerationParameters, JsonObject } from "../types.ts";
import { isAboutValue, mapped } from "./refusal.ts";
import type { WireTarget, WireWarning } from "./wire-adapter.ts";

/** The lesson that a model takes no schema at all. */
const NO_SCHEMA = "responseSchema";

/**
 * The parameters with the schema, where the provider can take it; without it, and with words in the system prompt, where not.
 * `able`: the provider has means of its own for this model.
 */
export function schemaParameters(
  parameters: GenerationParameters,
  able: boolean,
  target: WireTarget,
  warnings: WireWarning[],
): GenerationParameters {
  const schema = parameters.responseSchema;
  if (schema === undefined || (able && !target.learned.has(NO_SCHEMA) && !target.learned.has(lessonOf(schema)))) return parameters;
  const words = `${target.row.name} was asked for the schema in words, because it cannot be held to it here; the answer is checked.`;
  warnings.push(mapped("responseSchema", words));
  return withSchemaInWords(parameters);
}

/** Fields that carry a schema. */
const SCHEMA_FIELDS = /response_format|json_schema|output_config|output_format|text\.format|guided/iu;
/** What servers call it, and what they do with it. The format of a picture is none. */
const ABOUT_SCHEMAS = /structured.?output|grammar|\bschema\b|(response|output) format|\b(in|for|support) format\b/iu;
/** The schemas of tools are others. */
const ABOUT_TOOLS = /schema (for|of|in) (the )?(function|tool)|\b(tools?|function)[.[]|input_schema/iu;

/**
 * What a refusal teaches of schemas: that this one is not taken, where it speaks of what stands in it, or none at all.
 * `schema` is the one that was sent; undefined where none was, and then nothing is learned.
 */
export function learnSchema(message: string, parameter: string | undefined, schema: JsonObject | undefined): string | undefined {
  const words = `${parameter ?? ""} ${message}`;
  if (schema === undefined) return undefined;
  if (!SCHEMA_FIELDS.test(words) && (!ABOUT_SCHEMAS.test(words) || ABOUT_TOOLS.test(words))) return undefined;
  const aboutThisOne =
    /\b(invalid|unsupported|bad) schema|\bschema\b.*\b(invalid|require|must|not permitted|property|properties|keyword)/isu;
  return isAboutValue(message) || aboutThisOne.test(message.replaceAll("json_schema", "")) ? lessonOf(schema) : NO_SCHEMA;
}

function lessonOf(schema: JsonObject): string {
  return `schema:${createHash("sha256").update(JSON.stringify(schema)).digest("hex").slice(0, 16)}`;
}
