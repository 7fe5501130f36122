// The body of a chat completion, as the row of the provider has it and as the model has taught us.

import type { GenerationParameters, JsonObject, JsonValue } from "../../types.ts";
import { fitsStrictMode } from "../../structured/strict-schema.ts";
import { learnSchema, schemaParameters } from "../answer-schema.ts";
import { NO_CACHE_MARKS } from "../cache-marks.ts";
import type { ModelRequest } from "../provider.ts";
import {
  askedToReason,
  isAboutValue,
  learnField,
  mentionsField,
  putUnlessRefused,
  REASONING_FIELDS,
  refuseImages,
  refusesField,
  saysRefused,
} from "../refusal.ts";
import { withProviderOptions } from "../provider-options.ts";
import { learnToolExtra, warnOfToolExtras } from "../tool-extras.ts";
import { ONCE, WITHOUT_OPAQUE, type WireRequest, type WireTarget, type WireWarning } from "../wire-adapter.ts";
import type { ErrorPayload } from "../error-payload.ts";
import { isRefusedAsFailure } from "../error-phrases.ts";
import { asList, asObject } from "../json-fields.ts";
import { refusesMarks, withChatCacheMarks } from "./cache-marks.ts";
import { ANSWER_BETWEEN, chatMessages, chatToolExtras, chatTools, ECHO, echoesReasoning, FOREIGN_CALLS, NO_ECHO } from "./messages.ts";
import { learnChatReasoning, reasoningFields } from "./reasoning.ts";
import { learnNoSystem } from "./system-words.ts";

export function buildChatRequest(request: ModelRequest, target: WireTarget): WireRequest {
  const warnings: WireWarning[] = [];
  const chat = target.row.chat ?? {};
  if (chat.images === false) refuseImages(request.messages, target);
  const style = chat.responseSchema ?? "json-schema";
  const parameters = schemaParameters(request.parameters, style === "json-schema", target, warnings);
  const reasoning = reasoningFields(request, target, warnings);
  const streamOptions = {
    ...(chat.streamUsage === false ? {} : { include_usage: true }),
    ...(chat.noObfuscation === true && !isSelfHosted(target) ? { include_obfuscation: false } : {}),
  };
  const toolExtras = chatToolExtras(request.model, target);
  warnOfToolExtras(target.row.name, parameters.tools, toolExtras, warnings);
  const body: JsonObject = {
    model: `${chat.modelIdPrefix ?? ""}${request.model}`,
    stream: true,
    ...(Object.keys(streamOptions).length === 0 || target.learned.has("stream_options") ? {} : { stream_options: streamOptions }),
    ...(chat.promptProgress === true ? { return_progress: true } : {}),
    ...chat.extraBody,
    ...samplingFields(parameters, askedToReason({ ...reasoning, ...parameters.providerOptions?.[target.provider] }), target, warnings),
    ...reasoning,
    ...schemaFields(parameters.responseSchema),
    ...(style === "json-object" && request.parameters.responseSchema !== undefined ? { response_format: { type: "json_object" } } : {}),
    ...(parameters.tools === undefined || parameters.tools.length === 0 ? {} : { tools: chatTools(parameters.tools, toolExtras) }),
  };
  // The messages come last, so that the bytes of one turn are a prefix of those of the next.
  const messages = chatMessages(parameters, request.messages, target, warnings);
  const whole: JsonObject = { ...withProviderOptions(body, parameters, target, "messages"), messages };
  return { path: "/chat/completions", body: withChatCacheMarks(whole, request, target), warnings };
}

/** Fields that a model may refuse although its provider knows them, and what is done then. */
const LEARNABLE: readonly string[] = ["temperature", "top_p", "seed", "stop", ...REASONING_FIELDS];

/**
 * Reads a refusal by the field that it names (quirks 18 and 33); fields that were not sent are no reason, and a value that the
 * field does not take is the caller's to change.
 */
export function learnFromChatRefusal(status: number, payload: ErrorPayload, body: JsonObject, target: WireTarget): string | undefined {
  const { message, parameter } = payload;
  if (status !== 400 && status !== 422 && !isRefusedAsFailure(status, message)) return undefined;
  if (isAboutTurns(message) && asksAfterResults(body)) return ANSWER_BETWEEN;
  const system = learnNoSystem(payload, body);
  if (system !== undefined) return system;
  const names = (field: string): boolean => field in body && (parameter === field || mentionsField(message, field));
  if (mentionsField(message, "reasoning_content")) return learnEcho(message, body, target);
  if (/missing.{0,20}thought_signature/iu.test(message)) return FOREIGN_CALLS;
  if (refusesMarks(message, body)) return NO_CACHE_MARKS;
  if (/signature|encrypted/iu.test(message) && holdsOpaque(body)) return WITHOUT_OPAQUE;
  const toolExtra = learnToolExtra(payload, body);
  if (toolExtra !== undefined) return toolExtra;
  const reasoning = learnChatReasoning(payload, body);
  if (reasoning !== undefined) return reasoning;
  if ("stream_options" in body && (names("stream_options") || mentionsField(message, "include_usage"))) return "stream_options";
  if (names("max_tokens") && mentionsField(message, "max_completion_tokens") && !isAboutValue(message)) return "max_completion_tokens";
  if (refusesField(payload, body, "max_completion_tokens")) return "max_tokens";
  return learnField(payload, body, LEARNABLE) ?? learnSchema(payload, body, sentSchema(body));
}

/**
 * Models that reason want their reasoning back where tools are used, or refuse it: by the model, and changed over time (quirk 31).
 * Words that do not tell which are of what was done.
 */
function learnEcho(message: string, body: JsonObject, target: WireTarget): string | undefined {
  const wasSent = (asList(body["messages"]) ?? []).some((one) => asObject(one)?.["reasoning_content"] !== undefined);
  const isWanted = WANTED_BACK.test(message) || (!wasSent && !saysRefused(message) && !/\bremove\b/iu.test(message));
  if (isWanted ? echoesReasoning(target) : !wasSent) return undefined;
  const lesson = isWanted ? ECHO : NO_ECHO;
  // Behind one name can be several servers, of which each wants another thing.
  return target.learned.has(lesson) ? `${ONCE}${lesson}` : lesson;
}

/** DeepSeek's words, and those of its version before; Moonshot's; a field's that a schema demands. */
const WANTED_BACK = /must be (passed|sent|given|provided|included|present|set)|pass(ed)? back|missing|\brequired\b/iu;

/** Mistral's words, wherever its models run, and those of its chat templates. */
function isAboutTurns(message: string): boolean {
  return /unexpected role '?user'? after role '?tool|roles must alternate/iu.test(message);
}

function asksAfterResults(body: JsonObject): boolean {
  const roles = (asList(body["messages"]) ?? []).map((message) => asObject(message)?.["role"]);
  return roles.some((role, at) => role === "user" && roles[at - 1] === "tool");
}

function holdsOpaque(body: JsonObject): boolean {
  return /"(reasoning_details|extra_content)":/u.test(JSON.stringify(body["messages"]));
}

function sentSchema(body: JsonObject): JsonObject | undefined {
  const format = asObject(body["response_format"]);
  return asObject(asObject(format?.["json_schema"])?.["schema"]);
}

/** `reasoning`: what asks the model to reason, the caller's extras among it. */
function samplingFields(
  { temperature, topP, seed, stop, maxOutputTokens }: GenerationParameters,
  reasoning: JsonObject,
  target: WireTarget,
  warnings: WireWarning[],
): JsonObject {
  const fields: Record<string, JsonValue> = {};
  const put = (parameter: string, field: string, value: JsonValue | undefined): void => {
    if (value === undefined) return;
    putUnlessRefused(fields, [parameter, field, value], { target, sent: { ...reasoning, ...fields }, warnings });
  };
  put("temperature", "temperature", temperature);
  put("topP", "top_p", topP);
  put("seed", target.row.chat?.seedField ?? "seed", seed);
  put("stop", "stop", stop === undefined || stop.length === 0 ? undefined : stop);
  if (maxOutputTokens !== undefined) fields[maxTokensField(target)] = maxOutputTokens;
  return fields;
}

function maxTokensField(target: WireTarget): string {
  if (target.learned.has("max_completion_tokens")) return "max_completion_tokens";
  if (target.learned.has("max_tokens")) return "max_tokens";
  return (isSelfHosted(target) ? undefined : target.row.chat?.maxTokensField) ?? "max_tokens";
}

/** OpenAI holds a model to a schema in strict mode alone, and refuses it there for schemas that leave anything open. */
function schemaFields(schema: JsonObject | undefined): JsonObject {
  if (schema === undefined) return {};
  const strict = fitsStrictMode(schema) ? { strict: true } : {};
  return { response_format: { type: "json_schema", json_schema: { name: "answer", ...strict, schema } } };
}

/** A base URL other than OpenAI's own is another server under OpenAI's name; it may refuse, or pass over, what only OpenAI knows. */
function isSelfHosted(target: WireTarget): boolean {
  return target.baseUrl.origin !== new URL(target.row.defaultBaseUrl ?? target.baseUrl.origin).origin;
}
