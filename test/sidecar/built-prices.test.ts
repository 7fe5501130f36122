// The published prices as they are built: a file beside the bundle, loaded by the sidecar when an answer has one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateSession, GetSession, ListModels, SendChat } from "../../sidecar/protocol.ts";
import { until } from "../support/until.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { startSidecar } from "./built-sidecar.ts";

test("an answer of the built sidecar has its cost, its conversation keeps it, and the list of models has prices", async (context) => {
  const fake = await FakeProvider.start({ models: ["gpt-5-mini"] });
  context.after(() => fake.close());
  const sidecar = startSidecar(context);
  const providers = { openai: { baseUrl: fake.baseUrl("openai-chat") } };
  await sidecar.shakeHands({ settings: { providers, concurrency: 4, localModels: [] } });
  fake.enqueue({ steps: [{ text: "Hi" }, { usage: { inputTokens: 1000, outputTokens: 100, cachedTokens: 600 } }, { finish: "stop" }] });
  const { connection } = sidecar;
  const { session } = await connection.sendRequest(CreateSession, { model: "openai/gpt-5-mini" });
  await connection.sendRequest(SendChat, { session: session.id, content: [{ type: "text", text: "hi" }] });
  const answer = async () => (await connection.sendRequest(GetSession, { session: session.id })).session.messages[1];
  await until(async () => (await answer())?.status === "complete", "the answer to be kept");
  const cost = (await answer())?.cost;
  // 25 cents for a million tokens of input, a tenth of it for cached ones, two dollars for output.
  const expected = (400 * 0.25 + 600 * 0.025 + 100 * 2) / 1e6;
  assert.ok(cost !== undefined && Math.abs(cost.amount - expected) < 1e-12, JSON.stringify(cost));
  assert.equal(cost.source, "bundled");
  const { models } = await connection.sendRequest(ListModels, { provider: "openai" });
  assert.deepEqual(
    models.map(({ model, price, sources }) => [model, price?.output, sources?.price]),
    [["gpt-5-mini", 2, "bundled"]],
  );
});
