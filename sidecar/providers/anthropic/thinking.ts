// How Claude models are asked to think, or not to: a budget of tokens before version 4.6, an effort from then on, and what
// their refusals teach (https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking).

import type { JsonObject, JsonValue, ReasoningEffort } from "../../types.ts";
import { asList, asObject } from "../json-fields.ts";
import { saysMustReason } from "../reasoning-effort.ts";
import { isAboutValue, leftOut, mapped, saysRefused } from "../refusal.ts";
import { ONCE, WITHOUT_OPAQUE, type WireTarget, type WireWarning } from "../wire-adapter.ts";
import { UNSIGNED_BACK } from "./messages.ts";
import { thinksAdaptively } from "./models.ts";

/** Tokens that a model without an effort of its own may think. */
const BUDGETS: Readonly<Record<Exclude<ReasoningEffort, "off">, number>> = { low: 2048, medium: 8192, high: 24_576 };
/** Anthropic's least. */
const LEAST_BUDGET = 1024;

/** The conversation was continued by other models in the middle of their calls, which thinking in a budget does not allow. */
const WITHOUT_BUDGET = `${ONCE}budget`;
/** The caller's extras force the call of a tool, beside which no Claude thinks. */
const WITHOUT_THINKING = `${ONCE}thinking`;

export interface ThinkingQuestion {
  readonly model: string;
  readonly effort: ReasoningEffort | undefined;
  readonly maxTokens: number;
  /** As they are sent. */
  readonly messages: readonly JsonObject[];
}

export interface ThinkingFields {
  readonly body: JsonObject;
  readonly outputConfig: JsonObject;
  /** The model was asked to think, which excludes most sampling parameters (quirk 34). */
  readonly thinks: boolean;
}

const AS_IT_DOES: ThinkingFields = { body: {}, outputConfig: {}, thinks: false };

export function thinkingFields(question: ThinkingQuestion, target: WireTarget, warnings: WireWarning[]): ThinkingFields {
  const { model, effort } = question;
  if (effort === undefined) return AS_IT_DOES;
  const refusesBudget = target.learned.has("thinking=adaptive");
  const refusesAdaptive = target.learned.has("thinking=budget");
  const adaptive = !refusesAdaptive && (refusesBudget || thinksAdaptively(model));
  // Without a word about it the older ones do not think, and those from 5 on do.
  if (effort === "off") return adaptive ? switchedOff(target, warnings) : AS_IT_DOES;
  if (refusesBudget && refusesAdaptive) {
    warnings.push(leftOut("reasoning", "The model cannot be asked to think; it was asked without it."));
    return AS_IT_DOES;
  }
  if (target.learned.has(WITHOUT_THINKING)) {
    warnings.push(leftOut("reasoning", "The model cannot think where it is made to call a tool; it was asked without it this time."));
    return adaptive ? switchedOff(target, warnings) : AS_IT_DOES;
  }
  return adaptive ? withEffort(effort, target, warnings) : withBudget({ ...question, effort }, target, warnings);
}

function switchedOff(target: WireTarget, warnings: WireWarning[]): ThinkingFields {
  if (!target.learned.has("thinking=always")) return { ...AS_IT_DOES, body: { thinking: { type: "disabled" } } };
  warnings.push(mapped("reasoning", "The model cannot switch thinking off; it was asked for the least of it."));
  return { ...AS_IT_DOES, outputConfig: target.learned.has("effort") ? {} : { effort: "low" } };
}

function withEffort(effort: ReasoningEffort, target: WireTarget, warnings: WireWarning[]): ThinkingFields {
  // From 4.7 on thoughts are shown only where they are asked for.
  const display = target.learned.has("thinking.display") ? {} : { display: "summarized" };
  const fields = { ...AS_IT_DOES, body: { thinking: { type: "adaptive", ...display } }, thinks: true };
  if (!target.learned.has("effort")) return { ...fields, outputConfig: { effort } };
  warnings.push(mapped("reasoning", `The model takes no effort; it decides itself how long it thinks, and not by "${effort}".`));
  return fields;
}

function withBudget(
  { effort, maxTokens, messages }: ThinkingQuestion & { readonly effort: Exclude<ReasoningEffort, "off"> },
  target: WireTarget,
  warnings: WireWarning[],
): ThinkingFields {
  if (target.learned.has(WITHOUT_BUDGET) || answersForeignCalls(messages)) {
    const words = "The tools' results answer calls that were made without Claude's own thinking; the model was asked without it this time.";
    warnings.push(leftOut("reasoning", words));
    return AS_IT_DOES;
  }
  if (maxTokens < 2 * LEAST_BUDGET) {
    warnings.push(
      leftOut("reasoning", `Thinking needs a limit of at least ${2 * LEAST_BUDGET} output tokens; the model was asked without it.`),
    );
    return AS_IT_DOES;
  }
  // What is thought counts against max_tokens, so some of it has to be left for the answer.
  const budget = Math.max(LEAST_BUDGET, Math.min(BUDGETS[effort], Math.floor(maxTokens / 2)));
  return { body: { thinking: { type: "enabled", budget_tokens: budget } }, outputConfig: {}, thinks: true };
}

/** With a budget, a message that calls tools and waits for their results has to begin with the thought that led to them. */
function answersForeignCalls(messages: readonly JsonObject[]): boolean {
  if (!typesIn(messages.at(-1)).includes("tool_result")) return false;
  const types = typesIn(messages.findLast((message) => message["role"] === "assistant"));
  return types.includes("tool_use") && types[0] !== "thinking" && types[0] !== "redacted_thinking";
}

function typesIn(message: JsonObject | undefined): readonly (JsonValue | undefined)[] {
  return (asList(message?.["content"]) ?? []).map((block) => asObject(block)?.["type"]);
}

/** What a model that thinks takes less of, or not at all. */
const BESIDE_THINKING = /\b(temperature|top_p|top_k|max_tokens)\b/u;

/** `body` is what was refused with status 400. Undefined: it says nothing of how the model is to be asked to think. */
export function learnThinking(message: string, body: JsonObject): string | undefined {
  // DeepSeek's words (leookun/cursor-byok#276) and Moonshot's (NousResearch/hermes-agent#14018), whose servers sign nothing.
  if (/\bthinking\b.{0,60}must be passed back|reasoning_content is missing/iu.test(message)) return UNSIGNED_BACK;
  // Signatures are checked against the key and the model; a conversation can outlive both (quirk 30).
  if (/\bsignature\b|thinking.{0,40}blocks?.{0,60}(cannot be modified|invalid|match)/iu.test(message)) return WITHOUT_OPAQUE;
  // What was thought ends with an answer that is given back to be gone on with, by a model that now thinks no more.
  if (/cannot contain `?(redacted_)?thinking/iu.test(message)) return WITHOUT_OPAQUE;
  if (/expected `?thinking`? or `?redacted_thinking/iu.test(message)) return WITHOUT_BUDGET;
  if (asObject(body["output_config"])?.["effort"] !== undefined && isAboutEffort(message)) return "effort";
  const sent = asObject(body["thinking"]);
  if (sent?.["type"] === "disabled" && saysMustReason(message)) return "thinking=always";
  if (sent === undefined || !/\b(thinking|budget_tokens|display)\b/iu.test(message)) return undefined;
  // Whatever else demands that it thinks is what has to give way.
  if (sent["type"] === "disabled")
    return /\bdisabled?\b|\bthinking\.type\b/iu.test(message) || saysRefused(message) ? "thinking=always" : undefined;
  if (/\bdisplay\b/u.test(message)) return "thinking.display";
  if (/\btool_choice\b/u.test(message)) return WITHOUT_THINKING;
  if (BESIDE_THINKING.test(message)) return undefined;
  const isAboutWay = /\badaptive\b|\bthinking\.type\b/iu.test(message);
  if (!isAboutWay && (isAboutValue(message) || !/enabled|budget_tokens|supported/iu.test(message))) return undefined;
  return sent["type"] === "adaptive" ? "thinking=budget" : "thinking=adaptive";
}

/** Vertex AI and Bedrock name the field that it stands in alone, of which a schema is the other part, and goes after it. */
function isAboutEffort(message: string): boolean {
  const ofField = /\boutput_config\b(?!\.\w)/u.test(message) && saysRefused(message);
  return ofField || (/\beffort\b/u.test(message) && !/thinking\.type/u.test(message));
}
