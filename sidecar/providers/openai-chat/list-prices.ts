// Prices out of model lists in OpenAI's shape. OpenAI's own has none; who sells the models of others does. What cannot be
// read for certain is no price.

import type { JsonObject, JsonValue, ModelPrice } from "../../types.ts";
import { asNumber, asObject } from "../json-fields.ts";
import { liveProviders } from "./routed-providers.ts";

const MILLION = 1_000_000;

/** Undefined where the entry tells none, or one that depends on what the request is routed to. */
export function priceOf(entry: JsonObject): ModelPrice | undefined {
  const pricing = asObject(entry["pricing"]);
  return pricing === undefined ? agreedPrice(liveProviders(entry)) : (byTheToken(pricing) ?? byTheMillion(pricing));
}

/**
 * OpenRouter: dollars for one token, as text, so that nothing is lost to rounding; "-1" where the price is that of whichever
 * model it is routed to (https://openrouter.ai/docs/api-reference/list-available-models).
 */
function byTheToken(pricing: JsonObject): ModelPrice | undefined {
  const input = dollars(pricing["prompt"]);
  const output = dollars(pricing["completion"]);
  if (input === undefined || output === undefined) return undefined;
  const cachedInput = dollars(pricing["input_cache_read"]);
  const cacheWrite = dollars(pricing["input_cache_write"]);
  const perRequest = dollars(pricing["request"]);
  return {
    input: perMillion(input),
    output: perMillion(output),
    ...(cachedInput === undefined ? {} : { cachedInput: perMillion(cachedInput) }),
    ...(cacheWrite === undefined ? {} : { cacheWrite: perMillion(cacheWrite) }),
    ...(perRequest === undefined || perRequest === 0 ? {} : { perRequest }),
  };
}

/** Together and Hugging Face's providers: dollars for a million tokens, as numbers. Zero for both is how Together says "not told". */
function byTheMillion(pricing: JsonObject): ModelPrice | undefined {
  const input = asNumber(pricing["input"]);
  const output = asNumber(pricing["output"]);
  if (input === undefined || output === undefined || input < 0 || output < 0 || input + output === 0) return undefined;
  return { input, output };
}

/** Hugging Face routes to any of a model's providers that live, so there is a price where all of them have the same. */
function agreedPrice(providers: readonly JsonObject[]): ModelPrice | undefined {
  const prices = providers.map((provider) => byTheMillion(asObject(provider["pricing"]) ?? {}));
  const [first] = prices;
  if (first === undefined) return undefined;
  return prices.every((price) => price?.input === first.input && price.output === first.output) ? first : undefined;
}

function dollars(value: JsonValue | undefined): number | undefined {
  const amount = typeof value === "string" && value.trim() !== "" ? Number(value) : asNumber(value);
  return amount !== undefined && Number.isFinite(amount) && amount >= 0 ? amount : undefined;
}

/** `0.00000015` times a million is `0.15`, and not a hair less. */
function perMillion(amount: number): number {
  return Number((amount * MILLION).toPrecision(12));
}
