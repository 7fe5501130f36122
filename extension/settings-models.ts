// What a user knows better about a model: its window, its limit, what it can do, what it costs.

import type { ModelOverride } from "../sidecar/settings.ts";
import type { ModelPrice } from "../sidecar/types.ts";
import { asRecord, type Complain, readAmount, readFlag, readInteger } from "./settings-fields.ts";

const MAX_TOKENS = 1_000_000_000;

/** By the provider's own ids of its models. */
export function readModelOverrides(value: unknown, at: string, complain: Complain): Readonly<Record<string, ModelOverride>> | undefined {
  if (value === undefined) return undefined;
  const entries = Object.entries(asRecord(value, at, complain));
  return Object.fromEntries(entries.map(([model, given]) => [model, readModel(given, `${at}.${model}`, complain)]));
}

function readModel(value: unknown, at: string, complain: Complain): ModelOverride {
  const raw = asRecord(value, at, complain);
  const contextWindow = readInteger(raw["contextWindow"], 1, MAX_TOKENS, `${at}.contextWindow`, complain);
  const maxOutputTokens = readInteger(raw["maxOutputTokens"], 1, MAX_TOKENS, `${at}.maxOutputTokens`, complain);
  const abilities = Object.fromEntries(
    ["images", "tools", "reasoning"].flatMap((ability) => {
      const can = readFlag(raw[ability], `${at}.${ability}`, complain);
      return can === undefined ? [] : [[ability, can]];
    }),
  );
  const price = readPrice(raw["price"], `${at}.price`, complain);
  return {
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(Object.keys(abilities).length > 0 && { abilities }),
    ...(price !== undefined && { price }),
  };
}

/** A price without one of its two directions would make half of every answer free. */
function readPrice(value: unknown, at: string, complain: Complain): ModelPrice | undefined {
  if (value === undefined) return undefined;
  const raw = asRecord(value, at, complain);
  const amount = (name: string): number | undefined => readAmount(raw[name], `${at}.${name}`, complain);
  const [input, output, cachedInput, cacheWrite] = [amount("input"), amount("output"), amount("cachedInput"), amount("cacheWrite")];
  if (input === undefined || output === undefined) {
    complain(at, "a price needs both input and output, in dollars for a million tokens");
    return undefined;
  }
  return { input, output, ...(cachedInput !== undefined && { cachedInput }), ...(cacheWrite !== undefined && { cacheWrite }) };
}
