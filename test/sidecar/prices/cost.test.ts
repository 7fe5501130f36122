// What an answer says that it cost, over real sockets. Expected amounts are computed here from published prices, in dollars
// for a million tokens (see price-book.test.ts for where they are published).

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defaultSettings, type Engine } from "../../../sidecar/engine.ts";
import { KeyRing } from "../../../sidecar/keys.ts";
import type { ProviderSettings } from "../../../sidecar/settings.ts";
import type { Cost, EndEvent } from "../../../sidecar/types.ts";
import { startFake } from "../../support/fake-at-hand.ts";
import type { FakeUsage, FakeWire } from "../../support/fake-provider-script.ts";
import { eventsOf } from "../answer-events.ts";
import { engineMaker } from "../engines.ts";

const fake = await startFake();
const makeEngine = engineMaker();

function engineWith(providers: { readonly [id: string]: ProviderSettings }): Engine {
  const keys = new KeyRing();
  for (const id of Object.keys(providers)) keys.set(id, fake.origin, "key");
  return makeEngine({ settings: { ...defaultSettings, providers }, keys });
}

async function endOf(engine: Engine, ref: string): Promise<EndEvent> {
  const end = (await eventsOf(engine.llm(ref))).at(-1);
  assert.equal(end?.type, "end");
  return end;
}

function checkCost(cost: Cost | undefined, amount: number, source: Cost["source"]): void {
  assert.ok(cost !== undefined, "the answer has no cost");
  assert.ok(Math.abs(cost.amount - amount) < 1e-12, `${cost.amount} instead of ${amount}`);
  assert.equal(cost.source, source);
  assert.equal(cost.currency, "USD");
}

const answer = (usage: FakeUsage): void => fake.enqueue({ steps: [{ text: "Hi" }, { usage }, { finish: "stop" }] });

interface Wire {
  readonly provider: string;
  readonly model: string;
  readonly wire: FakeWire;
  readonly settings?: ProviderSettings;
  readonly input: number;
  readonly cached: number;
  readonly written: number;
  readonly output: number;
}

const wires: readonly Wire[] = [
  { provider: "anthropic", model: "claude-haiku-4-5", wire: "anthropic", input: 1, cached: 0.1, written: 1.25, output: 5 },
  // OpenAI charges what it writes into its cache like other input.
  { provider: "openai", model: "gpt-5-mini", wire: "openai-chat", input: 0.25, cached: 0.025, written: 0.25, output: 2 },
  {
    provider: "openai",
    model: "gpt-5-mini",
    wire: "openai-responses",
    settings: { api: "responses" },
    input: 0.25,
    cached: 0.025,
    written: 0.25,
    output: 2,
  },
];

describe("the cost of an answer", () => {
  for (const { provider, model, wire, settings, ...rates } of wires) {
    test(`is on its last event, cached and cache-writing tokens at their own rates (${wire})`, async () => {
      const engine = engineWith({ [provider]: { baseUrl: fake.baseUrl(wire), ...settings } });
      answer({ inputTokens: 10_000, outputTokens: 300, cachedTokens: 7000, cacheWriteTokens: 2000 });
      const { cost, usage } = await endOf(engine, `${provider}/${model}`);
      checkCost(cost, (1000 * rates.input + 7000 * rates.cached + 2000 * rates.written + 300 * rates.output) / 1e6, "bundled");
      assert.equal(usage?.cachedTokens, 7000);
      assert.equal(usage.cacheWriteTokens, 2000);
      assert.equal(fake.requests[0]?.route, wire);
    });
  }

  test("is what the provider says that it took, where it says so, and not what the list makes of it", async () => {
    const engine = engineWith({ openrouter: { baseUrl: fake.baseUrl("openai-chat") } });
    answer({ inputTokens: 1000, outputTokens: 100, cost: 0.0123 });
    const events = await eventsOf(engine.llm("openrouter/openai/gpt-5-mini"));
    const end = events.at(-1);
    assert.equal(end?.type, "end");
    checkCost(end.cost, 0.0123, "charged");
    const usage = events.find(({ type }) => type === "usage");
    assert.deepEqual(Object.keys(usage ?? {}).toSorted(), [
      "cachedTokens",
      "inputTokens",
      "outputTokens",
      "reasoningTokens",
      "seq",
      "type",
    ]);
  });

  test("is reckoned by the user's own price before any other, also for a model that no list has", async () => {
    const models = { "house/model": { price: { input: 4, output: 9, cachedInput: 1 } } };
    const engine = engineWith({ "openai-compatible": { baseUrl: fake.baseUrl("openai-chat"), models } });
    answer({ inputTokens: 1000, outputTokens: 100, cachedTokens: 400 });
    const { cost } = await endOf(engine, "openai-compatible/house/model");
    checkCost(cost, (600 * 4 + 400 * 1 + 100 * 9) / 1e6, "setting");
  });

  test("is unknown, and not zero, where nobody knows the price", async () => {
    const engine = engineWith({ "openai-compatible": { baseUrl: fake.baseUrl("openai-chat") } });
    answer({ inputTokens: 1000, outputTokens: 100 });
    const end = await endOf(engine, "openai-compatible/gpt-5-mini");
    assert.equal(end.status, "complete");
    assert.equal("cost" in end, false);
  });

  test("is zero, and says why, for a server that runs here", async () => {
    const engine = engineWith({ ollama: { baseUrl: fake.baseUrl("ollama") } });
    answer({ inputTokens: 1000, outputTokens: 100 });
    checkCost((await endOf(engine, "ollama/qwen3")).cost, 0, "local");
  });

  test("is reckoned from estimated tokens where the answer was cut, and absent where nothing was sent", async () => {
    const engine = engineWith({ openai: { baseUrl: fake.baseUrl("openai-chat") } });
    fake.enqueue({ steps: [{ text: "x".repeat(400) }, { cut: "close" }] });
    const end = await endOf(engine, "openai/gpt-5-mini");
    assert.equal(end.usage?.estimated, true);
    checkCost(end.cost, (end.usage.inputTokens * 0.25 + 100 * 2) / 1e6, "bundled");
    fake.enqueue({ status: 401, body: { error: { message: "no", code: "invalid_api_key" } } });
    const refused = await endOf(engine, "openai/gpt-5-mini");
    assert.equal(refused.usage, null);
    assert.equal(refused.cost, undefined);
  });
});
