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
  const written = writtenTokens(usage);
  // Azure's models of other makers count it beside the details.
  const outputDetails = asObject(usage["completion_tokens_details"]) ?? asObject(usage["output_tokens_details"]);
  const reasoning = asCount(outputDetails?.["reasoning_tokens"]) ?? asCount(usage["reasoning_tokens"]);
  const total = asCount(usage["total_tokens"]) ?? 0;
  const counted = {
    input: input || promptOf(total - (completion ?? 0), reasoning ?? 0),
    completion: completion ?? 0,
    inCache: (cached ?? 0) + (written ?? 0),
    besideByName: usage["cache_read_input_tokens"] !== undefined || usage["cache_creation_input_tokens"] !== undefined,
    reasoning: reasoning ?? 0,
  };
  const beside = countedBeside(counted, total);
  const inputTokens = counted.input + beside.input;
  const outputTokens = counted.completion + beside.output;
  if (inputTokens + outputTokens === 0) return undefined;
  const charged = chargedDollars(usage);
  return {
    inputTokens,
    outputTokens,
    ...(cached === undefined ? {} : { cachedTokens: cached }),
    // Where nothing can be written the field is zero, or absent.
    ...(written === undefined || written === 0 ? {} : { cacheWriteTokens: written }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
    ...(charged === undefined ? {} : { charged }),
  };
}

/** A prompt of no tokens is one that was not told: it is what the total has beyond the completion, unless that is what was thought. */
function promptOf(rest: number, reasoning: number): number {
  return rest === reasoning ? 0 : Math.max(0, rest);
}

/**
 * The figures that came last. A side that is left out of them, or is zero, wipes none that came before (quirk 20): gateways that speak
 * for Anthropic tell the prompt at the beginning and the output at the end. Nor does a side that is told again without its parts, or
 * all of it without its price.
 */
export function latestUsage(before: ReportedUsage | null, told: ReportedUsage | undefined): ReportedUsage | null {
  if (told === undefined || before === null) return told ?? before;
  const sameInput = told.inputTokens === 0 || told.inputTokens === before.inputTokens;
  const sameOutput = told.outputTokens === 0 || told.outputTokens === before.outputTokens;
  const lacksInput = told.inputTokens === 0 || (sameInput && told.cachedTokens === undefined && before.cachedTokens !== undefined);
  const lacksOutput = told.outputTokens === 0 || (sameOutput && told.reasoningTokens === undefined && before.reasoningTokens !== undefined);
  const lacksPrice = sameInput && sameOutput && told.charged === undefined && before.charged !== undefined;
  return {
    ...told,
    ...(lacksInput ? inputOf(before) : {}),
    ...(lacksOutput ? outputOf(before) : {}),
    ...(lacksPrice ? { charged: before.charged } : {}),
  };
}

function inputOf({ inputTokens, cachedTokens, cacheWriteTokens }: ReportedUsage): Partial<ReportedUsage> {
  return {
    inputTokens,
    ...(cachedTokens === undefined ? {} : { cachedTokens }),
    ...(cacheWriteTokens === undefined ? {} : { cacheWriteTokens }),
  };
}

function outputOf({ outputTokens, reasoningTokens }: ReportedUsage): Partial<ReportedUsage> {
  return { outputTokens, ...(reasoningTokens === undefined ? {} : { reasoningTokens }) };
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

/** Beside OpenAI's place for it, those of Anthropic's names (Portkey, LiteLLM, Databricks), of DeepSeek and of Moonshot. */
function cachedTokens(usage: JsonObject): number | undefined {
  return (
    asCount(inputDetails(usage)?.["cached_tokens"]) ??
    asCount(usage["cache_read_input_tokens"]) ??
    asCount(usage["prompt_cache_hit_tokens"]) ??
    asCount(usage["cached_tokens"])
  );
}

/** As OpenRouter names it, LiteLLM, Alibaba (langchain4j/langchain4j-community#788), and Anthropic. */
function writtenTokens(usage: JsonObject): number | undefined {
  const details = inputDetails(usage);
  return (
    asCount(details?.["cache_write_tokens"]) ??
    asCount(details?.["cache_creation_tokens"]) ??
    asCount(details?.["cache_creation_input_tokens"]) ??
    asCount(usage["cache_creation_input_tokens"])
  );
}

interface Counted {
  readonly input: number;
  readonly completion: number;
  /** Read from a cache, or written into one. */
  readonly inCache: number;
  /** Told under Anthropic's names. */
  readonly besideByName: boolean;
  readonly reasoning: number;
}

/**
 * What the total has beyond input and completion. Portkey counts Claude's input without what a cache took of it
 * (Portkey-AI/gateway#1754): so it is where the total says so, and where figures with Anthropic's names, which are beside the input
 * at Anthropic, are more than it. xAI counts reasoning beside
 * the completion instead of inside it, and so does Gemini, which does not say how much it was (router-for-me/CLIProxyAPI#5733).
 */
function countedBeside({ input, completion, inCache, besideByName, reasoning }: Counted, total: number): { input: number; output: number } {
  const rest = Math.max(0, total - input - completion);
  const isReasoning = reasoning > 0 && rest === reasoning;
  const isBeside = inCache > input && (besideByName || rest >= inCache);
  const besideInput = isBeside || (rest === inCache && !isReasoning) ? inCache : 0;
  const unexplained = Math.max(0, rest - besideInput);
  return { input: besideInput, output: reasoning === 0 || unexplained === reasoning ? unexplained : 0 };
}
