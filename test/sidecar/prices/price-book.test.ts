// What tokens cost. The expected amounts are computed here, by hand, from prices as the providers publish them, in dollars
// for a million tokens: OpenAI (platform.openai.com/docs/pricing), Anthropic (docs.claude.com, pricing), Google
// (ai.google.dev/gemini-api/docs/pricing), Groq (groq.com/pricing), Mistral (mistral.ai/pricing).

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PriceBook, type PriceSources } from "../../../sidecar/prices/price-book.ts";
import { providerRow, type ProviderRow } from "../../../sidecar/providers/registry.ts";
import type { ModelPrice, Usage } from "../../../sidecar/types.ts";

const book = new PriceBook();

function row(id: string): ProviderRow {
  const found = providerRow(id);
  assert.ok(found, id);
  return found;
}

async function amount(id: string, model: string, usage: Usage, more: Partial<PriceSources> = {}): Promise<number | undefined> {
  const quote = await book.quote({ row: row(id), model, here: false, ...more });
  return quote?.costOf(usage)?.amount;
}

function checkAmount(actual: number | undefined, expected: number, what: string): void {
  assert.ok(actual !== undefined, `${what} has no price`);
  assert.ok(Math.abs(actual - expected) < 1e-12, `${what}: ${actual} instead of ${expected}`);
}

interface Published {
  readonly provider: string;
  readonly model: string;
  readonly usage: Usage;
  /** Tokens at each published price. */
  readonly sum: readonly (readonly [tokens: number, dollarsPerMillion: number])[];
}

const plain = { inputTokens: 1000, outputTokens: 100 };
const cases: readonly Published[] = [
  {
    provider: "openai",
    model: "gpt-5-mini",
    usage: plain,
    sum: [
      [1000, 0.25],
      [100, 2],
    ],
  },
  {
    provider: "openai",
    model: "gpt-5-mini-2025-08-07",
    usage: plain,
    sum: [
      [1000, 0.25],
      [100, 2],
    ],
  },
  {
    provider: "openai",
    model: "gpt-5-mini",
    usage: { ...plain, cachedTokens: 600 },
    sum: [
      [400, 0.25],
      [600, 0.025],
      [100, 2],
    ],
  },
  {
    provider: "openai",
    model: "o3",
    usage: plain,
    sum: [
      [1000, 2],
      [100, 8],
    ],
  },
  {
    provider: "azure",
    model: "gpt-5-mini",
    usage: plain,
    sum: [
      [1000, 0.25],
      [100, 2],
    ],
  },
  {
    provider: "anthropic",
    model: "claude-haiku-4-5",
    usage: plain,
    sum: [
      [1000, 1],
      [100, 5],
    ],
  },
  {
    provider: "anthropic",
    model: "claude-haiku-4-5-20251001",
    usage: { inputTokens: 10_000, outputTokens: 200, cachedTokens: 6000, cacheWriteTokens: 3000 },
    sum: [
      [1000, 1],
      [6000, 0.1],
      [3000, 1.25],
      [200, 5],
    ],
  },
  {
    provider: "anthropic",
    model: "claude-haiku-4-5",
    usage: { inputTokens: 5000, outputTokens: 10, cacheWriteTokens: 4000, cacheWriteHourTokens: 1500 },
    sum: [
      [1000, 1],
      [2500, 1.25],
      [1500, 2],
      [10, 5],
    ],
  },
  {
    provider: "gemini",
    model: "gemini-2.5-pro",
    usage: { inputTokens: 200_000, outputTokens: 1000 },
    sum: [
      [200_000, 1.25],
      [1000, 10],
    ],
  },
  {
    provider: "gemini",
    model: "gemini-2.5-pro",
    usage: { inputTokens: 200_001, outputTokens: 1000 },
    sum: [
      [200_001, 2.5],
      [1000, 15],
    ],
  },
  {
    provider: "groq",
    model: "llama-3.3-70b-versatile",
    usage: plain,
    sum: [
      [1000, 0.59],
      [100, 0.79],
    ],
  },
];

describe("published prices", () => {
  for (const { provider, model, usage, sum } of cases) {
    test(`${JSON.stringify(usage)} of ${provider}/${model} cost what its price list says`, async () => {
      const expected = sum.reduce((total, [tokens, price]) => total + (tokens * price) / 1e6, 0);
      checkAmount(await amount(provider, model, usage), expected, model);
    });
  }

  test("a quote shows the rates for a million tokens, and from where on they are higher", async () => {
    const haiku = await book.quote({ row: row("anthropic"), model: "claude-haiku-4-5", here: false });
    assert.deepEqual(haiku?.price, { input: 1, output: 5, cachedInput: 0.1, cacheWrite: 1.25 });
    assert.equal(haiku.source, "bundled");
    const pro = await book.quote({ row: row("gemini"), model: "gemini-2.5-pro", here: false });
    assert.equal(pro?.price.higherAbove, 200_000);
  });

  test("cached tokens without a price of their own cost what other input costs", async () => {
    checkAmount(await amount("groq", "llama-3.3-70b-versatile", { ...plain, cachedTokens: 500 }), (1000 * 0.59 + 100 * 0.79) / 1e6, "groq");
  });

  test("a provider that counts more cached tokens than input is not charged below zero", async () => {
    const all = await amount("openai", "gpt-5-mini", { inputTokens: 100, outputTokens: 0, cachedTokens: 500, cacheWriteTokens: 500 });
    checkAmount(all, (100 * 0.025) / 1e6, "gpt-5-mini");
  });
});

describe("unknown prices", () => {
  test("a model that no list has has no price, and neither has a provider without a list", async () => {
    assert.equal(await book.quote({ row: row("openai"), model: "gpt-of-tomorrow", here: false }), undefined);
    assert.equal(await book.quote({ row: row("huggingface"), model: "any/model", here: false }), undefined);
    assert.equal(await book.quote({ row: row("openai-compatible"), model: "gpt-5-mini", here: false }), undefined);
  });

  test("an entry of the list without prices is unknown, and not free", async () => {
    assert.equal(await book.quote({ row: row("openai"), model: "omni-moderation-latest", here: false }), undefined);
  });
});

describe("models on this machine", () => {
  test("they cost nothing, and it is said why", async () => {
    for (const id of ["ollama", "lmstudio", "llama-server", "mlx", "vllm", "local"]) {
      const quote = await book.quote({ row: row(id), model: "any", here: true });
      assert.deepEqual(quote?.costOf(plain), { amount: 0, currency: "USD", source: "local" }, id);
    }
  });

  test("the same servers elsewhere, a gateway on this machine and a cloud model behind it have no known price", async () => {
    assert.equal(await book.quote({ row: row("vllm"), model: "any", here: false }), undefined);
    assert.equal(await book.quote({ row: row("openai-compatible"), model: "any", here: true }), undefined);
    assert.equal(await book.quote({ row: row("ollama"), model: "gpt-oss:120b-cloud", here: true }), undefined);
  });
});

describe("whose word counts", () => {
  const set: ModelPrice = { input: 3, output: 7, cachedInput: 1, cacheWrite: 4, perRequest: 0.01 };
  const told: ModelPrice = { input: 2, output: 5 };
  const usage = { inputTokens: 1000, outputTokens: 100, cachedTokens: 200, cacheWriteTokens: 300 };

  test("the user's own price comes first, with its own rates for cached and cache-writing tokens and for each request", async () => {
    const quote = await book.quote({ row: row("openai"), model: "gpt-5-mini", set, told, here: false });
    assert.equal(quote?.source, "setting");
    checkAmount(quote.costOf(usage)?.amount, (500 * 3 + 200 * 1 + 300 * 4 + 100 * 7) / 1e6 + 0.01, "set");
  });

  test("what the provider tells comes before the list, and both before a machine's being one's own", async () => {
    const quote = await book.quote({ row: row("openai"), model: "gpt-5-mini", told, here: false });
    assert.equal(quote?.source, "live");
    checkAmount(quote.costOf(usage)?.amount, (1000 * 2 + 100 * 5) / 1e6, "told");
    assert.equal((await book.quote({ row: row("ollama"), model: "any", told, here: true }))?.source, "live");
  });
});
