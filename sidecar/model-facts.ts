// What is known of a model, put together from everybody who knows something, the strongest first: the user, the provider, the
// list that Parley brings along, and at the end a careful guess. Each fact says whose it is.

import type { PriceBook } from "./prices/price-book.ts";
import type { ProviderRow } from "./providers/registry.ts";
import type { ModelOverride } from "./settings.ts";
import type { FactSource, ModelAbilities, ModelFact, ModelInfo } from "./types.ts";

export interface Surroundings {
  readonly row: ProviderRow;
  /** What the user says of this model. */
  readonly set?: ModelOverride | undefined;
  /** The provider's address is one of this machine. */
  readonly here: boolean;
}

/** Tokens. Nearly every model that chats has more; a program that reckons with so many is never wrong by too much. */
const DEFAULT_CONTEXT_WINDOW = 8192;
const DEFAULT_MAX_OUTPUT_TOKENS = 4096;

const ABILITIES: readonly (keyof ModelAbilities)[] = ["images", "tools", "reasoning"];

/** `listed` is as the provider's list has it; its own `sources` say where a fact in it is not the provider's word. */
export async function withFacts(listed: ModelInfo, { row, set, here }: Surroundings, prices: PriceBook): Promise<ModelInfo> {
  const sources: { [Fact in ModelFact]?: FactSource } = {};
  const choose = <T>(fact: ModelFact, ...known: readonly (readonly [FactSource, T | undefined])[]): T | undefined => {
    const found = known.find(([, value]) => value !== undefined);
    if (found !== undefined) sources[fact] = found[0];
    return found?.[1];
  };
  const told = (fact: ModelFact): FactSource => listed.sources?.[fact] ?? "live";
  const needsList = set?.contextWindow === undefined && listed.contextWindow === undefined;
  const bundled = needsList ? await prices.bundled(row, listed.model) : undefined;
  const contextWindow = choose(
    "contextWindow",
    ["setting", set?.contextWindow],
    [told("contextWindow"), listed.contextWindow],
    ["bundled", bundled?.contextWindow],
    ["default", DEFAULT_CONTEXT_WINDOW],
  );
  const maxOutputTokens = choose(
    "maxOutputTokens",
    ["setting", set?.maxOutputTokens],
    [told("maxOutputTokens"), listed.maxOutputTokens],
    ["default", Math.min(DEFAULT_MAX_OUTPUT_TOKENS, Math.floor((contextWindow ?? DEFAULT_CONTEXT_WINDOW) / 2))],
  );
  const abilities: { -readonly [Ability in keyof ModelAbilities]: ModelAbilities[Ability] } = {};
  for (const ability of ABILITIES) {
    const can = choose(ability, ["setting", set?.abilities?.[ability]], [told(ability), listed.abilities?.[ability]]);
    if (can !== undefined) abilities[ability] = can;
  }
  const quote = await prices.quote({ row, model: listed.model, set: set?.price, told: listed.price, here });
  const price = choose("price", [quote?.source ?? "default", quote?.price]);
  return {
    ...listed,
    ...(contextWindow === undefined ? {} : { contextWindow }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(Object.keys(abilities).length === 0 ? {} : { abilities }),
    ...(price === undefined ? {} : { price }),
    sources,
  };
}
