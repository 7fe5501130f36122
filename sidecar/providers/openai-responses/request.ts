// The body of a request to OpenAI's Responses API.

import { fitsStrictMode } from "../../structured/strict-schema.ts";
import type { GenerationParameters, JsonObject, JsonValue } from "../../types.ts";
import { learnSchema, schemaParameters } from "../answer-schema.ts";
import type { ErrorPayload } from "../error-payload.ts";
import { asList, asObject } from "../json-fields.ts";
import type { ModelRequest } from "../provider.ts";
import { ALWAYS_REASONS, effortFor, learnEfforts, saysMustReason } from "../reasoning-effort.ts";
import { askedToReason, learnField, leftOut, putUnlessRefused, refusesField, unsupported } from "../refusal.ts";
import { withProviderOptions } from "../provider-options.ts";
import { warnOfToolExtras, type ToolExtra } from "../tool-extras.ts";
import { ONCE, WITHOUT_OPAQUE, type WireRequest, type WireTarget, type WireWarning } from "../wire-adapter.ts";
import { responsesInput, responsesTools, withoutReasoning } from "./items.ts";

const CHAT_INSTEAD = 'The Responses API has no such parameter; set the provider\'s "api" to "chat" to use it.';
const ENCRYPTED_REASONING = "reasoning.encrypted_content";

/** They are another organisation's, damaged, or for a model that does not reason. */
const REFUSES_REASONING_ITEMS =
  /encrypted content.*(verified|decrypted|parsed)|without its required|invalid_encrypted_content|reasoning input items can only|remove reasoning items|missing required parameter: '?input\[\d+\]\.id\b/iu;

/** The lesson of a server that looks items up by their ids: nothing is kept there, and what is needed stands in the items themselves. */
const NO_ITEM_IDS = "item-ids";
const REFUSES_ITEM_IDS = /\bitem (with id )?['"`]?[\w-]+['"`]? (was )?not found|\b(invalid|unknown parameter:?) ['"`]?input\[\d+\]\.id\b/iu;

/** The lesson of a server that knows messages and calls alone. */
const NO_OTHER_ITEMS = "reasoning-items";
const KNOWS_NO_OTHER_ITEMS =
  /unknown variant ['"`]?reasoning\b|reasoning items? (is|are) not supported|unknown parameter:? ['"`]?input\[\d+\]\.(encrypted_content|summary|phase)\b/iu;

const TOOL_EXTRAS: readonly ToolExtra[] = ["strict"];

export function buildResponsesRequest(request: ModelRequest, target: WireTarget): WireRequest {
  const { model } = request;
  const warnings: WireWarning[] = [];
  const parameters = schemaParameters(request.parameters, true, target, warnings);
  if (parameters.seed !== undefined) throw unsupported(target, "seed", CHAT_INSTEAD);
  if (parameters.stop !== undefined && parameters.stop.length > 0) throw unsupported(target, "stop", CHAT_INSTEAD);
  const schema = parameters.responseSchema;
  const system = parameters.system ?? "";
  const reasoning = reasoningFields(request, target, warnings);
  warnOfToolExtras(target.row.name, parameters.tools, TOOL_EXTRAS, warnings);
  const body: JsonObject = {
    model,
    stream: true,
    // Nothing is kept at the provider's: the conversation is here. Reasoning then travels encrypted, to be sent back.
    store: false,
    ...(keepsReasoning(model, target) ? { include: [ENCRYPTED_REASONING] } : {}),
    ...(target.learned.has("stream_options") ? {} : { stream_options: { include_obfuscation: false } }),
    ...samplingFields(parameters, askedToReason({ ...reasoning, ...parameters.providerOptions?.[target.provider] }), target, warnings),
    ...reasoning,
    ...(schema === undefined ? {} : { text: { format: { type: "json_schema", name: "answer", schema, strict: fitsStrictMode(schema) } } }),
    ...(parameters.tools === undefined || parameters.tools.length === 0 ? {} : { tools: responsesTools(parameters.tools, TOOL_EXTRAS) }),
    ...(system.trim() === "" ? {} : { instructions: system }),
  };
  // The conversation comes last, so that the bytes of one turn are a prefix of those of the next.
  const readable = reasons(model) ? request : { ...request, messages: withoutReasoning(request.messages) };
  const items = responsesInput(readable, target.learned.has(NO_OTHER_ITEMS) ? withoutItems(target) : target, warnings);
  const input = target.learned.has(NO_ITEM_IDS) ? items.map(({ id: _id, ...item }) => item) : items;
  return { path: "/responses", body: { ...withProviderOptions(body, parameters, target, "input"), input }, warnings };
}

/** Refusals name the field: `reasoning.effort`, `reasoning.summary`, `include`, `temperature`. */
export function learnFromResponsesRefusal(status: number, payload: ErrorPayload, body: JsonObject): string | undefined {
  const { message, parameter } = payload;
  if ((status === 400 || status === 404) && REFUSES_ITEM_IDS.test(message)) return sendsIds(body) ? NO_ITEM_IDS : WITHOUT_OPAQUE;
  if (status !== 400 && status !== 422) return undefined;
  const names = (field: string, word = field): boolean =>
    field in body && (parameter === word || new RegExp(`\\b${word}\\b`, "u").test(message));
  if (REFUSES_REASONING_ITEMS.test(`${payload.code} ${message}`)) return WITHOUT_OPAQUE;
  if (KNOWS_NO_OTHER_ITEMS.test(message)) return NO_OTHER_ITEMS;
  if ("include" in body && (parameter === "include" || /encrypted[_ ]content/iu.test(message))) return "include";
  if (names("reasoning", "reasoning.summary") || ("reasoning" in body && /reasoning summar/iu.test(message))) return "reasoning.summary";
  if (asObject(body["reasoning"])?.["effort"] === "none" && saysMustReason(message)) return ALWAYS_REASONS;
  // xAI names it as its own code does.
  if (names("reasoning", "reasoning.effort") || names("reasoning", "reasoningEffort") || parameter === "reasoning")
    return learnEfforts(message) ?? (refusesReasoning(payload, body) ? "reasoning" : undefined);
  if (names("stream_options") || names("stream_options", "include_obfuscation")) return "stream_options";
  return learnField(payload, body, ["temperature", "top_p", "reasoning"]) ?? learnSchema(payload, body, sentSchema(body));
}

function sendsIds(body: JsonObject): boolean {
  return (asList(body["input"]) ?? []).some((item) => asObject(item)?.["id"] !== undefined);
}

/** The effort stands in `reasoning`, and xAI names it alone. */
function refusesReasoning(payload: ErrorPayload, body: JsonObject): boolean {
  return ["reasoning", "reasoning_effort"].some((field) => refusesField(payload, { ...body, reasoning_effort: null }, field));
}

function sentSchema(body: JsonObject): JsonObject | undefined {
  return asObject(asObject(asObject(body["text"])?.["format"])?.["schema"]);
}

/** Models that do not reason refuse to be asked for encrypted reasoning. */
function keepsReasoning(model: string, target: WireTarget): boolean {
  return !target.learned.has("include") && reasons(model);
}

/** Of OpenAI's models those that surely do not are known by name. */
function reasons(model: string): boolean {
  return !/^(ft:)?(gpt-3|gpt-4|chatgpt-)|^gpt-5(\.\d)?-chat/u.test(model);
}

function withoutItems(target: WireTarget): WireTarget {
  return { ...target, learned: new Set([...target.learned, WITHOUT_OPAQUE]) };
}

function samplingFields(parameters: GenerationParameters, reasoning: JsonObject, target: WireTarget, warnings: WireWarning[]): JsonObject {
  const { temperature, topP, maxOutputTokens } = parameters;
  const fields: Record<string, JsonValue> = {};
  putUnlessRefused(fields, ["temperature", "temperature", temperature], { target, sent: reasoning, warnings });
  putUnlessRefused(fields, ["topP", "top_p", topP], { target, sent: { ...reasoning, ...fields }, warnings });
  if (maxOutputTokens !== undefined) fields["max_output_tokens"] = maxOutputTokens;
  return fields;
}

function reasoningFields({ model, parameters }: ModelRequest, target: WireTarget, warnings: WireWarning[]): JsonObject {
  const asked = parameters.reasoning;
  if (asked === undefined) return {};
  if (target.learned.has("reasoning") || target.learned.has(`${ONCE}reasoning`)) {
    // A model that refuses the field does not reason, which is what "off" asked for.
    if (asked !== "off")
      warnings.push(leftOut("reasoning", `The model does not take a reasoning effort of "${asked}"; it was asked without it.`));
    return {};
  }
  const effort = effortFor(model, asked, target.learned, warnings);
  // Summaries are shown to organisations that OpenAI has verified; the others are answered without.
  const summary = asked === "off" || target.learned.has("reasoning.summary") ? {} : { summary: "auto" };
  return { reasoning: { effort, ...summary } };
}
