// Models that know no message of the system: Gemma's and the first Mistral's chat templates refuse one wherever they run, and so did
// OpenAI's first models that reason. What the system says is then the beginning of what the user says.

import type { JsonObject } from "../../types.ts";
import type { Turn } from "../conversation.ts";
import type { ErrorPayload } from "../error-payload.ts";
import { asList, asObject } from "../json-fields.ts";
import { isAboutValue, mapped, saysRefused } from "../refusal.ts";
import type { WireTarget, WireWarning } from "../wire-adapter.ts";

/** The lesson that a model takes no message of the system. */
export const NO_SYSTEM = "system";

/** What a refusal calls it: Google's word is the developer's instruction. */
const OF_THE_SYSTEM = /\b(system|developer) (role|message|prompt|instruction)s?\b|\brole\b.{0,40}['"`]system['"`]/iu;
/** Mistral's early templates, and MLC's: "Only user and assistant roles are supported!" */
const THE_ROLES_TAKEN = /\bonly ([\w, ]{1,60}) roles are supported/iu;
/** All that Mistral's first templates say of it. Those that take one say "After the optional system message" before it. */
const MUST_ALTERNATE = /^(?!.*\bsystem\b).*\broles must alternate\b/isu;

/** It is what stands in such a message that is not taken, by whoever judges it, or how it is written. */
const OF_ITS_CONTENT = /\b(contents?|contain\w*|parts?|polic(y|ies))\b/iu;

/** Undefined where no message of the system was sent, or something else was refused. */
export function learnNoSystem({ message }: ErrorPayload, body: JsonObject): string | undefined {
  if (!(asList(body["messages"]) ?? []).some((one) => asObject(one)?.["role"] === "system")) return undefined;
  const taken = THE_ROLES_TAKEN.exec(message)?.[1];
  if (taken !== undefined) return /\bsystem\b/iu.test(taken) ? undefined : NO_SYSTEM;
  const sentences = isAboutValue(message) ? [] : message.split(/[.;]\s|\n/u);
  const isRefused = sentences.some((one) => OF_THE_SYSTEM.test(one) && saysRefused(one) && !OF_ITS_CONTENT.test(one));
  return isRefused || MUST_ALTERNATE.test(message) ? NO_SYSTEM : undefined;
}

/**
 * The turns with `system` before them, in the form that the model takes. Where it takes no message of the system, its words
 * stand in the user's turn that they come before or after, and in one of their own where there is none: the same bytes in every
 * request of a conversation.
 */
export function withSystem(
  system: string | undefined,
  turns: readonly Turn[],
  target: WireTarget,
  warnings: WireWarning[],
): readonly Turn[] {
  const opening: readonly Turn[] =
    system === undefined || system.trim() === "" ? [] : [{ role: "system", content: [{ type: "text", text: system }] }];
  const all = [...opening, ...turns];
  if (!target.learned.has(NO_SYSTEM) || !all.some(({ role }) => role === "system")) return all;
  const words = "The model takes no system message; its words were sent as the beginning of the first question.";
  warnings.push(mapped("system", words));
  const merged: Turn[] = [];
  for (const turn of all) {
    const said: Turn = turn.role === "system" ? { role: "user", content: turn.content } : turn;
    const last = merged.at(-1);
    if (last?.role === "user" && said.role === "user")
      merged[merged.length - 1] = { role: "user", content: [...last.content, ...said.content] };
    else merged.push(said);
  }
  return merged;
}
