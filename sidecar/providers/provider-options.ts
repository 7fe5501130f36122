// What a caller adds to a request under the provider's own name, `providerOptions`.

import type { GenerationParameters, JsonObject, JsonValue } from "../types.ts";
import { unsupported } from "./refusal.ts";
import type { WireTarget } from "./wire-adapter.ts";

/**
 * The body with a caller's own fields for this provider merged in: objects field by field, everything else replaced. Throws
 * `ProviderError` for those that are not the caller's: an answer is one, and is read as a stream, and the conversation, which
 * `conversation` names, is the prompt's.
 */
export function withProviderOptions(
  body: JsonObject,
  { providerOptions }: GenerationParameters,
  target: WireTarget,
  conversation: "messages" | "input",
): JsonObject {
  const options = providerOptions?.[target.provider];
  if (options === undefined) return body;
  const place = `providerOptions.${target.provider}`;
  if ((options["stream"] ?? true) !== true)
    throw unsupported(target, `${place}.stream`, "Answers are always read as streams; leave it out.");
  if ((options["n"] ?? 1) !== 1)
    throw unsupported(target, `${place}.n`, "One request has one answer; leave it out, and ask as often as you want answers.");
  if (options[conversation] !== undefined) {
    throw unsupported(target, `${place}.${conversation}`, "The conversation is the prompt; leave it out here.");
  }
  return mergeObjects(body, options);
}

/** Tools are sent: those of the request, or the provider's own that the caller adds. */
export function sendsTools({ tools, providerOptions }: GenerationParameters, target: WireTarget): boolean {
  return [tools, providerOptions?.[target.provider]?.["tools"]].some((list) => Array.isArray(list) && list.length > 0);
}

function mergeObjects(base: JsonObject, added: JsonObject): JsonObject {
  const merged: Record<string, JsonValue | undefined> = { ...base };
  for (const [key, value] of Object.entries(added)) {
    const before = merged[key];
    merged[key] = isPlainObject(before) && isPlainObject(value) ? mergeObjects(before, value) : value;
  }
  return merged;
}

function isPlainObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
