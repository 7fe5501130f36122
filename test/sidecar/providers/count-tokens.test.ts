// What servers count of a request's tokens, over real sockets.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ModelRequest } from "../../../sidecar/providers/provider.ts";
import type { GenerationParameters, JsonObject, Message } from "../../../sidecar/types.ts";
import { fakeAtHand } from "../../support/fake-at-hand.ts";
import { createProvider, userMessage } from "../../support/provider-calls.ts";

const { fake, http } = await fakeAtHand();

const messages: readonly Message[] = [
  userMessage("What is tea?"),
  { role: "assistant", content: [{ type: "text", text: "Leaves." }] },
  userMessage("And coffee?"),
];
const tools = [{ name: "look", parameters: { type: "object" } }];
const parameters: GenerationParameters = { system: "Be brief.", temperature: 0.5, maxOutputTokens: 100, tools };
const request: ModelRequest = { model: "m", messages, parameters };
const ask = (provider: string, path = "", asked = request, { signal } = new AbortController()): Promise<number | undefined> | undefined =>
  createProvider(provider, { baseUrl: `${fake.origin}${path}`, key: "the-key" }, http).countTokens?.(asked, signal);
const questions = (): string[] => fake.questions.map(({ path }) => path);

describe("llama.cpp's server", () => {
  test("makes the prompt by the model's template, and counts the tokens of it", async () => {
    fake.tell("/apply-template", { prompt: "<s>[user] What is tea?" });
    fake.tell("/tokenize", (body) => ({ tokens: body?.["content"] === "<s>[user] What is tea?" ? [1, 5, 7, 8, 3, 9] : [] }));
    assert.equal(await ask("llama-server", "/v1"), 6);
    assert.deepEqual(questions(), ["/apply-template", "/tokenize"]);
    const [template, tokenize] = fake.questions.map(({ body }) => body);
    assert.deepEqual(Object.keys(template ?? {}).toSorted(), ["messages", "tools"]);
    const sent = template?.["messages"];
    assert.deepEqual(Array.isArray(sent) && sent.length, 4, "the system prompt and three turns");
    assert.deepEqual([tokenize?.["add_special"], tokenize?.["parse_special"]], [true, true]);
    assert.equal(fake.requests.length, 0, "nothing is answered for it");
  });

  test("says nothing where it does not know the question, and is not asked about images", async () => {
    assert.equal(await ask("llama-server", "/v1"), undefined);
    fake.tell("/apply-template", { prompt: "hi" });
    fake.tell("/tokenize", { error: "no" });
    assert.equal(await ask("llama-server", "/v1"), undefined);
    const before = fake.questions.length;
    const image: Message = { role: "user", content: [{ type: "image", mediaType: "image/png", data: "AAAA" }] };
    assert.equal(await ask("llama-server", "/v1", { ...request, messages: [image] }), undefined);
    assert.equal(fake.questions.length, before);
  });

  test("is no other server that speaks like OpenAI: those are not asked", async () => {
    for (const provider of ["openai-compatible", "lmstudio", "openrouter"]) assert.equal(await ask(provider, "/v1"), undefined);
    assert.deepEqual(questions(), []);
  });
});

describe("Anthropic", () => {
  test("counts what it is to be sent, told without what concerns the answer alone", async () => {
    fake.tell("/v1/messages/count_tokens", { input_tokens: 321 });
    assert.equal(await ask("anthropic"), 321);
    const [question] = fake.questions;
    const { model, system, tools: sentTools, messages: sent, ...others } = question?.body ?? {};
    assert.deepEqual(others, {}, "no max_tokens, stream or temperature");
    assert.equal(model, "m");
    assert.match(JSON.stringify([system, sentTools]), /Be brief\..*look/u);
    assert.match(JSON.stringify(sent), /What is tea\?.*Leaves\..*And coffee\?/u);
    assert.deepEqual([question?.headers["x-api-key"], question?.headers["anthropic-version"]], ["the-key", "2023-06-01"]);
  });

  test("says nothing where it refuses, or answers something else", async () => {
    assert.equal(await ask("anthropic"), undefined);
    for (const told of [{ input_tokens: "many" }, { tokens: 3 }, { input_tokens: -1 }] satisfies JsonObject[]) {
      fake.tell("/v1/messages/count_tokens", told);
      assert.equal(await ask("anthropic"), undefined);
    }
  });
});

test("a count that is called off closes its socket", async () => {
  fake.tell("/v1/messages/count_tokens", () => new Promise(() => {}));
  const abort = new AbortController();
  const counted = ask("anthropic", "", request, abort);
  await fake.waitFor(() => fake.questions.length === 1, "the question to arrive");
  abort.abort(new Error("enough"));
  await assert.rejects(counted ?? Promise.resolve(), /enough/u);
  await fake.waitFor(({ openSockets }) => openSockets === 0, "the socket to close");
});
