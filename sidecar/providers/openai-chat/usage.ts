// Usage as chat completions report it, and as those who copied them changed it.

import type { JsonObject, JsonValue } from "../../types.ts";
import { asCount, asNumber, asObject } from "../json-fields.ts";
import type { ReportedUsage } from "../provider.ts";

/**
 * Undefined where there are no figures: null does not wipe what came before (quirk 20), and neither do zeros alone, which no prompt
 * has. Some servers name the figures as the Responses API does.
 */
export function readChatUsage(value: JsonValue | undefined): ReportedUsage | undefined {
  const usage = asObject(value);
  if (usage === undefined) return undefined;
  const input = asCount(usage["prompt_tokens"]) ?? asCount(usage["input_tokens"]);
  const completion = asCount(usage["completion_tokens"]) ?? asCount(usage["output_tokens"]);
  if (input === undefined && completion === undefined) return undefined;
  const cached = cachedTokens(usage);
  const written = asCount(inputDetails(usage)?.["cache_write_tokens"]);
  // Azure's models of other makers count it beside the details.
  const outputDetails = asObject(usage["completion_tokens_details"]) ?? asObject(usage["output_tokens_details"]);
  const reasoning = asCount(outputDetails?.["reasoning_tokens"]) ?? asCount(usage["reasoning_tokens"]);
  const output = (completion ?? 0) + countedBeside(usage, (input ?? 0) + (completion ?? 0), { reasoning, cached });
  if ((input ?? 0) + output === 0) return undefined;
  const charged = chargedDollars(usage);
  return {
    inputTokens: input ?? 0,
    outputTokens: output,
    ...(cached === undefined ? {} : { cachedTokens: cached }),
    // Where nothing can be written the field is zero, or absent.
    ...(written === undefined || written === 0 ? {} : { cacheWriteTokens: written }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
    ...(charged === undefined ? {} : { charged }),
  };
}

/** xAI counts in ten thousand millionths of a dollar (https://docs.x.ai/docs/api-reference, `cost_in_usd_ticks`). */
const TICKS_PER_DOLLAR = 10_000_000_000;

/**
 * OpenRouter's `cost` is what it took itself. Where a key of the user's own was used with the provider behind it, that is
 * its fee alone, and the provider's price stands beside it (https://openrouter.ai/docs/use-cases/usage-accounting).
 */
function chargedDollars(usage: JsonObject): number | undefined {
  const ticks = asNumber(usage["cost_in_usd_ticks"]);
  const cost = asNumber(usage["cost"]) ?? (ticks === undefined ? undefined : ticks / TICKS_PER_DOLLAR);
  if (cost === undefined || cost < 0) return undefined;
  const upstream = usage["is_byok"] === true ? asNumber(asObject(usage["cost_details"])?.["upstream_inference_cost"]) : undefined;
  return cost + (upstream ?? 0);
}

function inputDetails(usage: JsonObject): JsonObject | undefined {
  return asObject(usage["prompt_tokens_details"]) ?? asObject(usage["input_tokens_details"]);
}

/** Beside OpenAI's place for it, those of DeepSeek and Moonshot. */
function cachedTokens(usage: JsonObject): number | undefined {
  return asCount(inputDetails(usage)?.["cached_tokens"]) ?? asCount(usage["prompt_cache_hit_tokens"]) ?? asCount(usage["cached_tokens"]);
}

/**
 * xAI counts reasoning beside the completion instead of inside it, and so does Gemini, which does not say how much it was: the
 * total tells (router-for-me/CLIProxyAPI#5733). What was read from a cache may be beside the input in the same way.
 */
function countedBeside(
  usage: JsonObject,
  counted: number,
  { reasoning, cached }: { readonly reasoning: number | undefined; readonly cached: number | undefined },
): number {
  const rest = (asCount(usage["total_tokens"]) ?? 0) - counted;
  const isOutput = reasoning === undefined || reasoning === 0 ? rest !== cached : rest === reasoning;
  return rest > 0 && isOutput ? rest : 0;
}
