// Usage as chat completions report it, and as those who copied them changed it.

import type { JsonObject, JsonValue, Usage } from "../../types.ts";
import { asCount, asObject } from "../json-fields.ts";

/** Undefined where there are no figures: null does not wipe what came before (quirk 20). */
export function readChatUsage(value: JsonValue | undefined): Usage | undefined {
  const usage = asObject(value);
  if (usage === undefined) return undefined;
  const input = asCount(usage["prompt_tokens"]);
  const output = asCount(usage["completion_tokens"]);
  if (input === undefined && output === undefined) return undefined;
  const cached = cachedTokens(usage);
  const reasoning = asCount(asObject(usage["completion_tokens_details"])?.["reasoning_tokens"]);
  return {
    inputTokens: input ?? 0,
    outputTokens: (output ?? 0) + reasoningBeside(usage, input ?? 0, output ?? 0, reasoning ?? 0),
    ...(cached === undefined ? {} : { cachedTokens: cached }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
  };
}

/** Beside OpenAI's place for it, those of DeepSeek and Moonshot. */
function cachedTokens(usage: JsonObject): number | undefined {
  const details = asCount(asObject(usage["prompt_tokens_details"])?.["cached_tokens"]);
  return details ?? asCount(usage["prompt_cache_hit_tokens"]) ?? asCount(usage["cached_tokens"]);
}

/** xAI counts reasoning beside the completion instead of inside it; its own total tells. */
function reasoningBeside(usage: JsonObject, input: number, output: number, reasoning: number): number {
  return reasoning > 0 && asCount(usage["total_tokens"]) === input + output + reasoning ? reasoning : 0;
}
