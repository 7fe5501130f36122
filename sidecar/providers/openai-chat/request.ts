// The body of a chat completion, as the row of the provider has it and as the model has taught us.

import type { GenerationParameters, JsonObject, JsonValue, ReasoningEffort } from "../../types.ts";
import { fitsStrictMode } from "../../structured/strict-schema.ts";
import { learnSchema, schemaParameters } from "../answer-schema.ts";
import type { ModelRequest } from "../provider.ts";
import { effortFor, learnEfforts } from "../reasoning-effort.ts";
import { isAboutValue, leftOut, mapped, mentionsField, refuseImages, refusesField } from "../refusal.ts";
import { withProviderOptions } from "../provider-options.ts";
import { WITHOUT_OPAQUE, type WireRequest, type WireTarget, type WireWarning } from "../wire-adapter.ts";
import type { ErrorPayload } from "../error-payload.ts";
import { asList, asObject } from "../json-fields.ts";
import { ANSWER_BETWEEN, chatMessages, chatTools, echoesReasoning, FOREIGN_CALLS } from "./messages.ts";

export function buildChatRequest(request: ModelRequest, target: WireTarget): WireRequest {
  const warnings: WireWarning[] = [];
  const chat = target.row.chat ?? {};
  if (chat.images === false) refuseImages(request.messages, target);
  const style = chat.responseSchema ?? "json-schema";
  const parameters = schemaParameters(request.parameters, style === "json-schema", target, warnings);
  const streamOptions = {
    ...(chat.streamUsage === false ? {} : { include_usage: true }),
    ...(chat.noObfuscation === true && !isSelfHosted(target) ? { include_obfuscation: false } : {}),
  };
  const body: JsonObject = {
    model: `${chat.modelIdPrefix ?? ""}${request.model}`,
    stream: true,
    ...(Object.keys(streamOptions).length === 0 || target.learned.has("stream_options") ? {} : { stream_options: streamOptions }),
    ...(chat.promptProgress === true ? { return_progress: true } : {}),
    ...chat.extraBody,
    ...samplingFields(parameters, target, warnings),
    ...reasoningFields(request, target, warnings),
    ...schemaFields(parameters.responseSchema),
    ...(style === "json-object" && request.parameters.responseSchema !== undefined ? { response_format: { type: "json_object" } } : {}),
    ...(parameters.tools === undefined || parameters.tools.length === 0 ? {} : { tools: chatTools(parameters.tools) }),
  };
  // The messages come last, so that the bytes of one turn are a prefix of those of the next.
  const messages = chatMessages(parameters.system, request.messages, target, warnings);
  return {
    path: "/chat/completions",
    body: { ...withProviderOptions(body, parameters, target, "messages"), messages },
    warnings,
  };
}

/** Fields that a model may refuse although its provider knows them, and what is done then. */
const LEARNABLE: readonly string[] = ["reasoning_effort", "temperature", "top_p", "seed", "stop"];

/**
 * Reads a refusal by the field that it names (quirks 18 and 33); fields that were not sent are no reason, and a value that the
 * field does not take is the caller's to change.
 */
export function learnFromChatRefusal(status: number, payload: ErrorPayload, body: JsonObject, target: WireTarget): string | undefined {
  const { message, parameter } = payload;
  // A chat template that fails is a failure of llama.cpp's server, not a refusal.
  if ((status === 400 || status === 500) && isAboutTurns(message) && asksAfterResults(body)) return ANSWER_BETWEEN;
  if (status !== 400 && status !== 422) return undefined;
  const names = (field: string): boolean => field in body && (parameter === field || mentionsField(message, field));
  if (mentionsField(message, "reasoning_content")) return learnEcho(target);
  if (/missing.{0,20}thought_signature/iu.test(message)) return FOREIGN_CALLS;
  if (/signature|encrypted/iu.test(message) && holdsOpaque(body)) return WITHOUT_OPAQUE;
  const efforts = names("reasoning_effort") ? learnEfforts(message) : undefined;
  if (efforts !== undefined) return efforts;
  if ("stream_options" in body && (names("stream_options") || mentionsField(message, "include_usage"))) return "stream_options";
  if (names("max_tokens") && mentionsField(message, "max_completion_tokens") && !isAboutValue(message)) return "max_completion_tokens";
  if (refusesField(payload, body, "max_completion_tokens")) return "max_tokens";
  return LEARNABLE.find((field) => refusesField(payload, body, field)) ?? learnSchema(message, parameter, sentSchema(body));
}

/** Models that reason want their reasoning back with their tool calls, or refuse it: by the model, and changed over time (quirk 31). */
function learnEcho(target: WireTarget): string {
  return echoesReasoning(target) ? "no-echo" : "echo";
}

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

function samplingFields(parameters: GenerationParameters, target: WireTarget, warnings: WireWarning[]): JsonObject {
  const chat = target.row.chat ?? {};
  const seedField = chat.seedField ?? "seed";
  const fields: Record<string, JsonValue> = {};
  const put = (parameter: string, field: string, value: JsonValue | undefined): void => {
    if (value === undefined) return;
    if (target.learned.has(field)) warnings.push(leftOut(parameter, `The model does not take "${parameter}"; it was asked without it.`));
    else fields[field] = value;
  };
  put("temperature", "temperature", parameters.temperature);
  put("topP", "top_p", parameters.topP);
  put("seed", seedField, parameters.seed);
  put("stop", "stop", parameters.stop === undefined || parameters.stop.length === 0 ? undefined : parameters.stop);
  if (parameters.maxOutputTokens !== undefined) fields[maxTokensField(target)] = parameters.maxOutputTokens;
  return fields;
}

function maxTokensField(target: WireTarget): string {
  if (target.learned.has("max_completion_tokens")) return "max_completion_tokens";
  if (target.learned.has("max_tokens")) return "max_tokens";
  return (isSelfHosted(target) ? undefined : target.row.chat?.maxTokensField) ?? "max_tokens";
}

function reasoningFields({ model, parameters }: ModelRequest, target: WireTarget, warnings: WireWarning[]): JsonObject {
  const effort = parameters.reasoning;
  if (effort === undefined) return {};
  const on = effort !== "off";
  const style = target.row.chat?.reasoning ?? "effort";
  if (style === "effort" || (style === "prompt-mode" && !model.includes("magistral"))) return effortField(model, effort, target, warnings);
  if (style === "openrouter") return { reasoning: on ? { effort } : { enabled: false } };
  // Templates take the variables that they know and pass over the others.
  if (style === "template") return { chat_template_kwargs: { enable_thinking: on, ...(on ? { reasoning_effort: effort } : {}) } };
  if (on) warnings.push(mapped("reasoning", `${target.row.name} can only switch reasoning on or off; the level "${effort}" became "on".`));
  return style === "thinking" ? { thinking: { type: on ? "enabled" : "disabled" } } : { prompt_mode: on ? "reasoning" : null };
}

function effortField(model: string, effort: ReasoningEffort, target: WireTarget, warnings: WireWarning[]): JsonObject {
  if (!target.learned.has("reasoning_effort")) return { reasoning_effort: effortFor(model, effort, target.learned, warnings) };
  // A model that refuses the field does not reason, which is what "off" asked for.
  if (effort !== "off")
    warnings.push(leftOut("reasoning", `The model does not take a reasoning effort of "${effort}"; it was asked without it.`));
  return {};
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
