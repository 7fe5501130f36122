// What an answer costs that another service tier gave than the one whose price is published, or for which more than tokens was
// paid: the answer says so, over real sockets. Amounts are computed here from published prices, in dollars for a million tokens.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AnswerError } from "../../../sidecar/answers/answer-error.ts";
import type { GenerateOptions, Llm } from "../../../sidecar/api.ts";
import { defaultSettings } from "../../../sidecar/engine.ts";
import { gather } from "../../../sidecar/gather.ts";
import { KeyRing } from "../../../sidecar/keys.ts";
import type { ProviderSettings } from "../../../sidecar/settings.ts";
import type { EndEvent, JsonObject } from "../../../sidecar/types.ts";
import { startFake } from "../../support/fake-at-hand.ts";
import type { FakeWire } from "../../support/fake-provider-script.ts";
import { eventsOf } from "../answer-events.ts";
import { engineMaker } from "../engines.ts";

const fake = await startFake();
const makeEngine = engineMaker();

function llmOf(ref: string, wire: FakeWire, settings: ProviderSettings = {}): Llm {
  const id = ref.slice(0, ref.indexOf("/"));
  const keys = new KeyRing();
  keys.set(id, fake.origin, "key");
  return makeEngine({ settings: { ...defaultSettings, providers: { [id]: { baseUrl: fake.baseUrl(wire), ...settings } } }, keys }).llm(ref);
}

async function endOf(llm: Llm, options: GenerateOptions = {}): Promise<EndEvent> {
  const end = (await eventsOf(llm, "hi", options)).at(-1);
  assert.equal(end?.type, "end");
  return end;
}

const records = (...all: readonly JsonObject[]): string =>
  all.map((data) => `${typeof data["type"] === "string" ? `event: ${data["type"]}\n` : ""}data: ${JSON.stringify(data)}\n\n`).join("");

/** A thousand tokens in, a thousand out. */
function chat(told: JsonObject): string {
  const usage = { prompt_tokens: 1000, completion_tokens: 1000 };
  return records(
    { choices: [{ index: 0, delta: { role: "assistant", content: "" } }], ...told },
    { choices: [{ index: 0, delta: { content: "Hi" } }], ...told },
    { choices: [{ index: 0, delta: {}, finish_reason: "stop" }], ...told },
    { choices: [], usage },
  );
}

function response(told: JsonObject): string {
  const usage = { input_tokens: 1000, output_tokens: 1000 };
  return records(
    { type: "response.created", response: { service_tier: "auto" } },
    { type: "response.output_text.delta", item_id: "i", output_index: 0, content_index: 0, delta: "Hi" },
    { type: "response.completed", response: { status: "completed", output: [], usage, ...told } },
  );
}

function claude(told: JsonObject): string {
  return records(
    { type: "message_start", message: { usage: { input_tokens: 1000, output_tokens: 1, ...told } } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1000, ...told } },
    { type: "message_stop" },
  );
}

const wires = {
  "openai-chat": { ref: "openai/gpt-5-mini", settings: { api: "chat" }, answer: chat, listed: 0.00225 },
  "openai-responses": { ref: "openai/gpt-5-mini", settings: { api: "responses" }, answer: response, listed: 0.00225 },
  anthropic: { ref: "anthropic/claude-haiku-4-5", settings: {}, answer: claude, listed: 0.006 },
} as const;

const cases: readonly (readonly [wire: keyof typeof wires, told: JsonObject, beside: number | undefined])[] = [
  ["openai-chat", { service_tier: "default" }, 0],
  ["openai-chat", { service_tier: null }, 0],
  ["openai-chat", { service_tier: "priority" }, undefined],
  ["openai-chat", { service_tier: "flex" }, undefined],
  ["openai-responses", { service_tier: "default" }, 0],
  ["openai-responses", { service_tier: "flex" }, undefined],
  ["openai-responses", { output: [{ type: "web_search_call", id: "w", status: "completed" }] }, undefined],
  ["anthropic", { service_tier: "standard", inference_geo: "not_available", speed: "standard" }, 0],
  ["anthropic", { service_tier: "priority" }, undefined],
  ["anthropic", { speed: "fast" }, undefined],
  ["anthropic", { inference_geo: "us" }, undefined],
  ["anthropic", { server_tool_use: { web_search_requests: 3 } }, 0.03],
  ["anthropic", { server_tool_use: { web_search_requests: 0 } }, 0],
];

describe("the cost of an answer that tells its service tier, or what was paid beside its tokens", () => {
  for (const [wire, told, beside] of cases) {
    const what = beside === undefined ? "is not told" : beside === 0 ? "is by the published price" : "has that in it";
    test(`${what}: ${JSON.stringify(told)} (${wire})`, async () => {
      const { ref, settings, answer, listed } = wires[wire];
      fake.enqueue({ steps: [{ raw: answer(told) }] });
      const { status, cost, usage } = await endOf(llmOf(ref, wire, settings));
      assert.equal(status, "complete");
      assert.deepEqual(usage, { inputTokens: 1000, outputTokens: 1000 });
      if (beside === undefined) assert.equal(cost, undefined);
      else assert.ok(cost !== undefined && Math.abs(cost.amount - (listed + beside)) < 1e-12, `${cost?.amount}`);
    });
  }

  test("is by the published price for the flexible tier of Groq, which has the same", async () => {
    fake.enqueue({ steps: [{ raw: chat({ service_tier: "flex" }) }] });
    const { cost } = await endOf(llmOf("groq/llama-3.3-70b-versatile", "openai-chat"));
    assert.ok(cost !== undefined && Math.abs(cost.amount - (0.59 + 0.79) / 1000) < 1e-12, `${cost?.amount}`);
  });

  test("is by the user's own price whatever the tier, but not where more than tokens was paid", async () => {
    const settings = { api: "responses", models: { "gpt-5-mini": { price: { input: 0.125, output: 1 } } } } as const;
    fake.enqueue({ steps: [{ raw: response({ service_tier: "flex" }) }] });
    fake.enqueue({ steps: [{ raw: response({ output: [{ type: "file_search_call", id: "f" }] }) }] });
    const llm = llmOf("openai/gpt-5-mini", "openai-responses", settings);
    assert.deepEqual((await endOf(llm)).cost, { amount: 0.001125, currency: "USD", source: "setting" });
    assert.equal((await endOf(llm)).cost, undefined);
  });

  test("is not told of one that was cut before its figures came, where another tier was asked for", async () => {
    fake.enqueue({ steps: [{ raw: records({ choices: [{ index: 0, delta: { content: "Hi" } }] }) }] });
    fake.enqueue({ steps: [{ raw: records({ choices: [{ index: 0, delta: { content: "Hi" } }] }) }] });
    const llm = llmOf("openai/gpt-5-mini", "openai-chat", { api: "chat" });
    const cut = async (service_tier: string): Promise<unknown> =>
      (await endOf(llm, { providerOptions: { openai: { service_tier } } })).cost;
    assert.equal(await cut("priority"), undefined);
    assert.notEqual(await cut("default"), undefined);
  });
});

describe("a budget in dollars", () => {
  const codes = (results: readonly { readonly status: string; readonly error?: Error }[]): readonly string[] =>
    results.map(({ status, error }) => (error instanceof AnswerError ? (error.info.providerCode ?? "") : status));

  test("is refused for a service tier whose price nobody knows, before anything is sent", async () => {
    const llm = llmOf("openai/gpt-5-mini", "openai-responses", { api: "responses" });
    const ask = () => llm.generate("hi", { providerOptions: { openai: { service_tier: "priority" } } });
    assert.deepEqual(codes(await gather([ask], { budget: { amount: 1 } })), ["price-unknown"]);
    assert.equal(fake.requests.length, 0);
  });

  test("sends no more once an answer of the model came from such a tier unasked", async () => {
    fake.respond({ steps: [{ raw: response({ service_tier: "priority" }) }] });
    const llm = llmOf("openai/gpt-5-mini", "openai-responses", { api: "responses" });
    const ask = () => llm.generate("hi");
    assert.deepEqual(codes(await gather([ask, ask, ask], { concurrency: 1, budget: { amount: 1 } })), [
      "complete",
      "price-unknown",
      "price-unknown",
    ]);
    assert.equal(fake.requests.length, 1);
  });
});
