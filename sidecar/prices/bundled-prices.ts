// Published prices and context windows out of `@pydantic/genai-prices` (MIT), the only importer of that library. Half a
// megabyte that most programs never need: a bundle of its own, loaded by `price-book.ts` when a price is first asked for.
// Nothing is fetched; the list is as old as this version of Parley.

import { calcPrice, type ModelPrice as ListedRates } from "@pydantic/genai-prices";
import type { ReportedUsage } from "../providers/provider.ts";
import type { ModelPrice } from "../types.ts";
import { splitInput, type PriceQuote } from "./price-quote.ts";

export interface BundledFacts {
  /** Tokens. */
  readonly contextWindow?: number;
  /** Absent where the list knows the model and no price of its tokens. */
  readonly quote?: PriceQuote;
}

/** `listedAs` is the provider's id in the list. Undefined for a model that the list does not have. */
export function bundledFacts(listedAs: string, model: string): BundledFacts | undefined {
  const found = calcPrice({}, model, { providerId: listedAs });
  // The list matches names of providers loosely; one that is merely alike has other prices.
  if (found === null || found.provider.id !== listedAs) return undefined;
  const price = ratesOf(found.model_price);
  // With this one model in it the list need not be searched again for each answer.
  const provider = { ...found.provider, models: [found.model] };
  const listsSearches = found.model_price["web_searches_kcount"] !== undefined;
  const contextWindow = found.model.context_window;
  return {
    ...(contextWindow === undefined ? {} : { contextWindow }),
    ...(price === undefined
      ? {}
      : {
          quote: {
            price,
            source: "bundled",
            costOf: (usage) => {
              const { otherTier, paidBeside, webSearches } = usage;
              if (otherTier === true || paidBeside === true || (webSearches !== undefined && !listsSearches)) return undefined;
              try {
                const cost = calcPrice(listedUsage(usage), model, { provider });
                return cost === null ? undefined : { amount: cost.total_price, currency: "USD", source: "bundled" };
              } catch {
                // The library refuses figures that contradict each other.
                return undefined;
              }
            },
          },
        }),
  };
}

/** As the library counts: parts of the input beside the whole of it. */
function listedUsage(usage: ReportedUsage): Readonly<Record<string, number>> {
  const { cached, written } = splitInput(usage);
  const hour = Math.min(usage.cacheWriteHourTokens ?? 0, written);
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cache_read_tokens: cached,
    cache_write_tokens: written,
    ...(hour === 0 ? {} : { cache_write_1h_tokens: hour }),
    ...(usage.webSearches === undefined ? {} : { web_searches: usage.webSearches }),
  };
}

/** Undefined without a price for both directions: an entry without prices says nothing, and not that the model is free. */
function ratesOf(rates: ListedRates): ModelPrice | undefined {
  const input = baseOf(rates["input_mtok"]);
  const output = baseOf(rates["output_mtok"]);
  if (input === undefined || output === undefined) return undefined;
  const cachedInput = baseOf(rates["cache_read_mtok"]);
  const cacheWrite = baseOf(rates["cache_write_mtok"]);
  const higherAbove = firstTier(rates["input_mtok"]);
  return {
    input,
    output,
    ...(cachedInput === undefined ? {} : { cachedInput }),
    ...(cacheWrite === undefined ? {} : { cacheWrite }),
    ...(higherAbove === undefined ? {} : { higherAbove }),
  };
}

function baseOf(rate: ListedRates[string]): number | undefined {
  return typeof rate === "object" ? rate.base : rate;
}

function firstTier(rate: ListedRates[string]): number | undefined {
  return typeof rate === "object" ? Math.min(...rate.tiers.map(({ start }) => start)) : undefined;
}
