// Halves of characters, which JavaScript's texts can hold and no server can read, wherever they stand in what is sent.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ModelRequest } from "../../../sidecar/providers/provider.ts";
import { wellFormedJson } from "../../../sidecar/providers/well-formed-json.ts";
import type { JsonObject, JsonValue } from "../../../sidecar/types.ts";
import { fakeAtHand, providerOnWire } from "../../support/fake-at-hand.ts";
import { call } from "../../support/provider-calls.ts";
import { ALL_WIRES } from "../one-path/models-on-wires.ts";

const here = await fakeAtHand();
const { fake } = here;

const HIGH = "\ud83d";
const LOW = "\ude00";
const WHOLE = HIGH + LOW;
const text = (said: string) => ({ type: "text", text: said }) as const;

/** With a half in every text and in a name, and whole characters and what only looks like a half beside them. */
const request: ModelRequest = {
  model: "m",
  messages: [
    { role: "user", content: [text(`question ${HIGH} ${WHOLE}`)] },
    {
      role: "assistant",
      content: [
        text(`answer ${HIGH}`),
        { type: "tool-call", id: "c1", name: "f", arguments: `{"raw ${LOW}":"\\ud83d","whole":"\\uD83D\\uDE00"}` },
      ],
    },
    { role: "tool", content: [{ type: "tool-result", id: "c1", content: `result ${LOW}` }] },
    { role: "user", content: [text(String.raw`written \ud83d as code, and C:\ud83d`)] },
  ],
  parameters: {
    system: `system ${LOW}${HIGH}`,
    tools: [
      { name: "f", description: `tool ${HIGH}`, parameters: { type: "object", properties: { [`field ${HIGH}`]: { type: "string" } } } },
    ],
  },
};

/** All texts and names in it, also in the JSON of a call's arguments. */
function textsIn(value: JsonValue | undefined): readonly string[] {
  if (typeof value === "string") return [value, ...(value.startsWith("{") ? textsIn(JSON.parse(value)) : [])];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, one]: [string, JsonValue | undefined]) => [name, ...textsIn(one)]);
}

describe("No half of a character is sent", () => {
  for (const wire of ALL_WIRES) {
    test(`over ${wire}, and all else is`, async () => {
      fake.enqueue({ text: "yes" });
      const { thrown } = await call(providerOnWire(here, wire), { request });
      assert.equal(thrown, null);
      const sent: JsonObject = JSON.parse(fake.requests.at(-1)?.bodyText ?? "");
      const texts = textsIn(sent);
      assert.deepEqual(
        texts.filter((one) => !one.isWellFormed()),
        [],
      );
      const words = ["question \ufffd 😀", "answer \ufffd", "result \ufffd", "system \ufffd\ufffd", "tool \ufffd", "field \ufffd"];
      for (const one of [...words, "raw \ufffd", String.raw`written \ud83d as code, and C:\ud83d`, "😀", "\ufffd"])
        assert.ok(texts.includes(one), `${one} in ${JSON.stringify(texts)}`);
    });
  }

  test("where tokens are counted", async () => {
    fake.tell("/v1/messages/count_tokens", { input_tokens: 321 });
    assert.equal(await providerOnWire(here, "anthropic").countTokens?.(request, new AbortController().signal), 321);
    const texts = textsIn(fake.questions.at(-1)?.body);
    assert.ok(texts.includes("question \ufffd 😀"));
    assert.ok(texts.every((one) => one.isWellFormed()));
  });
});

test("JSON that holds no half of a character stays as it is, byte for byte", () => {
  for (const value of ["", "plain", WHOLE, String.raw`\ud83d`, String.raw`\\ud83d\n"`, "\n\\", { [WHOLE]: ["\u0001", null, 1] }]) {
    const json = JSON.stringify(value);
    assert.equal(wellFormedJson(json), json);
  }
  const escaped = String.raw`{"a":"\ud83d\ude00 \uD83D\uDE00 \\ud83d"}`;
  assert.equal(wellFormedJson(escaped), escaped);
});

test("A half behind escaped backslashes is told from one that is written out", () => {
  for (let backslashes = 0; backslashes < 4; backslashes += 1) {
    const before = "\\".repeat(backslashes);
    assert.equal(JSON.parse(wellFormedJson(JSON.stringify(`${before}${HIGH}${before}ud83d`))), `${before}\ufffd${before}ud83d`);
  }
});
