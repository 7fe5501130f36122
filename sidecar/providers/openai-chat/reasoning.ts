// How reasoning is asked for in a chat completion, as the row of the provider has it, and what the refusals teach.

import type { JsonObject, ReasoningEffort } from "../../types.ts";
import type { ErrorPayload } from "../error-payload.ts";
import { asList } from "../json-fields.ts";
import type { ModelRequest } from "../provider.ts";
import { sendsTools } from "../provider-options.ts";
import { ALWAYS_REASONS, effortFor, learnEfforts, saysMustReason } from "../reasoning-effort.ts";
import { besideLesson, isSwitchedOff, leftOut, mapped, mentionsField, REASONING_FIELDS } from "../refusal.ts";
import { ONCE, type WireTarget, type WireWarning } from "../wire-adapter.ts";

/** Beside tools the model takes reasoning only switched off, and has to be told so (OpenAI's from GPT-5.4 on, at this interface). */
const NONE_BESIDE_TOOLS = besideLesson("tools", "reasoning_effort");

export function reasoningFields(request: ModelRequest, target: WireTarget, warnings: WireWarning[]): JsonObject {
  const { model, parameters } = request;
  const effort = parameters.reasoning;
  if (target.learned.has(NONE_BESIDE_TOOLS) && sendsTools(parameters, target)) return noneBesideTools(effort, warnings);
  if (effort === undefined) return {};
  const told: WireWarning[] = [];
  const fields = asked(model, effort, target, told);
  const [field = ""] = Object.keys(fields);
  if (!target.learned.has(field) && !target.learned.has(`${ONCE}${field}`)) {
    warnings.push(...told);
    return fields;
  }
  // A model that refuses the field does not reason, which is what "off" asked for.
  if (effort !== "off")
    warnings.push(leftOut("reasoning", `The model does not take a reasoning effort of "${effort}"; it was asked without it.`));
  return {};
}

function noneBesideTools(effort: ReasoningEffort | undefined, warnings: WireWarning[]): JsonObject {
  if (effort !== "off") warnings.push(mapped("reasoning", "The model does not reason beside tools here; it was asked not to."));
  return { reasoning_effort: "none" };
}

function asked(model: string, effort: ReasoningEffort, target: WireTarget, warnings: WireWarning[]): JsonObject {
  const on = effort !== "off";
  const style = target.row.chat?.reasoning ?? "effort";
  const always = target.learned.has(ALWAYS_REASONS);
  if (style === "openrouter" && !on && !always) return { reasoning: { enabled: false } };
  if (style === "openrouter") return { reasoning: { effort: effortFor(model, effort, target.learned, warnings) } };
  if (style === "effort" || (style === "prompt-mode" && !model.includes("magistral")))
    return { reasoning_effort: effortFor(model, effort, target.learned, warnings) };
  // Templates take the variables that they know and pass over the others.
  if (style === "template") return { chat_template_kwargs: { enable_thinking: on, ...(on ? { reasoning_effort: effort } : {}) } };
  if (on) warnings.push(mapped("reasoning", `${target.row.name} can only switch reasoning on or off; the level "${effort}" became "on".`));
  if (style === "prompt-mode") return { prompt_mode: on ? "reasoning" : null };
  if (on || !always) return { thinking: { type: on ? "enabled" : "disabled" } };
  warnings.push(mapped("reasoning", "The model cannot switch reasoning off; it reasons as it does by itself."));
  return {};
}

/** Undefined: the refusal is not of how reasoning was asked for, or takes all of it. */
export function learnChatReasoning({ message, parameter }: ErrorPayload, body: JsonObject): string | undefined {
  if (/\btools? with reasoning_effort\b.{0,20}\bnot supported/iu.test(message) && (asList(body["tools"])?.length ?? 0) > 0) {
    return NONE_BESIDE_TOOLS;
  }
  if (isSwitchedOff(body)) {
    if (saysMustReason(message)) return ALWAYS_REASONS;
    // All that Gemini says of an effort of "none" to some of its models, and of much else.
    if (/^request contains an invalid argument/iu.test(message) && "reasoning_effort" in body) return `${ONCE}${ALWAYS_REASONS}`;
  }
  const names = (field: string): boolean => field in body && (parameter === field || mentionsField(message, field));
  return REASONING_FIELDS.some(names) ? learnEfforts(message) : undefined;
}
