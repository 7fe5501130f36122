// What a provider cannot do is refused by name before anything is sent, or mapped with a warning; never dropped in silence.

import type { JsonObject, Message } from "../types.ts";
import type { ErrorPayload } from "./error-payload.ts";
import { ProviderError } from "./provider.ts";
import type { WireTarget, WireWarning } from "./wire-adapter.ts";

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
  /(can ?not|can't|must not|may not|should not) (both )?be (specified|used|set|sent|given|provided|combined)|invalid combination/iu,
  /(may|can|must) only be set|only the default|only [\d.]+ is|\bfixed at\b/iu, // Anthropic; OpenAI; Moonshot
  /\bonly (be used|supported|available|allowed|applicable|valid|works?)\b/iu,
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
    .replace(/\b(did you mean|expected one of)\b.*/isu, "")
    .split(/[.;]\s|\n/u)
    .filter((sentence) => named === field || mentionsField(sentence, field));
  if (about.some((sentence) => REFUSES.some((phrase) => phrase.test(sentence)))) return true;
  return (named === field || about.length > 0) && [code, type].some((one) => one !== undefined && FIELD_CODES.has(one));
}

/** xAI names fields as its own code does: `reasoningEffort`. */
export function mentionsField(message: string, field: string): boolean {
  const camel = field.replaceAll(/_(\w)/gu, (_all, letter: string) => letter.toUpperCase());
  return new RegExp(`\\b(?:${field}|${camel})\\b`, "u").test(message);
}
