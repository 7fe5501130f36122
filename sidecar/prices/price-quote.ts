// What a model's tokens cost, and what an answer cost by it. Pure.

import type { ReportedUsage } from "../providers/provider.ts";
import type { Cost, FactSource, ModelPrice, Usage } from "../types.ts";

export interface PriceQuote {
  /** US dollars for a million tokens, as of now. */
  readonly price: ModelPrice;
  readonly source: Exclude<FactSource, "default">;
  /**
   * What so many tokens cost, and what was paid beside them: cached and cache-writing ones at their own rates, long prompts at
   * theirs. Undefined where this price is not that of the tier which took them, where what was paid beside them has none, and
   * where the figures contradict each other. Never throws.
   */
  costOf(usage: ReportedUsage): Cost | undefined;
}

const MILLION = 1_000_000;

/** A quote of one rate for each kind of token. */
export function flatQuote(price: ModelPrice, source: PriceQuote["source"]): PriceQuote {
  return {
    price,
    source,
    costOf: (usage) => {
      if (!holdsFor(usage, source)) return undefined;
      const { input, output, cachedInput = input, cacheWrite = input, perRequest = 0 } = price;
      const { cached, written, plain } = splitInput(usage);
      const tokens = plain * input + cached * cachedInput + written * cacheWrite + usage.outputTokens * output;
      return { amount: tokens / MILLION + perRequest, currency: "USD", source };
    },
  };
}

/** The user's own word is of the tier that they use; of what is paid beside the tokens a price for them tells nothing. */
function holdsFor({ otherTier, webSearches, paidBeside }: ReportedUsage, source: PriceQuote["source"]): boolean {
  if (source === "local") return true;
  return (otherTier !== true || source === "setting") && webSearches === undefined && paidBeside !== true;
}

/** A model that runs on this machine. */
export const freeQuote: PriceQuote = flatQuote({ input: 0, output: 0 }, "local");

/** The parts of the input by their rates. Parts are never more than the whole, whatever a provider counts. */
export function splitInput(usage: Usage): { readonly plain: number; readonly cached: number; readonly written: number } {
  const cached = Math.min(usage.cachedTokens ?? 0, usage.inputTokens);
  const written = Math.min(usage.cacheWriteTokens ?? 0, usage.inputTokens - cached);
  return { plain: usage.inputTokens - cached - written, cached, written };
}
