// Reasoning that goes back to the model that wants it, and not to others: by its provider's row, and as its refusals teach.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asList, asObject } from "../../../sidecar/providers/json-fields.ts";
import type { JsonValue } from "../../../sidecar/types.ts";
import { fakeAtHand, providerAt, providerOnWire } from "../../support/fake-at-hand.ts";
import { call, userMessage } from "../../support/provider-calls.ts";
import { assistant, body, result } from "../../support/wire-requests.ts";

const here = await fakeAtHand();
const { fake } = here;

describe("A refusal teaches", () => {
  const refusal = (message: string): { status: number; body: JsonValue } => ({
    status: 400,
    body: { error: { message, type: "invalid_request_error" } },
  });

  test("quirk 31: that a model wants its reasoning back with its calls, or does not", async () => {
    const thought = assistant({ type: "reasoning", text: "Hm." }, { type: "tool-call", id: "a", name: "f", arguments: "{}" });
    const request = { model: "m", messages: [userMessage("x"), thought, result("a", "r")], parameters: {} };
    const echoed = (): readonly boolean[] => fake.requests.map(({ bodyText }) => bodyText.includes('"reasoning_content":"Hm."'));
    const provider = providerAt(here, "openai-compatible");
    fake.enqueue(refusal("The `reasoning_content` in the thinking mode must be passed back to the API."));
    await call(provider, { request });
    await call(provider, { request });
    assert.deepEqual(echoed(), [false, true, true]);
    fake.reset();
    fake.enqueue(refusal("reasoning_content is not permitted in the input messages"));
    await call(providerAt(here, "deepseek"), { request });
    assert.deepEqual(echoed(), [true, false]);
  });

  for (const words of [
    "The `reasoning_content` in the thinking mode must be passed back to the API.",
    "Missing `reasoning_content` field in the assistant message at message index 3.",
    "thinking is enabled but reasoning_content is missing in assistant tool call message at index 3",
  ])
    test(`quirk 31: what is wanted back is never left out instead: ${words}`, async () => {
      const said = assistant({ type: "reasoning", text: "Hm." }, { type: "text", text: "t" });
      const thought = assistant({ type: "tool-call", id: "a", name: "f", arguments: "{}" });
      const request = { model: "m", messages: [userMessage("x"), thought, result("a", "r"), said, userMessage("y")], parameters: {} };
      const echoes = (): number => fake.requests.at(-1)?.bodyText.split('"reasoning_content":').length ?? 0;
      const provider = providerAt(here, "deepseek");
      fake.enqueue(refusal(words));
      assert.ok((await call(provider, { request })).thrown instanceof Error);
      assert.equal(fake.requests.length, 1);
      assert.equal((await call(provider, { request })).thrown, null);
      assert.equal(echoes(), 3);
      // A model that has changed its mind teaches so.
      const other = providerAt(here, "openai-compatible");
      for (const refused of [words, "Please remove the reasoning_content from your message to reduce network traffic."]) {
        fake.enqueue(refusal(refused));
        await call(other, { request });
        assert.equal(echoes(), refused === words ? 3 : 1);
      }
    });

  test("quirk 31: calls that another model made without a thought go back with an empty one", () => {
    const messages = [userMessage("x"), assistant({ type: "tool-call", id: "a", name: "f", arguments: "{}" }), result("a", "r")];
    assert.match(JSON.stringify(body({ provider: "deepseek", messages })), /"reasoning_content":""/u);
  });

  const signed = assistant(
    { type: "opaque", provider: "anthropic", data: { wire: "anthropic", block: { type: "thinking", thinking: "Hm.", signature: "s" } } },
    { type: "text", text: "Said." },
  );

  for (const words of [
    "The `content[].thinking` in the thinking mode must be passed back to the API.",
    "thinking is enabled but reasoning_content is missing in assistant tool call message at index 1",
  ])
    test(`that a server of Anthropic's wire wants back what it did not sign: ${words}`, async () => {
      const thought = assistant({ type: "reasoning", text: "Hm." }, { type: "tool-call", id: "a", name: "f", arguments: "{}" });
      const messages = [userMessage("x"), signed, userMessage("y"), thought, result("a", "r"), assistant({ type: "text", text: "t" })];
      const request = { model: "deepseek-v4-pro", messages: [...messages, userMessage("z")], parameters: {} };
      const thoughts = (): readonly unknown[] =>
        (asList(fake.requests.at(-1)?.body?.["messages"]) ?? []).flatMap((message) =>
          (asList(asObject(message)?.["content"]) ?? []).map((block) => asObject(block)).filter((block) => block?.["type"] === "thinking"),
        );
      const provider = providerOnWire(here, "anthropic");
      fake.enqueue(refusal(words));
      for (const requests of [2, 3]) {
        assert.equal((await call(provider, { request })).thrown, null);
        assert.equal(fake.requests.length, requests);
        assert.deepEqual(thoughts(), [
          { type: "thinking", thinking: "Hm.", signature: "s" },
          { type: "thinking", thinking: "Hm." },
          { type: "thinking", thinking: "" },
        ]);
      }
    });
});
