// What a tool's definition can have beside its name, its description and its schema: sent where the wire has it, left out with a warning
// where it does not, and where the model refuses it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createEditorProvider } from "../../../sidecar/providers/editor.ts";
import { asList, asObject } from "../../../sidecar/providers/json-fields.ts";
import type { ToolExtra } from "../../../sidecar/providers/tool-extras.ts";
import type { JsonObject, ToolDefinition } from "../../../sidecar/types.ts";
import { fakeAtHand, providerAt } from "../../support/fake-at-hand.ts";
import { call, modelRequest } from "../../support/provider-calls.ts";
import { body, warnings, type Asked } from "../../support/wire-requests.ts";

const here = await fakeAtHand();
const { fake } = here;

const MARK: JsonObject = { type: "ephemeral" };
const schema = { type: "object" };
const EVERY: ToolDefinition = { name: "f", parameters: schema, strict: true, cache_control: MARK, input_examples: [{ a: 1 }] };
const asking = (provider: string, more: Partial<Asked> = {}): Asked => ({ provider, parameters: { tools: [EVERY, EVERY] }, ...more });
const toolIn = (sent: JsonObject): JsonObject | undefined => asObject(asList(sent["tools"])?.[0]);
const leftOut = (asked: Asked): readonly string[] => warnings(asked).map(([code, parameter]) => `${code} ${parameter}`);
const LEFT_OUT = "parameter-left-out tools";

describe("The further fields of a tool's definition", () => {
  test("are all sent to Anthropic, the caller's mark in the place of its own", () => {
    const tool = { name: "f", input_schema: schema, strict: true, cache_control: MARK, input_examples: [{ a: 1 }] };
    assert.deepEqual(body(asking("anthropic"))["tools"], [tool, tool]);
    assert.deepEqual(leftOut(asking("anthropic")), []);
  });

  test("are its strictness at OpenAI's two interfaces; for each of the others there is one warning", () => {
    assert.deepEqual(toolIn(body(asking("openai"))), { type: "function", name: "f", parameters: schema, strict: true });
    const tool = { type: "function", function: { name: "f", parameters: schema, strict: true } };
    assert.deepEqual(toolIn(body(asking("openai-compatible"))), tool);
    for (const provider of ["openai", "openai-compatible"]) assert.deepEqual(leftOut(asking(provider)), [LEFT_OUT, LEFT_OUT]);
  });

  test("are also a mark for the cache at OpenRouter, for models that are cached by marks", () => {
    const claude = asking("openrouter", { model: "anthropic/claude-sonnet-4.5" });
    const tool = { type: "function", function: { name: "f", parameters: schema, strict: true } };
    assert.deepEqual(toolIn(body(claude)), { ...tool, cache_control: MARK });
    assert.deepEqual(leftOut(claude), [LEFT_OUT]);
    assert.deepEqual(toolIn(body(asking("openrouter", { model: "openai/gpt-5-mini" }))), tool);
  });

  test("are none at Ollama", () => {
    assert.deepEqual(toolIn(body(asking("ollama"))), { type: "function", function: { name: "f", parameters: schema } });
    assert.deepEqual(leftOut(asking("ollama")), [LEFT_OUT, LEFT_OUT, LEFT_OUT]);
  });

  test("are none in the editor", async () => {
    const editor = createEditorProvider({
      list: async () => [],
      ask: async () => ({ finishReason: "stop" }),
      count: async () => 1,
    });
    const { events } = await call(editor, { request: modelRequest("hi", { tools: [EVERY] }) });
    const codes = events.flatMap((event) => (event.type === "warning" ? [`${event.code} ${event.parameter}`] : []));
    assert.deepEqual(codes, [LEFT_OUT, LEFT_OUT, LEFT_OUT]);
  });

  test("are not spoken of where no tool has any", () => {
    const plain = { tools: [{ name: "f", parameters: schema }] };
    for (const provider of ["openai", "openai-compatible", "anthropic", "ollama"])
      assert.deepEqual(leftOut({ provider, parameters: plain }), []);
  });
});

describe("A further field that the server refuses is left out from then on, with a warning", () => {
  const refusals: readonly (readonly [provider: string, field: ToolExtra, message: string])[] = [
    ["anthropic", "input_examples", "tools.0.custom.input_examples: Extra inputs are not permitted"],
    ["anthropic", "cache_control", "tools.0.custom.cache_control: Extra inputs are not permitted"],
    ["openai-compatible", "strict", "tools[0].function: unknown field `strict`"],
  ];
  for (const [provider, field, message] of refusals) {
    test(`${field} at ${provider}`, async () => {
      fake.enqueue({ status: 400, body: { error: { type: "invalid_request_error", message } } }, { text: "yes" }, { text: "yes" });
      const asked = providerAt(here, provider);
      const request = modelRequest("hi", { tools: [{ name: "f", parameters: schema, [field]: EVERY[field] }] });
      for (const times of [2, 3]) {
        const { events, thrown } = await call(asked, { request });
        assert.equal(thrown, null);
        assert.partialDeepStrictEqual(events.find(({ type }) => type === "warning") ?? {}, {
          code: "parameter-left-out",
          parameter: "tools",
        });
        assert.equal(fake.requests.length, times);
        const sent = JSON.stringify(JSON.parse(fake.requests.at(-1)?.bodyText ?? "{}").tools);
        assert.ok(sent.includes('"f"') && !sent.includes(field), sent);
      }
    });
  }

  test("and a refusal that only speaks of strictness teaches nothing where no tool asked for it", async () => {
    fake.respond({ status: 400, body: { error: { message: "strict is not supported" } } });
    const { thrown } = await call(providerAt(here, "openai-compatible"), {
      request: modelRequest("hi", { tools: [{ name: "f", parameters: schema }] }),
    });
    assert.match(String(thrown), /strict is not supported/u);
    assert.equal(fake.requests.length, 1);
  });
});
