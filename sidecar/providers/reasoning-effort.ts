// Efforts of reasoning as OpenAI's two interfaces name them, and those servers that copy them. Which of them a model takes
// differs from model to model: known for OpenAI's own, learned from the refusal for all others, since it lists them.

import type { ReasoningEffort } from "../types.ts";
import { mapped } from "./refusal.ts";
import { ONCE, type WireWarning } from "./wire-adapter.ts";

/** The least first. `default` is Groq's word for a model that reasons or does not. */
const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max", "default"] as const;
type Effort = (typeof EFFORTS)[number];

/** The lesson of those that a model takes, and that of one which it does not. */
const LESSON = "efforts=";
const NOT = "effort!=";
/** Those of which one was refused without a word of the others. */
const COMMON: readonly Effort[] = ["none", "low", "medium", "high"];

/** By the model's name, without what stands before the last slash. From OpenAI's guide on reasoning models. */
const KNOWN: readonly (readonly [model: RegExp, efforts: readonly Effort[]])[] = [
  [/^o\d/u, ["low", "medium", "high"]],
  [/^gpt-oss/u, ["low", "medium", "high"]],
  [/^gpt-5-pro/u, ["high"]],
  [/^gpt-5(?![.\d]|-chat)/u, ["minimal", "low", "medium", "high"]],
];

/** The lesson of a model that cannot but reason. */
export const ALWAYS_REASONS = `${NOT}none`;

/** OpenRouter's words, Gemini's, Vertex AI's. */
const MUST_REASON =
  /(reasoning|thinking) (is|are) (mandatory|required|always on)|\bcan ?not be (disabled|turned off|switched off)|only works (in|with) (thinking|reasoning)|\bbudget (of )?0 is invalid|thinking_budget to 0/iu;

/** That reasoning was switched off is what is refused: the model cannot but reason. */
export function saysMustReason(message: string): boolean {
  return MUST_REASON.test(message);
}

/**
 * What a refusal teaches: `Supported values are: 'minimal', 'low', 'medium', and 'high'.`, or in Gemini's words, which list
 * none, `Thinking level MEDIUM is not supported for this model.` Undefined where it names nothing.
 */
export function learnEfforts(message: string): string | undefined {
  const refused = /thinking level (low|medium|high) is not/iu.exec(message)?.[1]?.toLowerCase();
  if (refused !== undefined) return `${NOT}${refused}`;
  const list = /(?:supported values|must be one of|one of|should be|expected|allowed values)\b(.*)$/isu.exec(message)?.[1];
  const found = EFFORTS.filter((effort) => list !== undefined && new RegExp(`\\b${effort}\\b`, "u").test(list));
  return found.length === 0 ? undefined : `${LESSON}${found.join(",")}`;
}

/** The effort to ask for: the one that was meant, else the nearest that the model takes, with a warning. */
export function effortFor(model: string, effort: ReasoningEffort, learned: ReadonlySet<string>, warnings: WireWarning[]): Effort {
  const wanted: Effort = effort === "off" ? "none" : effort;
  const taken = effortsOf(model, learned);
  if (taken === undefined || taken.includes(wanted)) return wanted;
  const nearest = taken.reduce((best, one) => (distance(one, wanted) < distance(best, wanted) ? one : best));
  warnings.push(mapped("reasoning", words(effort, nearest)));
  return nearest;
}

function effortsOf(model: string, learned: ReadonlySet<string>): readonly [Effort, ...Effort[]] | undefined {
  const lessons = [...learned].map((one) => (one.startsWith(ONCE) ? one.slice(ONCE.length) : one));
  const list = lessons
    .findLast((one) => one.startsWith(LESSON))
    ?.slice(LESSON.length)
    .split(",");
  const name = model.slice(model.lastIndexOf("/") + 1);
  const known = list === undefined ? KNOWN.find(([pattern]) => pattern.test(name))?.[1] : EFFORTS.filter((one) => list.includes(one));
  const isRefused = (one: Effort): boolean => lessons.includes(`${NOT}${one}`);
  const [first, ...others] = (known ?? (EFFORTS.some(isRefused) ? COMMON : [])).filter((one) => !isRefused(one));
  return first === undefined ? undefined : [first, ...others];
}

/** Reasoning that was asked for is never switched off, and least of all is it switched on where it was not. */
function distance(effort: Effort, wanted: Effort): number {
  const apart = Math.abs(EFFORTS.indexOf(effort) - EFFORTS.indexOf(wanted));
  return effort === "none" && wanted !== "none" ? apart + EFFORTS.length : apart;
}

function words(asked: ReasoningEffort, sent: Effort): string {
  if (asked === "off") return `The model cannot switch reasoning off; it was asked for the least of it, "${sent}".`;
  return `The model knows no reasoning effort "${asked}"; it was asked for the nearest, "${sent}".`;
}
