// Models listed by a program: of the provider that it names, with the address and the key that it gives.

import assert from "node:assert/strict";
import { test } from "node:test";
import { listModels, ProviderError, type ListModelsOptions } from "../../sidecar/library.ts";
import { startFake } from "../support/fake-at-hand.ts";

const fake = await startFake();
const server = { provider: "openai-compatible", baseUrl: fake.baseUrl("openai-chat"), apiKey: "sk-of-the-program" };

test("a program lists the models of a server, with its own key, and asks again where it wants to", async () => {
  const body = { object: "list", data: [{ id: "one", object: "model", context_length: 4096 }, { id: "two" }] };
  for (let times = 0; times < 2; times += 1) fake.enqueue({ route: "models", body });
  const { models, failures } = await listModels(server);
  assert.deepEqual(
    models.map(({ ref }) => ref),
    ["openai-compatible/one", "openai-compatible/two"],
  );
  assert.equal(models[0]?.contextWindow, 4096);
  assert.deepEqual(failures, []);
  const lists = () => fake.requests.filter(({ method, path }) => method === "GET" && path.endsWith("/models"));
  assert.equal(lists()[0]?.headers["authorization"], "Bearer sk-of-the-program");
  await listModels(server);
  assert.equal(lists().length, 1, "a list is good for a while");
  await listModels({ ...server, refresh: true });
  assert.equal(lists().length, 2);
});

test("a provider that does not answer well is told beside the others, and nothing is thrown", async () => {
  fake.enqueue({ route: "models", status: 401, body: { error: { message: "no such key" } } });
  const { models, failures } = await listModels({ ...server, refresh: true });
  assert.deepEqual(models, []);
  assert.deepEqual(
    failures.map(({ provider, error }) => [provider, error.kind]),
    [["openai-compatible", "auth"]],
  );
});

for (const [title, options, words] of [
  ["a provider that there is not", { provider: "openay" }, /openay.*openai/u],
  ["an address without a provider", { baseUrl: "http://127.0.0.1:1" }, /need "provider"/u],
  ["an option that there is not", JSON.parse('{"provider":"openai","baseURL":"http://127.0.0.1:1"}'), /Did you mean "baseUrl"/u],
  ["a key that no header can carry", { provider: "openai", apiKey: "a\nb" }, /key/u],
] satisfies readonly (readonly [string, ListModelsOptions, RegExp])[]) {
  test(`a list is refused by name for ${title}`, async () => {
    await assert.rejects(listModels(options), (error) => {
      assert.ok(error instanceof ProviderError, String(error));
      assert.match(error.message, words);
      return true;
    });
    assert.equal(fake.requests.length, 0);
  });
}

test("a list that is called off rejects with the signal's reason", async () => {
  await assert.rejects(listModels({ ...server, refresh: true, signal: AbortSignal.abort(new Error("no more")) }), /no more/u);
});
