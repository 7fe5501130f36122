// How an answer that must satisfy a schema is asked for: by the provider's own means, or in words where it has none, or where
// this model or this schema was refused. Whichever it is, the answer is checked.

import { createHash } from "node:crypto";
import { withSchemaInWords } from "../structured/schema-prompt.ts";
import type { GenerationParameters, JsonObject } from "../types.ts";
import type { ErrorPayload } from "./error-payload.ts";
import { asList } from "./json-fields.ts";
import { sendsTools } from "./provider-options.ts";
import { besideLesson, isAboutValue, mapped, saysRefused } from "./refusal.ts";
import type { WireTarget, WireWarning } from "./wire-adapter.ts";

/** The lesson that a model takes no schema at all. */
const NO_SCHEMA = "responseSchema";
/** The lesson that it takes none beside tools. */
const NONE_BESIDE_TOOLS = besideLesson("tools", NO_SCHEMA);

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
  if (schema === undefined || (able && !isRefused(schema, parameters, target))) return parameters;
  const words = `${target.row.name} was asked for the schema in words, because it cannot be held to it here; the answer is checked.`;
  warnings.push(mapped("responseSchema", words));
  return withSchemaInWords(parameters);
}

function isRefused(schema: JsonObject, parameters: GenerationParameters, target: WireTarget): boolean {
  const { learned } = target;
  if (learned.has(NONE_BESIDE_TOOLS) && sendsTools(parameters, target)) return true;
  return learned.has(NO_SCHEMA) || learned.has(lessonOf(schema));
}

/** Fields that carry a schema, Gemini's own among them, which gateways translate into. */
const SCHEMA_FIELDS =
  /response_format|json_schema|output_config|output_format|text\.format|guided|response_?(json_?)?schema|response_?mime_?type/iu;
/** What servers call it, and what they do with it. The format of a picture is none. */
const ABOUT_SCHEMAS =
  /structured.?output|json[ _-]?mode|grammar|\bschemas?\b|(response|output) format|response mime type|\b(in|for|support) format\b/iu;
/** The schemas of tools are others. Advice about them stands in refusals of any: "Simplify your tool schemas". */
const ABOUT_TOOLS =
  /schema (for|of|in) (the )?(function|tool)|\b(tools?|function)(\[|\.\w)|input_schema|function_?declaration|function parameters?\b/iu;
/** A schema, or what is made of it; and what stands in one. The field `json_schema` is neither. */
const OF_A_SCHEMA = /\bschemas?\b|response_?(json_?)?schema|grammar/iu;
const IN_A_SCHEMA =
  /\b(features|keywords?|propert(y|ies)|regex|patterns?|(one|any|all)Of|enum|context=|additionalProperties|refs?|invalid (json )?schema)\b|\.schema\b|\$\w/iu;
const TOOLS = /\b(tools?|function[ -]calling|tool[ -](use|calling))\b/iu;

/**
 * What a refusal teaches of schemas: that none is taken, where it is of the field as such, or none beside tools; else that
 * this one is not, so that it says nothing of others. `schema` is the one that was sent; undefined where none was, and then
 * nothing is learned.
 */
export function learnSchema(
  { message, parameter = "" }: Pick<ErrorPayload, "message" | "parameter">,
  body: JsonObject,
  schema: JsonObject | undefined,
): string | undefined {
  const words = `${parameter} ${message}`;
  if (schema === undefined) return undefined;
  if (!SCHEMA_FIELDS.test(words) && (!ABOUT_SCHEMAS.test(words) || ABOUT_TOOLS.test(words))) return undefined;
  const refused = message.split(/[.;]\s|\n/u).filter((sentence) => saysRefused(sentence));
  if ((asList(body["tools"])?.length ?? 0) > 0 && refused.some((sentence) => TOOLS.test(sentence))) return NONE_BESIDE_TOOLS;
  return isOfTheField(words, refused) ? NO_SCHEMA : lessonOf(schema);
}

function isOfTheField(words: string, refused: readonly string[]): boolean {
  // The types of format that are taken instead are named.
  if (/\bjson_object\b/u.test(words)) return true;
  if (refused.length === 0 || isAboutValue(words) || IN_A_SCHEMA.test(words)) return false;
  return !OF_A_SCHEMA.test(words) || refused.some((sentence) => /\b(this|the) model\b/iu.test(sentence));
}

function lessonOf(schema: JsonObject): string {
  return `schema:${createHash("sha256").update(JSON.stringify(schema)).digest("hex").slice(0, 16)}`;
}
