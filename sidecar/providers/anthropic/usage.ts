// What a message took, as Anthropic counts it.

import type { JsonObject, JsonValue } from "../../types.ts";
import { asCount, asList, asObject } from "../json-fields.ts";
import type { ReportedUsage } from "../provider.ts";
import { isOtherTier } from "../service-tier.ts";
import type { WireTarget } from "../wire-adapter.ts";

/** What is read of the usage. */
export const FIGURES: readonly string[] = [
  "input_tokens",
  "output_tokens",
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
  "cache_creation",
  "iterations",
  "output_tokens_details",
  "server_tool_use",
  "service_tier",
  "speed",
  "inference_geo",
];

/**
 * Anthropic counts what it read from its cache, and wrote into it, beside the rest of the input; and what it took to compact
 * the conversation beside the answer (https://platform.claude.com/docs/en/build-with-claude/compaction, "Understanding usage").
 * An advisor's tokens, which stand in the same list, are those of another model at another price.
 */
export function readUsage(usage: JsonObject, { row }: WireTarget): ReportedUsage {
  const iterations = (asList(usage["iterations"]) ?? []).map((iteration) => asObject(iteration));
  const parts = [usage, ...iterations.filter((iteration) => iteration?.["type"] === "compaction")];
  const sum = (count: (part: JsonObject | undefined) => JsonValue | undefined): number | undefined => {
    const counts = parts.map((part) => asCount(count(part))).filter((value) => value !== undefined);
    return counts.length === 0 ? undefined : counts.reduce((total, value) => total + value, 0);
  };
  const cached = sum((part) => part?.["cache_read_input_tokens"]);
  const written = sum((part) => part?.["cache_creation_input_tokens"]) ?? 0;
  const hour = sum((part) => asObject(part?.["cache_creation"])?.["ephemeral_1h_input_tokens"]) ?? 0;
  const reasoning = asCount(asObject(usage["output_tokens_details"])?.["thinking_tokens"]);
  const searches = asCount(asObject(usage["server_tool_use"])?.["web_search_requests"]) ?? 0;
  return {
    inputTokens: (sum((part) => part?.["input_tokens"]) ?? 0) + (cached ?? 0) + written,
    outputTokens: sum((part) => part?.["output_tokens"]) ?? 0,
    ...(cached === undefined ? {} : { cachedTokens: cached }),
    ...(written === 0 ? {} : { cacheWriteTokens: written }),
    ...(hour === 0 ? {} : { cacheWriteHourTokens: hour }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
    ...(isOtherTier(usage, row) ? { otherTier: true } : {}),
    ...(searches === 0 ? {} : { webSearches: searches }),
    ...(iterations.some((iteration) => iteration?.["type"] === "advisor_message") ? { paidBeside: true } : {}),
  };
}
