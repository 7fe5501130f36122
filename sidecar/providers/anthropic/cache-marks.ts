// Marks for Anthropic's prompt cache (https://docs.claude.com/en/docs/build-with-claude/prompt-caching). It caches what comes
// before a mark, and later reads the longest beginning that it knows: tools, then system, then messages. So the marks stand at
// the end of the tools, of the system prompt, and of the last two turns of the user: the last is what the next request begins
// with, the one before it is what this request begins with. One of many questions, each by itself, has one mark there: at the
// end of what the questions have in common.

import { estimateTokens } from "../../answers/token-estimate.ts";
import type { JsonObject, JsonValue } from "../../types.ts";
import { asList, asObject, asText } from "../json-fields.ts";
import type { OneOff } from "../provider.ts";
import { isAboutValue, saysRefused } from "../refusal.ts";

/** Anthropic refuses more. */
const MOST_MARKS = 4;
const MINUTES: JsonObject = { type: "ephemeral" };
/** Blocks that cannot be marked: those of reasoning, whatever they are called, and what is not listed in the reference. */
const MARKABLE: readonly (string | undefined)[] = ["text", "image", "document", "tool_use", "tool_result", "search_result"];

/** Tokens. Models that keep so few are those that keep the fewest (https://docs.claude.com/en/docs/build-with-claude/prompt-caching). */
const LEAST_TO_KEEP = 1024;

/** The lesson that a server does not know the marks. */
export const NO_CACHE_MARKS = "cache_control";

/**
 * Servers that only speak like Anthropic need not know its cache. What is said of a field within a mark, of the order of the marks or
 * of an empty block is said of marks that the caller has made.
 */
export function refusesCacheMarks(message: string): boolean {
  return /\bcache_control\b(?!\.\w)/u.test(message) && saysRefused(message) && !isAboutValue(message) && !/\bempty\b/u.test(message);
}

/**
 * The body with its marks. The caller's own option `cache_control` is what they are made of (for an hour instead of minutes:
 * `{ type: "ephemeral", ttl: "1h" }`), and false or null switches them off; it is taken out of the body. Where the caller has
 * put marks into tools or system by hand, these stay as they are. `oneOff`: no later request will begin with all of this one's
 * messages, so what is this one's alone is not marked, since writing it would cost more than reading it once.
 */
export function withCacheMarks(body: JsonObject, oneOff: OneOff | undefined): JsonObject {
  const { cache_control: given, ...rest } = body;
  const mark = given === undefined ? MINUTES : asObject(given);
  if (mark === undefined) return rest;
  const system = asBlocks(rest["system"]);
  const tools = asList(rest["tools"]);
  const messages = asList(rest["messages"]) ?? [];
  const byHand = marksIn(tools) + marksIn(system);
  let room = Math.max(0, MOST_MARKS - byHand);
  const marked: Record<string, JsonValue | undefined> = { ...rest };
  for (const [field, blocks] of [
    ["tools", tools],
    ["system", system],
  ] as const) {
    if (blocks === undefined || marksIn(blocks) > 0 || room === 0) continue;
    const withMark = markLast(blocks, mark, field === "tools");
    if (withMark === undefined) continue;
    marked[field] = withMark;
    room -= 1;
  }
  if (oneOff === undefined) return { ...marked, messages: markTurns(messages, mark, Math.min(2, room)) };
  return { ...marked, messages: room === 0 ? messages : markCommon(messages, mark, oneOff) };
}

/** What is the same in all of a run becomes a block of its own, where it is long enough to be kept. */
function markCommon(messages: readonly JsonValue[], mark: JsonObject, { commonLength }: OneOff): readonly JsonValue[] {
  const [first, ...others] = messages;
  const [block, ...blocks] = asBlocks(asObject(first)?.["content"]) ?? [];
  const text = asText(asObject(block)?.["text"]) ?? "";
  const common = text.slice(0, commonLength);
  const own = text.slice(commonLength);
  if (own.trim() === "" || estimateTokens(common) < LEAST_TO_KEEP) return messages;
  const content = [{ type: "text", text: common, cache_control: mark }, { type: "text", text: own }, ...blocks];
  return [{ ...asObject(first), content }, ...others];
}

/** The last turns of the user, from the end; an answer that the request ends with is not one. */
function markTurns(messages: readonly JsonValue[], mark: JsonObject, most: number): readonly JsonValue[] {
  const marked = [...messages];
  let left = most;
  for (let index = messages.length - 1; index >= 0 && left > 0; index -= 1) {
    const message = asObject(messages[index]);
    if (message?.["role"] !== "user") continue;
    const content = markLast(asBlocks(message["content"]) ?? [], mark, false);
    if (content === undefined) continue;
    marked[index] = { ...message, content };
    left -= 1;
  }
  return marked;
}

/** Undefined where no block can have the mark. */
function markLast(blocks: readonly JsonValue[], mark: JsonObject, tools: boolean): readonly JsonValue[] | undefined {
  const at = blocks.findLastIndex((value) => {
    const block = asObject(value);
    return block !== undefined && (tools || isMarkable(block));
  });
  const block = asObject(blocks[at]);
  return block === undefined ? undefined : blocks.with(at, { ...block, cache_control: mark });
}

function isMarkable(block: JsonObject): boolean {
  const type = asText(block["type"]);
  return MARKABLE.includes(type) && (type !== "text" || (asText(block["text"]) ?? "").trim() !== "");
}

function asBlocks(value: JsonValue | undefined): readonly JsonValue[] | undefined {
  return typeof value === "string" ? [{ type: "text", text: value }] : asList(value);
}

function marksIn(blocks: readonly JsonValue[] | undefined): number {
  return (blocks ?? []).filter((block) => asObject(block)?.["cache_control"] !== undefined).length;
}
