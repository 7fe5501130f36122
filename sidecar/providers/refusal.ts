// What a provider cannot do is refused by name before anything is sent, or mapped with a warning; never dropped in silence.

import type { JsonObject, JsonValue, Message } from "../types.ts";
import type { ErrorPayload } from "./error-payload.ts";
import { asObject } from "./json-fields.ts";
import { ProviderError } from "./provider.ts";
import { ONCE, type WireTarget, type WireWarning } from "./wire-adapter.ts";

/** `advice` is a sentence for people. */
export function unsupported(target: WireTarget, parameter: string, advice: string): ProviderError {
  return new ProviderError(`${target.row.name} does not support "${parameter}". ${advice}`, {
    kind: "unsupported",
    phase: "before-headers",
    retryable: false,
    providerCode: `unsupported-parameter:${parameter}`,
    provider: target.provider,
  });
}

/** The parameter was sent as the nearest thing that the provider knows. */
export function mapped(parameter: string, message: string): WireWarning {
  return { type: "warning", code: "parameter-mapped", parameter, message };
}

/** The model has refused the parameter, and is asked without it. */
export function leftOut(parameter: string, message: string): WireWarning {
  return { type: "warning", code: "parameter-left-out", parameter, message };
}

/** Throws for messages with pictures, which this provider cannot be sent. */
export function refuseImages(messages: readonly Message[], target: WireTarget): void {
  const hasImage = messages.some(({ role, content }) => role === "user" && content.some((part) => part.type === "image"));
  if (hasImage) throw unsupported(target, "images", "Leave the pictures out, or choose another provider.");
}

/**
 * The refusal is of a value and not of its field: without it, something else than what was asked for would be done. A status in
 * brackets, with which DashScope begins (`<400> InternalError…`), is none.
 */
export function isAboutValue(message: string): boolean {
  return VALUE.test(message);
}

const VALUE =
  /(above|over|exceed(s|ed|ing)?) (the )?(max|limit|allowed)|below (the )?min|out of range|too (large|small|high|low|long|short|many|few|deep)\b|(less|greater|smaller|larger|longer|shorter|more|fewer) than|at (most|least)\b|up to \d|between [\d.[]|[<>≤≥]=? ?-?\d(?!\d*>)|must be (in|within)\b|\brange|(max|min)(imum)? (of|length|number|size|items)\b|invalid value\b/iu;

/** Codes by which a field is refused, whatever the words. */
const FIELD_CODES: ReadonlySet<string> = new Set(["unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden"]);

/** What servers say of a field that they do not know, or that this model does not take. Whatever else they say teaches nothing. */
const REFUSES: readonly RegExp[] = [
  /unsupported|(not|n't|no longer) ((currently|yet|be) )?(support|accept|permit|allow|available|applicable|compatible|enabled|implemented)/iu,
  /(can ?not|can't|must not|may not|should not) (both )?be (specified|used|set|sent|given|provided|combined)|(can ?not|can't) use\b|invalid combination/iu,
  /(may|can|must) only be set|only the default|only [\d.]+ is|\bfixed at\b/iu, // Anthropic; OpenAI; Moonshot
  /\bonly (be used|supported|available|allowed|applicable|valid|enabled|works?)\b|\b(supported|available|allowed|enabled) only\b/iu,
  /(unknown|unrecogni[sz]ed|unexpected) (request )?(name|parameter|argument|field|key|property|option|input)/iu,
  // With nothing behind the name: else what follows speaks of its value.
  /invalid (request )?(parameter|argument|field|key|property|option):? ['"`]?[\w.]+['"`]?\W*$/iu,
  /not a valid (parameter|argument|field|key|property|option)|(not valid|invalid) (for|with) (this|the) model/iu,
  /extra (inputs|fields?|parameters?)|cannot find field/iu, // Gemini, Azure, FastAPI
  /incompatible|deprecated|unavailable|must be (omitted|removed|unset)/iu,
];

/**
 * The field, one of the body's, is what was refused, and not the value that stood in it: by the name that the server gives, or
 * in the sentence that names it. What a server takes to have been meant, or would have taken instead, is not what it refused.
 */
export function refusesField({ message, code, type, parameter }: ErrorPayload, body: JsonObject, field: string): boolean {
  if (!(field in body) || isAboutValue(message)) return false;
  const [named = ""] = (parameter ?? "").split(/[.[]/u);
  if (named in body && named !== field) return false;
  const about = message
    .replace(OF_A_SCHEMA, "")
    .replace(/\b(did you mean|expected one of)\b.*/isu, "")
    .split(/[.;]\s|\n/u)
    .filter((sentence) => named === field || mentionsField(sentence, field));
  if (about.some(saysRefused)) return true;
  return (named === field || about.length > 0) && [code, type].some((one) => one !== undefined && FIELD_CODES.has(one));
}

/** What stands in a schema for the answer or a tool, and can be called as a field is. */
const OF_A_SCHEMA = /\bproperties(\.|\[['"]?|['"], ?['"])\w+/giu;

/** The sentence says of something that it is not taken, whatever it is. */
export function saysRefused(sentence: string): boolean {
  return REFUSES.some((phrase) => phrase.test(sentence));
}

/** Two things are refused that were asked for at once, which says nothing of either alone. */
const TOGETHER =
  /\b(both|together|mutually exclusive|at the same time|simultaneously|alongside|only one|either)\b|combin|\bincompatible with\b|\b(when|while|if)\b.{1,80}\b(set|specified|used|given|provided|present|enabled)\b/isu;

/** Fields in which reasoning is asked for, by one provider or another. */
export const REASONING_FIELDS: readonly string[] = ["reasoning_effort", "reasoning", "thinking", "prompt_mode", "chat_template_kwargs"];

/**
 * The lesson of a refusal of one of the fields: that it is not taken; not beside another of them, where it is refused with that
 * one, and then reasoning is kept, else the one that is named first in `fields`; not beside reasoning, where that was asked for; not
 * in this request, where it is refused with something else. Undefined: the refusal is of none of them.
 */
export function learnField(payload: ErrorPayload, body: JsonObject, fields: readonly string[]): string | undefined {
  const one = fields.find((field) => refusesField(payload, body, field));
  if (one === undefined) return undefined;
  if (!TOGETHER.test(payload.message)) {
    // OpenAI's models from GPT-5.1 on take a temperature where they do not reason, and say no word of that.
    const asked = REASONING_FIELDS.includes(one) ? [] : Object.keys(askedToReason(body));
    const reasoning = asked.find((field) => REASONING_FIELDS.includes(field));
    return reasoning === undefined ? one : besideLesson(reasoning, one);
  }
  const pair = fields.filter((field) => field === one || (field in body && mentionsField(payload.message, field)));
  const kept = pair.find((field) => REASONING_FIELDS.includes(field)) ?? pair[0];
  const left = pair.find((field) => field !== kept);
  return kept === undefined || left === undefined ? `${ONCE}${one}` : besideLesson(kept, left);
}

/** One field is not taken beside another, which is kept. */
export function besideLesson(kept: string, left: string): string {
  return `${kept}+${left}`;
}

/**
 * What else is learned with a lesson: a field that was left out beside a way to ask for reasoning is refused itself where that
 * way is. It would be sent anew, and refused, as soon as that is left out.
 */
export function refusedAlone(lesson: string, learned: ReadonlySet<string>): readonly string[] {
  const beside = besideLesson(lesson, "");
  return REASONING_FIELDS.includes(lesson)
    ? [...learned].filter((one) => one.startsWith(beside)).map((one) => one.slice(beside.length))
    : [];
}

/**
 * Puts a parameter into its field, or warns that it is left out, because it was refused: alone, or beside what stands in `sent`.
 * Nothing is put where `value` is undefined.
 */
export function putUnlessRefused(
  fields: Record<string, JsonValue>,
  [parameter, field, value]: readonly [parameter: string, field: string, value: JsonValue | undefined],
  { target, sent, warnings }: { target: WireTarget; sent: JsonObject; warnings: WireWarning[] },
): void {
  if (value === undefined) return;
  const { learned } = target;
  const beside = Object.keys(sent).some((other) => learned.has(besideLesson(other, field)));
  if (!beside && !learned.has(field) && !learned.has(`${ONCE}${field}`)) fields[field] = value;
  else {
    const where = learned.has(field) ? "" : " beside what else was asked for";
    warnings.push(leftOut(parameter, `The model does not take "${parameter}"${where}; it was asked without it.`));
  }
}

/** Reasoning stands in the body, and is not to be. */
export function isSwitchedOff(body: JsonObject): boolean {
  const reasoning = asObject(body["reasoning"]);
  return (
    body["reasoning_effort"] === "none" ||
    reasoning?.["enabled"] === false ||
    reasoning?.["effort"] === "none" ||
    asObject(body["thinking"])?.["type"] === "disabled"
  );
}

/** The fields, unless reasoning is switched off in them. */
export function askedToReason(fields: JsonObject): JsonObject {
  return isSwitchedOff(fields) ? {} : fields;
}

/** What Gemini and the gateways before it call any of the fields of reasoning. A sentence can speak of reasoning that means none. */
const SAID_OF_REASONING =
  /\b(thinking|reasoning)([ _](effort|config|level|budget)[\w.]*( (minimal|low|medium|high))?)? (is|are)\b|\bsupport\w* (thinking|reasoning)\b(?! (blocks?|models?))|\bthinking_(config|level|budget)/iu;

/** xAI names fields as its own code does: `reasoningEffort`. */
export function mentionsField(message: string, field: string): boolean {
  const camel = field.replaceAll(/_(\w)/gu, (_all, letter: string) => letter.toUpperCase());
  if (REASONING_FIELDS.includes(field) && SAID_OF_REASONING.test(message)) return true;
  // vLLM, where the tokenizer is Mistral's own.
  if (field === "chat_template_kwargs" && /\bchat_template is\b/u.test(message)) return true;
  // Those that are words of the language have to stand as names.
  const isWord = field === "reasoning" || field === "thinking";
  return new RegExp(isWord ? asName(field) : `\\b(?:${field}|${camel})\\b`, "u").test(message);
}

/** In quotes, before a dot or at the beginning before a colon, or behind what it is called. */
function asName(field: string): string {
  return `[\`'"]${field}\\b|\\b${field}\\.\\w|^${field}: |\\b(?:argument|parameter|field|property|supplied)s?:? ${field}\\b`;
}
