// Where the marks for Anthropic's cache stand in a chat completion, for models that are cached nowhere without them.

import type { JsonObject, JsonValue } from "../../types.ts";
import { markLast, markMessages, marksIn, MOST_MARKS, NO_CACHE_MARKS, refusesCacheMarks, takeMark } from "../cache-marks.ts";
import { asList, asObject } from "../json-fields.ts";
import type { ModelRequest } from "../provider.ts";
import type { WireTarget } from "../wire-adapter.ts";

/**
 * The body as it is, or with marks where the row has them for this model. They stand in parts of the content alone: OpenRouter
 * passes over those of an assistant's message without a text, and never answers one of a tool's message itself
 * (https://openrouter.ai/docs/guides/best-practices/prompt-caching, NousResearch/hermes-agent#57845). That of the system prompt is
 * for the tools too, which come before it.
 */
export function withChatCacheMarks(body: JsonObject, { model, oneOff }: ModelRequest, { row, learned }: WireTarget): JsonObject {
  const models = row.chat?.cacheMarks;
  if (models === undefined) return body;
  const { mark, rest } = takeMark(body);
  if (mark === undefined || (models.test(model) && learned.has(NO_CACHE_MARKS))) return rest;
  if (!models.test(model)) return body;
  const messages = (asList(rest["messages"]) ?? []).map(inParts);
  const [first, ...others] = messages;
  const room = Math.max(0, MOST_MARKS - marksIn(asList(rest["tools"])));
  const system = asObject(first)?.["role"] === "system" ? asList(asObject(first)?.["content"]) : undefined;
  const marked = room === 0 ? undefined : markLast(system ?? [], mark);
  if (marked === undefined) return { ...rest, messages: markMessages(messages, mark, room, oneOff) };
  return { ...rest, messages: [{ ...asObject(first), content: marked }, ...markMessages(others, mark, room - 1, oneOff)] };
}

/** Every text that can be marked, marked or not: what was sent once stays as it was when its mark has moved on. */
function inParts(value: JsonValue): JsonValue {
  const message = asObject(value);
  const content = message?.["content"];
  if (message?.["role"] === "assistant" || typeof content !== "string" || content.trim() === "") return value;
  return { ...message, content: [{ type: "text", text: content }] };
}

/**
 * What servers say that take a message's text as a string alone, that of a tool's result above all: the marks stand in parts of it.
 * Go's and Rust's servers have the last two.
 */
const WANTS_STRINGS =
  /\bcontent\b.{0,80}\b(valid string|(be|of type|expected) (a )?string)|cannot unmarshal array .{0,80}content\b.{0,20}of type string|invalid type: sequence, expected a string/iu;

/** The refusal is of the marks that the body holds, or of what they stand in. */
export function refusesMarks(message: string, body: JsonObject): boolean {
  return (refusesCacheMarks(message) || WANTS_STRINGS.test(message)) && JSON.stringify(body["messages"]).includes('"cache_control":');
}
