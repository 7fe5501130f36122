// What a model costs, by the strongest source that says so: the user's settings, the provider itself, the list of published
// prices that Parley brings along, or the knowledge that a model on this machine costs nothing. Unknown stays unknown.

import { bundledPricesUrl } from "../entry-points.ts";
import type { ProviderRow } from "../providers/registry.ts";
import type { ModelPrice } from "../types.ts";
import type * as BundledPrices from "./bundled-prices.ts";
import { flatQuote, freeQuote, type PriceQuote } from "./price-quote.ts";

/** What is known about a model without the bundled list. */
export interface PriceSources {
  readonly row: ProviderRow;
  /** The provider's own id of the model. */
  readonly model: string;
  /** The user's own word. */
  readonly set?: ModelPrice | undefined;
  /** What the provider's list of models said. */
  readonly told?: ModelPrice | undefined;
  /** The address is one of this machine. */
  readonly here: boolean;
}

/** Quotes kept. More models than anybody uses in a day. */
const MAX_KEPT = 4096;

export class PriceBook {
  #loading: Promise<typeof BundledPrices> | undefined;
  readonly #facts = new Map<string, BundledPrices.BundledFacts | undefined>();

  /** Undefined: unknown. Rejects only where the bundled list cannot be loaded, which is a damaged installation. */
  async quote({ row, model, set, told, here }: PriceSources): Promise<PriceQuote | undefined> {
    if (set !== undefined) return flatQuote(set, "setting");
    if (told !== undefined) return flatQuote(told, "live");
    if (here && runsModels(row, model)) return freeQuote;
    return row.prices === undefined ? undefined : (await this.bundled(row, model))?.quote;
  }

  /** What the bundled list knows, which is loaded for providers that are in it, and for no others. */
  async bundled(row: ProviderRow, model: string): Promise<BundledPrices.BundledFacts | undefined> {
    const { prices } = row;
    if (prices === undefined) return undefined;
    const key = `${prices}/${model}`;
    const kept = this.#facts.get(key);
    if (kept !== undefined) return kept;
    this.#loading ??= import(bundledPricesUrl.href);
    const facts = (await this.#loading).bundledFacts(prices, model);
    if (this.#facts.size >= MAX_KEPT) this.#facts.clear();
    this.#facts.set(key, facts);
    return facts;
  }
}

/**
 * True for servers that run models themselves, as opposed to gateways, which pass requests on to somebody who charges.
 * Ollama does both: its cloud models have names of their own (https://docs.ollama.com/cloud).
 */
function runsModels(row: ProviderRow, model: string): boolean {
  return row.runsHere && !(row.wire === "ollama" && /[:-]cloud$/u.test(model));
}
