// Items of the Responses API that go back to a server which does not take them as they came; over real sockets.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AssistantPart, JsonObject, JsonValue } from "../../../../sidecar/types.ts";
import { fakeAtHand, providerOnWire } from "../../../support/fake-at-hand.ts";
import { call, modelRequest, userMessage } from "../../../support/provider-calls.ts";
import { assistant, result } from "../../../support/wire-requests.ts";

const here = await fakeAtHand();
const { fake } = here;

const refusal = (message: string): { status: number; body: JsonValue } => ({ status: 400, body: { error: { message } } });
const item = (fields: JsonObject): AssistantPart => ({
  type: "opaque",
  provider: "openai",
  data: { wire: "openai-responses", item: fields },
});
const reasoned = assistant(
  item({ type: "reasoning", id: "rs_1", encrypted_content: "gA" }),
  { type: "tool-call", id: "c1", name: "f", arguments: "{}" },
  item({ type: "function_call", id: "fc_1", call_id: "c1" }),
);

describe("A refusal of what goes back over the Responses API teaches", () => {
  const requestOfItems = { ...modelRequest("x", {}, "gpt-5"), messages: [userMessage("x"), reasoned, result("c1", "r")] };

  for (const [status, words] of [
    [404, "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false. Try again with `store` set to true."],
    [400, "Invalid 'input[1].id': 'rs_1'. Expected an ID that begins with 'fc'."],
    [400, "Item 'rs_1-a7c0' not found."],
  ] as const) {
    test(`quirk 32: that ids of items are not known (${status}), and then reasoning goes back without them, from then on`, async () => {
      const provider = providerOnWire(here, "openai-responses");
      fake.enqueue({ ...refusal(words), status });
      for (const _ of ["first", "next"]) assert.equal((await call(provider, { request: requestOfItems })).thrown, null);
      assert.deepEqual(
        fake.requests.map(({ bodyText }) => [/rs_1|fc_1/u.test(bodyText), bodyText.includes('"encrypted_content":"gA"')]),
        [
          [true, true],
          [false, true],
          [false, true],
        ],
      );
    });
  }

  test("quirk 32: that an item is not known even without its id, and then it is left out, this time", async () => {
    const provider = providerOnWire(here, "openai-responses");
    for (const words of ["Item 'rs_1' not found.", "Missing required parameter: 'input[1].id'."]) fake.enqueue(refusal(words));
    assert.equal((await call(provider, { request: requestOfItems })).thrown, null);
    assert.deepEqual(
      fake.requests.map(({ bodyText }) => bodyText.includes('encrypted_content":')),
      [true, true, false],
    );
  });

  for (const words of [
    "unknown variant `reasoning`, expected one of `message`, `function_call`, `function_call_output`",
    "Unknown parameter: 'input[1].encrypted_content'.",
    "input.1: reasoning items are not supported",
  ]) {
    test(`quirk 32: that reasoning is not taken back at all, from then on: ${words}`, async () => {
      const provider = providerOnWire(here, "openai-responses");
      fake.enqueue(refusal(words));
      for (const _ of ["first", "next"]) assert.equal((await call(provider, { request: requestOfItems })).thrown, null);
      assert.deepEqual(
        fake.requests.map(({ bodyText }) => /rs_1|fc_1/u.test(bodyText)),
        [true, false, false],
      );
      assert.notEqual(fake.requests[1]?.body?.["include"], undefined);
    });
  }
});
