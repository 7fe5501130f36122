// The body of a request to Anthropic's messages API.

import type { GenerationParameters, JsonObject, ReasoningEffort } from "../../types.ts";
import type { ErrorPayload } from "../error-payload.ts";
import type { ModelRequest } from "../provider.ts";
import { leftOut, mapped, unsupported } from "../refusal.ts";
import { withProviderOptions, type WireRequest, type WireTarget, type WireWarning } from "../wire-adapter.ts";
import { anthropicMessages, anthropicTools } from "./messages.ts";
import { maxOutputTokensOf, thinksAdaptively } from "./models.ts";

/** Tokens that a model without an effort of its own may think. */
const BUDGETS: Readonly<Record<Exclude<ReasoningEffort, "off">, number>> = { low: 2048, medium: 8192, high: 24_576 };
/** Anthropic's least. */
const LEAST_BUDGET = 1024;

export function buildAnthropicRequest(request: ModelRequest, target: WireTarget): WireRequest {
  const { parameters } = request;
  if (parameters.seed !== undefined) throw unsupported(target, "seed", "Its answers cannot be repeated; leave the seed out.");
  const warnings: WireWarning[] = [];
  const maxTokens = parameters.maxOutputTokens ?? learnedLimit(target) ?? maxOutputTokensOf(request.model);
  const thinking = thinkingFields(request.model, parameters.reasoning, maxTokens, target, warnings);
  const format = parameters.responseSchema === undefined ? {} : { format: { type: "json_schema", schema: parameters.responseSchema } };
  const outputConfig = { ...thinking.outputConfig, ...format };
  const system = parameters.system ?? "";
  const body: JsonObject = {
    model: request.model,
    stream: true,
    max_tokens: maxTokens,
    ...thinking.body,
    ...(Object.keys(outputConfig).length === 0 ? {} : { output_config: outputConfig }),
    ...samplingFields(parameters, "thinking" in thinking.body, target, warnings),
    ...(parameters.stop === undefined || parameters.stop.length === 0 ? {} : { stop_sequences: parameters.stop }),
    ...(parameters.tools === undefined || parameters.tools.length === 0 ? {} : { tools: anthropicTools(parameters.tools) }),
    ...(system.trim() === "" ? {} : { system }),
  };
  // The messages come last, so that the bytes of one turn are a prefix of those of the next.
  const messages = anthropicMessages(request.messages, target);
  return { path: "/v1/messages", body: { ...withProviderOptions(body, parameters, target), stream: true, messages }, warnings };
}

/** Which of the ways to think a model takes, whether it takes sampling parameters, and its limit: the refusals say so. */
export function learnFromAnthropicRefusal(status: number, payload: ErrorPayload, body: JsonObject): string | undefined {
  if (status !== 400) return undefined;
  const { message } = payload;
  const limit = /max_tokens: \d+ > (\d+)/u.exec(message)?.[1];
  if (limit !== undefined) return `max_tokens=${limit}`;
  if (/\beffort\b/u.test(message) && "output_config" in body) return "effort";
  if ("thinking" in body && /\b(thinking|budget_tokens)\b/u.test(message) && /adaptive|enabled|budget_tokens|supported/u.test(message)) {
    return JSON.stringify(body["thinking"]).includes("adaptive") ? "thinking=budget" : "thinking=adaptive";
  }
  return ["temperature", "top_p"].find((field) => field in body && new RegExp(`\\b${field}\\b`, "u").test(message));
}

function learnedLimit(target: WireTarget): number | undefined {
  const limits = [...target.learned].filter((lesson) => lesson.startsWith("max_tokens=")).map((lesson) => Number(lesson.slice(11)));
  return limits.length === 0 ? undefined : Math.min(...limits);
}

interface ThinkingFields {
  readonly body: JsonObject;
  readonly outputConfig: JsonObject;
}

function thinkingFields(
  model: string,
  effort: ReasoningEffort | undefined,
  maxTokens: number,
  target: WireTarget,
  warnings: WireWarning[],
): ThinkingFields {
  if (effort === undefined || effort === "off") return { body: {}, outputConfig: {} };
  const adaptive = target.learned.has("thinking=adaptive") || (thinksAdaptively(model) && !target.learned.has("thinking=budget"));
  if (adaptive) {
    const body = { thinking: { type: "adaptive" } };
    if (!target.learned.has("effort")) return { body, outputConfig: { effort } };
    warnings.push(mapped("reasoning", `The model takes no effort; it decides itself how long it thinks, and not by "${effort}".`));
    return { body, outputConfig: {} };
  }
  if (maxTokens < 2 * LEAST_BUDGET) {
    warnings.push(
      leftOut("reasoning", `Thinking needs a limit of at least ${2 * LEAST_BUDGET} output tokens; the model was asked without it.`),
    );
    return { body: {}, outputConfig: {} };
  }
  // What is thought counts against max_tokens, so some of it has to be left for the answer.
  const budget = Math.max(LEAST_BUDGET, Math.min(BUDGETS[effort], Math.floor(maxTokens / 2)));
  return { body: { thinking: { type: "enabled", budget_tokens: budget } }, outputConfig: {} };
}

/** Temperature and top_p exclude each other, and thinking excludes all but their defaults (quirk 34). */
function samplingFields(parameters: GenerationParameters, thinks: boolean, target: WireTarget, warnings: WireWarning[]): JsonObject {
  const fields: { temperature?: number; top_p?: number } = {};
  const { temperature, topP } = parameters;
  if (temperature !== undefined) {
    if (target.learned.has("temperature"))
      warnings.push(leftOut("temperature", "The model takes no temperature; it was asked without it."));
    else if (thinks && temperature !== 1)
      warnings.push(leftOut("temperature", "A model that thinks takes no temperature; it was asked without it."));
    else fields.temperature = Math.min(1, temperature);
    if (fields.temperature !== undefined && temperature > 1) {
      warnings.push(mapped("temperature", `Anthropic's temperatures end at 1; ${temperature} became 1.`));
    }
  }
  if (topP !== undefined) {
    if (fields.temperature !== undefined)
      warnings.push(leftOut("topP", "Claude takes temperature or topP, not both; it was asked without topP."));
    else if (target.learned.has("top_p")) warnings.push(leftOut("topP", "The model takes no topP; it was asked without it."));
    else if (thinks && topP < 0.95)
      warnings.push(leftOut("topP", "A model that thinks takes no topP below 0.95; it was asked without it."));
    else fields.top_p = topP;
  }
  return fields;
}
