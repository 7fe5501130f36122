// Marks for Anthropic's prompt cache (https://docs.claude.com/en/docs/build-with-claude/prompt-caching), on every wire that takes
// them. It caches what comes before a mark, and later reads the longest beginning that it knows: tools, then system, then
// messages. So the marks stand at the end of the tools, of the system prompt, and of the last two turns of the user: the last is
// what the next request begins with, the one before it is what this request begins with. One of many questions, each by itself,
// has one mark there: at the end of what the questions have in common.

import { estimateInputTokens, estimateTokens } from "../answers/token-estimate.ts";
import type { JsonObject, JsonValue } from "../types.ts";
import { asList, asObject, asText } from "./json-fields.ts";
import type { ModelRequest, OneOff } from "./provider.ts";
import { isAboutValue, saysRefused } from "./refusal.ts";
import type { ProviderRow } from "./registry.ts";

/** Anthropic refuses more. */
export const MOST_MARKS = 4;
const MINUTES: JsonObject = { type: "ephemeral" };

/** Tokens. Models that keep so few are those that keep the fewest (https://docs.claude.com/en/docs/build-with-claude/prompt-caching). */
const LEAST_TO_KEEP = 1024;

/** The lesson that a server does not know the marks. */
export const NO_CACHE_MARKS = "cache_control";

/**
 * Servers that only speak like Anthropic need not know its cache, nor a system prompt in parts, which have the marks. What is said of
 * a field within a mark, of the order of the marks or of an empty block is said of marks that the caller has made.
 */
export function refusesCacheMarks(message: string): boolean {
  if (/\bsystem\b\W*(input )?(should|must) be a (valid )?string/iu.test(message)) return true;
  return /\bcache_control\b(?!\.\w)/u.test(message) && saysRefused(message) && !isAboutValue(message) && !/\bempty\b/u.test(message);
}

/**
 * What the marks are made of, and the body without the option that says so. The caller's own option `cache_control` is (for an
 * hour instead of minutes: `{ type: "ephemeral", ttl: "1h" }`); false or null switches them off: then there is no mark.
 */
export function takeMark(body: JsonObject): { readonly mark: JsonObject | undefined; readonly rest: JsonObject } {
  const { cache_control: given, ...rest } = body;
  return { mark: given === undefined ? MINUTES : asObject(given), rest };
}

/** Marks the last block that can have one. Undefined where none can. */
export function markLast(blocks: readonly JsonValue[], mark: JsonObject, isMarkable = isMarkableBlock): readonly JsonValue[] | undefined {
  const at = blocks.findLastIndex((value) => {
    const block = asObject(value);
    return block !== undefined && isMarkable(block);
  });
  const block = asObject(blocks[at]);
  return block === undefined ? undefined : blocks.with(at, { ...block, cache_control: mark });
}

/**
 * At most `most` marks in the messages. `oneOff`: no later request will begin with all of them, so what is this one's alone is not
 * marked, since writing it would cost more than reading it once.
 */
export function markMessages(
  messages: readonly JsonValue[],
  mark: JsonObject,
  most: number,
  oneOff: OneOff | undefined,
): readonly JsonValue[] {
  if (oneOff === undefined) return markTurns(messages, mark, Math.min(2, most));
  return most <= 0 ? messages : markCommon(messages, mark, oneOff);
}

/** What a request may write into a cache, which costs more than to have it read. */
export interface CacheWrites {
  /** At most, estimated. */
  readonly tokens: number;
  /** For an hour, which costs more than the usual minutes. */
  readonly hour: boolean;
}

/** Undefined for a request that has no marks. `options`: the caller's own for the provider. */
export function cacheWritesOf(request: ModelRequest, row: ProviderRow, options: JsonObject = {}): CacheWrites | undefined {
  const { model, messages, parameters, oneOff } = request;
  const { mark } = takeMark(options);
  if (mark === undefined || (row.wire !== "anthropic" && row.chat?.cacheMarks?.test(model) !== true)) return undefined;
  const hour = mark["ttl"] === "1h";
  if (oneOff === undefined) return { tokens: Infinity, hour };
  const [first] = messages[0]?.content ?? [];
  const common = first?.type === "text" ? first.text.slice(0, oneOff.commonLength) : "";
  const shared = { model, parameters, messages: [{ role: "user", content: [{ type: "text", text: common }] }] } as const;
  return { tokens: estimateInputTokens(shared), hour };
}

/** What is the same in all of a run becomes a block of its own, where it is long enough to be kept. */
function markCommon(messages: readonly JsonValue[], mark: JsonObject, { commonLength }: OneOff): readonly JsonValue[] {
  const at = messages.findIndex((message) => asObject(message)?.["role"] === "user");
  const first = asObject(messages[at]);
  const [block, ...blocks] = asBlocks(first?.["content"]) ?? [];
  const text = asText(asObject(block)?.["text"]) ?? "";
  const common = text.slice(0, commonLength);
  const own = text.slice(commonLength);
  if (own.trim() === "" || estimateTokens(common) < LEAST_TO_KEEP) return messages;
  const content = [{ type: "text", text: common, cache_control: mark }, { type: "text", text: own }, ...blocks];
  return messages.with(at, { ...first, content });
}

/**
 * The last turns of the user, from the end; an answer that the request ends with is not one. The results of tools belong to the turn
 * that they come in, whether they are messages of their own or not.
 */
function markTurns(messages: readonly JsonValue[], mark: JsonObject, most: number): readonly JsonValue[] {
  const marked = [...messages];
  let left = most;
  let isMarked = false;
  for (let index = messages.length - 1; index >= 0 && left > 0; index -= 1) {
    const message = asObject(messages[index]);
    if (message?.["role"] === "assistant") isMarked = false;
    if (isMarked || (message?.["role"] !== "user" && message?.["role"] !== "tool")) continue;
    const content = markLast(asBlocks(message["content"]) ?? [], mark);
    if (content === undefined) continue;
    marked[index] = { ...message, content };
    isMarked = true;
    left -= 1;
  }
  return marked;
}

/** Blocks that cannot be marked: those of reasoning, whatever they are called, and what is not listed in the reference. */
const MARKABLE: readonly (string | undefined)[] = ["text", "image", "document", "tool_use", "tool_result", "search_result"];

function isMarkableBlock(block: JsonObject): boolean {
  const type = asText(block["type"]);
  return MARKABLE.includes(type) && (type !== "text" || (asText(block["text"]) ?? "").trim() !== "");
}

export function asBlocks(value: JsonValue | undefined): readonly JsonValue[] | undefined {
  return typeof value === "string" ? [{ type: "text", text: value }] : asList(value);
}

export function marksIn(blocks: readonly JsonValue[] | undefined): number {
  return (blocks ?? []).filter((block) => asObject(block)?.["cache_control"] !== undefined).length;
}
