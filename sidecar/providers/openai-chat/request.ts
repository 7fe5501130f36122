// The body of a chat completion, as the row of the provider has it and as the model has taught us.

import type { GenerationParameters, JsonObject, JsonValue, ReasoningEffort } from "../../types.ts";
import type { ModelRequest } from "../provider.ts";
import { leftOut, mapped, unsupported } from "../refusal.ts";
import { withProviderOptions, type WireRequest, type WireTarget, type WireWarning } from "../wire-adapter.ts";
import type { ErrorPayload } from "../error-payload.ts";
import { chatMessages, chatTools } from "./messages.ts";

export function buildChatRequest(request: ModelRequest, target: WireTarget): WireRequest {
  const { parameters } = request;
  const warnings: WireWarning[] = [];
  const chat = target.row.chat ?? {};
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
    ...reasoningFields(parameters.reasoning, target, warnings),
    ...schemaFields(parameters.responseSchema, target),
    ...(parameters.tools === undefined || parameters.tools.length === 0 ? {} : { tools: chatTools(parameters.tools) }),
  };
  // The messages come last, so that the bytes of one turn are a prefix of those of the next.
  const messages = chatMessages(parameters.system, request.messages, target);
  return {
    path: "/chat/completions",
    body: { ...withProviderOptions(body, parameters, target), stream: true, messages },
    warnings,
  };
}

/** Fields that a model may refuse although its provider knows them, and what is done then. */
const LEARNABLE: readonly string[] = ["temperature", "top_p", "seed", "reasoning_effort", "stop"];

/** Reads a refusal by the field that it names (quirks 18 and 33); fields that were not sent are no reason. */
export function learnFromChatRefusal(status: number, payload: ErrorPayload, body: JsonObject): string | undefined {
  if (status !== 400 && status !== 422) return undefined;
  const names = (field: string): boolean => field in body && (payload.parameter === field || mentions(payload.message, field));
  if (names("reasoning_effort") && body["reasoning_effort"] === "none" && mentions(payload.message, "minimal")) return "minimal-reasoning";
  if ("stream_options" in body && (names("stream_options") || mentions(payload.message, "include_usage"))) return "stream_options";
  if (names("max_tokens") && mentions(payload.message, "max_completion_tokens")) return "max_completion_tokens";
  if (names("max_completion_tokens")) return "max_tokens";
  return LEARNABLE.find((field) => names(field));
}

function mentions(message: string, field: string): boolean {
  return new RegExp(`\\b${field}\\b`, "u").test(message);
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
  return target.row.chat?.maxTokensField ?? "max_tokens";
}

function reasoningFields(effort: ReasoningEffort | undefined, target: WireTarget, warnings: WireWarning[]): JsonObject {
  if (effort === undefined) return {};
  const on = effort !== "off";
  const style = target.row.chat?.reasoning ?? "effort";
  if (style === "effort") return effortField(effort, target, warnings);
  if (style === "openrouter") return { reasoning: on ? { effort } : { enabled: false } };
  // Templates take the variables that they know and pass over the others.
  if (style === "template") return { chat_template_kwargs: { enable_thinking: on, ...(on ? { reasoning_effort: effort } : {}) } };
  if (on) warnings.push(mapped("reasoning", `${target.row.name} can only switch reasoning on or off; the level "${effort}" became "on".`));
  return style === "thinking" ? { thinking: { type: on ? "enabled" : "disabled" } } : { prompt_mode: on ? "reasoning" : null };
}

function effortField(effort: ReasoningEffort, target: WireTarget, warnings: WireWarning[]): JsonObject {
  const on = effort !== "off";
  if (!on && target.learned.has("minimal-reasoning")) {
    warnings.push(mapped("reasoning", "The model cannot switch reasoning off; it was asked for the least of it."));
    return { reasoning_effort: "minimal" };
  }
  if (!target.learned.has("reasoning_effort")) return { reasoning_effort: on ? effort : "none" };
  // A model that refuses the field does not reason, which is what "off" asked for.
  if (on) warnings.push(leftOut("reasoning", `The model does not take a reasoning effort of "${effort}"; it was asked without it.`));
  return {};
}

function schemaFields(schema: JsonObject | undefined, target: WireTarget): JsonObject {
  if (schema === undefined) return {};
  if (target.row.chat?.responseSchema === false) {
    throw unsupported(target, "responseSchema", "Ask for JSON in the prompt instead.");
  }
  return { response_format: { type: "json_schema", json_schema: { name: "answer", schema } } };
}

/** A base URL other than OpenAI's own is another server under OpenAI's name; it may refuse what only OpenAI knows. */
function isSelfHosted(target: WireTarget): boolean {
  return target.baseUrl.origin !== new URL(target.row.defaultBaseUrl ?? target.baseUrl.origin).origin;
}
