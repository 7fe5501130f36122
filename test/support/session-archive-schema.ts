// What `session-archive/v1` demands, by AbstractCore's `session_schema.json` (github.com/lpalbou/AbstractCore, JSON Schema draft
// 7): its required fields, types and closed lists of values. Nothing there is closed to further fields.

import { Ajv } from "ajv";

const textOrNull = { type: ["string", "null"] };
const numberOrNull = { type: ["number", "null"] };
const time = { type: "string", format: "date-time" };
const integer = { type: "integer" };
const number = { type: "number" };
const texts = { type: "array", items: { type: "string" } };

const modelParameters = {
  type: ["object", "null"],
  properties: {
    temperature: number,
    max_tokens: integer,
    max_output_tokens: integer,
    top_p: number,
    top_k: integer,
    frequency_penalty: number,
    presence_penalty: number,
  },
};

const summary = {
  type: ["object", "null"],
  required: ["created_at", "text"],
  properties: { created_at: time, preserve_recent: integer, focus: textOrNull, text: { type: "string" }, metrics: { type: "object" } },
};

const assessment = {
  type: ["object", "null"],
  required: ["created_at", "overall_score"],
  properties: {
    created_at: time,
    criteria: { type: "object" },
    overall_score: { type: "number", minimum: 0, maximum: 5 },
    judge_summary: { type: "string" },
    strengths: texts,
    actionable_feedback: texts,
    reasoning: textOrNull,
  },
};

const facts = {
  type: ["object", "null"],
  required: ["extracted_at"],
  properties: {
    extracted_at: time,
    simple_triples: { type: "array", items: { ...texts, minItems: 3, maxItems: 3 } },
    jsonld: { type: ["object", "null"] },
    statistics: { type: "object" },
  },
};

const session = {
  type: "object",
  required: ["id", "created_at"],
  properties: {
    id: { type: "string" },
    created_at: time,
    provider: textOrNull,
    model: textOrNull,
    model_params: modelParameters,
    system_prompt: textOrNull,
    tool_registry: {
      type: "array",
      items: {
        type: "object",
        required: ["name"],
        properties: { name: { type: "string" }, description: { type: "string" }, json_schema: { type: "object" } },
      },
    },
    settings: { type: "object", properties: { auto_compact: { type: "boolean" }, auto_compact_threshold: integer } },
    summary,
    assessment,
    facts,
  },
};

const message = {
  type: "object",
  required: ["role", "content", "timestamp"],
  properties: {
    id: textOrNull,
    role: { type: "string", enum: ["user", "assistant", "system", "tool"] },
    timestamp: time,
    content: { type: "string" },
    metadata: {
      type: ["object", "null"],
      properties: {
        name: textOrNull,
        location: textOrNull,
        requested_tool_calls: {
          type: "array",
          items: {
            type: "object",
            required: ["call_id", "name", "arguments"],
            properties: { call_id: { type: "string" }, name: { type: "string" }, arguments: { type: "object" } },
          },
        },
        call_id: textOrNull,
        status: { type: ["string", "null"], enum: ["ok", "error", "timeout"] },
        duration_ms: numberOrNull,
        stderr: textOrNull,
      },
    },
  },
};

const archive = {
  type: "object",
  required: ["schema_version", "session", "messages"],
  properties: {
    schema_version: { type: "string", const: "session-archive/v1" },
    session,
    messages: { type: "array", items: message },
    usage_stats: { type: ["object", "null"] },
    events: {
      type: "array",
      items: { type: "object", required: ["type", "at"], properties: { type: { type: "string" }, at: time, data: { type: "object" } } },
    },
  },
};

const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/u);
const validate = ajv.compile(archive);

/** What does not fit, by its place; empty for an archive as it must be. */
export function schemaErrors(value: unknown): readonly string[] {
  return validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message = "" }) => `${instancePath} ${message}`);
}
