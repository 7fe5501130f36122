// What a caller adds to a request under the provider's own name, `providerOptions`.

import type { GenerationParameters, JsonObject, JsonValue } from "../types.ts";
import { asList, asObject, asText } from "./json-fields.ts";
import { unsupported } from "./refusal.ts";
import type { WireTarget } from "./wire-adapter.ts";

/**
 * The body with a caller's own fields for this provider merged in: objects field by field, the caller's tools and what else is to be
 * included behind those of the body, everything else replaced. Throws `ProviderError` for those that are not the caller's: an
 * answer is one, and is read as a stream, and the conversation, which `conversation` names, is the prompt's.
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
  return mergeObjects(body, { ...options, ...joinedLists(body, options) });
}

/** Lists of which a caller gives a part: the provider's own tools beside functions, what is to come beside the reasoning. */
const JOINED: readonly string[] = ["tools", "include"];

function joinedLists(body: JsonObject, options: JsonObject): JsonObject {
  const lists = JOINED.flatMap((field): readonly (readonly [string, JsonValue])[] => {
    const [own, added] = [asList(body[field]), asList(options[field])];
    return own === undefined || added === undefined ? [] : [[field, joinLists(own, added)]];
  });
  return Object.fromEntries(lists);
}

/** What the caller adds takes the place of the same, as it stands or under one name. */
function joinLists(own: readonly JsonValue[], added: readonly JsonValue[]): readonly JsonValue[] {
  const known = new Set(added.map(identity));
  return [...own.filter((one) => !known.has(identity(one))), ...added];
}

/** What a function's type can be called. Anthropic leaves it out, or has `custom` for it. */
const OF_A_FUNCTION: readonly (string | undefined)[] = [undefined, "function", "custom"];

function identity(one: JsonValue): string {
  const { type, name, function: called } = asObject(one) ?? {};
  const named = asText(name) ?? asText(asObject(called)?.["name"]);
  const kind = asText(type);
  return named === undefined ? JSON.stringify(one) : `${OF_A_FUNCTION.includes(kind) ? "" : kind} ${named}`;
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
