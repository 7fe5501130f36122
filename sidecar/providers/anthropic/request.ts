// The body of a request to Anthropic's messages API.

import type { GenerationParameters, JsonObject, JsonValue } from "../../types.ts";
import { learnSchema, schemaParameters } from "../answer-schema.ts";
import { NO_CACHE_MARKS, refusesCacheMarks } from "../cache-marks.ts";
import type { ErrorPayload } from "../error-payload.ts";
import { asCount, asObject, asText } from "../json-fields.ts";
import { mostOutputTokens, refusedLimit } from "../output-limit.ts";
import type { ModelRequest } from "../provider.ts";
import { leftOut, learnField, mapped, putUnlessRefused, unsupported } from "../refusal.ts";
import { withProviderOptions } from "../provider-options.ts";
import { learnToolExtra, takenExtras, warnOfToolExtras } from "../tool-extras.ts";
import { ONCE, WITHOUT_OPAQUE, type WireRequest, type WireTarget, type WireWarning } from "../wire-adapter.ts";
import { withCacheMarks } from "./cache-marks.ts";
import { anthropicMessages, anthropicTools } from "./messages.ts";
import { maxOutputTokensOf, takesSchemas } from "./models.ts";
import { learnThinking, thinkingFields } from "./thinking.ts";

/** Where a prompt leaves less room for the answer, in tokens and of the context, it is too long. */
const LEAST_ROOM = 4096;
const LEAST_PART = 0.25;

export function buildAnthropicRequest(request: ModelRequest, target: WireTarget): WireRequest {
  const warnings: WireWarning[] = [];
  const parameters = schemaParameters(request.parameters, takesSchemas(request.model), target, warnings);
  if (parameters.seed !== undefined) throw unsupported(target, "seed", "Its answers cannot be repeated; leave the seed out.");
  // The caller's extras replace what stands here, and what stands here has to fit them.
  const extras = parameters.providerOptions?.[target.provider] ?? {};
  const maxTokens = asCount(extras["max_tokens"]) ?? parameters.maxOutputTokens ?? ownLimit(request.model, target);
  const messages = anthropicMessages(request, target, warnings);
  const thinking = thinkingFields({ model: request.model, effort: parameters.reasoning, maxTokens, messages }, target, warnings);
  const format = parameters.responseSchema === undefined ? {} : { format: { type: "json_schema", schema: parameters.responseSchema } };
  const outputConfig = { ...thinking.outputConfig, ...format };
  const system = parameters.system ?? "";
  const marks = !target.learned.has(NO_CACHE_MARKS);
  const toolExtras = takenExtras(marks ? ["strict", "cache_control", "input_examples"] : ["strict", "input_examples"], target);
  warnOfToolExtras(target.row.name, parameters.tools, toolExtras, warnings);
  const body: JsonObject = {
    model: request.model,
    stream: true,
    max_tokens: maxTokens,
    ...thinking.body,
    ...(Object.keys(outputConfig).length === 0 ? {} : { output_config: outputConfig }),
    ...samplingFields(parameters, thinking.thinks || asksToThink(extras), target, warnings),
    ...(parameters.stop === undefined || parameters.stop.length === 0 ? {} : { stop_sequences: parameters.stop }),
    ...(parameters.tools === undefined || parameters.tools.length === 0 ? {} : { tools: anthropicTools(parameters.tools, toolExtras) }),
    ...(system.trim() === "" ? {} : { system }),
  };
  // The messages come last, so that the bytes of one turn are a prefix of those of the next.
  const whole: JsonObject = { ...withProviderOptions(body, parameters, target, "messages"), messages };
  const { cache_control: _option, ...unmarked } = whole;
  const marked = marks ? withCacheMarks(whole, request.oneOff) : unmarked;
  return { path: "/v1/messages", body: marked, warnings };
}

/** Which of the ways to think a model takes, whether it takes sampling parameters, and its limit: the refusals say so. */
export function learnFromAnthropicRefusal(status: number, payload: ErrorPayload, body: JsonObject, target: WireTarget): string | undefined {
  if (status !== 400 && status !== 422) return undefined;
  const { message } = payload;
  const limit = mostOutputTokens(message);
  // One that the caller asked for is the caller's to change.
  if (limit !== undefined) return isOwnLimit(body, target) ? `max_tokens=${limit}` : undefined;
  const room = learnRoom(message, body, target);
  if (room !== undefined) return room;
  if (refusesCacheMarks(message)) return NO_CACHE_MARKS;
  // Servers that only speak like Anthropic need not let the use of a tool wait for its result.
  if (/[`'](?!tool_result\b)\w+_result[`'] block/u.test(message)) return WITHOUT_OPAQUE;
  const lesson = learnToolExtra(payload, body) ?? learnThinking(message, body);
  if (lesson !== undefined) return lesson;
  const schema = asObject(asObject(asObject(body["output_config"])?.["format"])?.["schema"]);
  return learnField(payload, body, ["temperature", "top_p"]) ?? learnSchema(payload, body, schema);
}

function asksToThink(extras: JsonObject): boolean {
  const type = asObject(extras["thinking"])?.["type"];
  return type !== undefined && type !== "disabled";
}

/** Where the caller asks for none. The model's own, unless refusals said otherwise. */
function ownLimit(model: string, { learned }: WireTarget): number {
  const limits = [...learned].flatMap((lesson) => /^(?:once:)?max_tokens=(\d+)$/u.exec(lesson)?.slice(1) ?? []);
  return limits.length === 0 ? maxOutputTokensOf(model) : Math.min(...limits.map(Number));
}

function isOwnLimit(body: JsonObject, target: WireTarget): boolean {
  return body["max_tokens"] === ownLimit(asText(body["model"]) ?? "", target);
}

/**
 * Before 4.5 prompt and limit together have to fit into the context, and so they have at other servers. A limit that the caller did
 * not ask for gives way to the prompt, and to it alone; where the context is smaller than the limit, no
 * request fits, and half of it is asked for from then on.
 */
function learnRoom(message: string, body: JsonObject, target: WireTarget): string | undefined {
  const refused = refusedLimit(message);
  if (refused === undefined || !isOwnLimit(body, target)) return undefined;
  const { context, limit, prompt } = refused;
  const half = Math.floor(context / 2);
  if (limit >= context && half > 0 && (prompt ?? 0) <= half) return `max_tokens=${half}`;
  // Where the prompt was not counted, half of what there is: it is the limit that was too large.
  const room = prompt === undefined ? half : context - prompt;
  return room >= Math.min(LEAST_ROOM, context * LEAST_PART) && room < limit ? `${ONCE}max_tokens=${room}` : undefined;
}

/** Temperature and top_p exclude each other, and thinking excludes all but their defaults (quirk 34). */
function samplingFields(parameters: GenerationParameters, thinks: boolean, target: WireTarget, warnings: WireWarning[]): JsonObject {
  const fields: Record<string, JsonValue> = {};
  const { temperature, topP } = parameters;
  const beside = thinks ? { thinking: {} } : {};
  if (temperature !== undefined) {
    if (thinks && temperature !== 1)
      warnings.push(leftOut("temperature", "A model that thinks takes no temperature; it was asked without it."));
    else putUnlessRefused(fields, ["temperature", "temperature", Math.min(1, temperature)], { target, sent: beside, warnings });
    if (fields["temperature"] !== undefined && temperature > 1) {
      warnings.push(mapped("temperature", `Anthropic's temperatures end at 1; ${temperature} became 1.`));
    }
  }
  if (topP !== undefined) {
    if (fields["temperature"] !== undefined)
      warnings.push(leftOut("topP", "Claude takes temperature or topP, not both; it was asked without topP."));
    else if (thinks && topP < 0.95)
      warnings.push(leftOut("topP", "A model that thinks takes no topP below 0.95; it was asked without it."));
    else putUnlessRefused(fields, ["topP", "top_p", topP], { target, sent: beside, warnings });
  }
  return fields;
}
