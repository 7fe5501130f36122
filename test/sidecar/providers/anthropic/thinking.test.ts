// What refusals teach of how a Claude model is to be asked to think, and what they do not; over real sockets.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asObject } from "../../../../sidecar/providers/json-fields.ts";
import type { Provider } from "../../../../sidecar/providers/provider.ts";
import type { GenerationParameters, JsonObject, JsonValue } from "../../../../sidecar/types.ts";
import { fakeAtHand, providerAt } from "../../../support/fake-at-hand.ts";
import { call, callError, modelRequest } from "../../../support/provider-calls.ts";
import { body, SCHEMA, warnings, WEATHER } from "../../../support/wire-requests.ts";

const here = await fakeAtHand();
const { fake } = here;

const BUDGET = "claude-sonnet-4-5";
const ADAPTIVE = "claude-opus-4-6";
const NO_ADAPTIVE = "adaptive thinking is not supported on this model";
const NO_BUDGET = '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort".';

const refuse = (message: string): void =>
  fake.enqueue({ status: 400, body: { type: "error", error: { type: "invalid_request_error", message } } });
const ways = (): readonly JsonValue[] =>
  fake.requests.map((request) => {
    const thinking = request.body?.["thinking"];
    return typeof thinking === "object" && thinking !== null && "type" in thinking ? (thinking.type ?? null) : null;
  });
const leftOut = async (provider: Provider, parameters: GenerationParameters, model = BUDGET): Promise<readonly unknown[]> => {
  const { events, thrown } = await call(provider, { request: modelRequest("x", parameters, model) });
  assert.equal(thrown, null);
  return events.flatMap((event) => (event.type === "warning" ? [event.parameter] : []));
};
const extras = (anthropic: JsonObject): GenerationParameters => ({ providerOptions: { anthropic } });

describe("How a Claude model is asked to think", () => {
  for (const words of [
    "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation",
    "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    "`top_k` must be unset when thinking is enabled.",
    "`temperature` may only be set to 1 when thinking is enabled.",
  ]) {
    test(`is not taught by a refusal of the budget, or of what was asked for beside it: ${words}`, async () => {
      const provider = providerAt(here, "anthropic");
      refuse(words);
      const request = modelRequest("x", { reasoning: "high" }, BUDGET);
      assert.ok((await callError(provider, { request })).message.includes(words));
      assert.deepEqual(await leftOut(provider, { reasoning: "high" }), []);
      assert.deepEqual(ways(), ["enabled", "enabled"]);
    });
  }

  for (const [model, words, expected] of [
    [BUDGET, NO_BUDGET, ["enabled", "adaptive", "adaptive"]],
    [BUDGET, "thinking.enabled is deprecated; budget_tokens is not supported", ["enabled", "adaptive", "adaptive"]],
    [ADAPTIVE, NO_ADAPTIVE, ["adaptive", "enabled", "enabled"]],
    [
      ADAPTIVE,
      "Only 'enabled' and 'disabled' are supported for thinking; 'adaptive' is not supported.",
      ["adaptive", "enabled", "enabled"],
    ],
    [ADAPTIVE, "thinking.type must be either enabled or disabled", ["adaptive", "enabled", "enabled"]],
    [ADAPTIVE, "thinking: invalid value: 'adaptive', expected one of 'enabled', 'disabled'", ["adaptive", "enabled", "enabled"]],
  ] as const) {
    test(`is learned from a refusal of the way itself: ${words}`, async () => {
      const provider = providerAt(here, "anthropic");
      refuse(words);
      for (const _ of ["first", "next"]) assert.deepEqual(await leftOut(provider, { reasoning: "high" }, model), []);
      assert.deepEqual(ways(), expected);
    });
  }

  for (const [status, words] of [
    [400, "output_config: Extra inputs are not permitted"],
    [400, "output_config.effort: Extra inputs are not permitted"],
    [400, 'json: unknown field "output_config"'],
    [422, "output_config: Extra inputs are not permitted"],
  ] as const) {
    test(`is without an effort where that is refused, be it by the field that it stands in (${status}): ${words}`, async () => {
      const provider = providerAt(here, "anthropic");
      const body = { type: "error", error: { type: "invalid_request_error", message: words } };
      fake.enqueue({ status, body });
      assert.deepEqual(await leftOut(provider, { reasoning: "high" }, ADAPTIVE), ["reasoning"]);
      await leftOut(provider, { reasoning: "high" }, ADAPTIVE);
      assert.deepEqual(ways(), ["adaptive", "adaptive", "adaptive"]);
      assert.deepEqual(
        fake.requests.map((request) => request.body?.["output_config"]),
        [{ effort: "high" }, undefined, undefined],
      );
    });
  }

  test("and a schema go one after the other where the field that both stand in is refused", async () => {
    const provider = providerAt(here, "anthropic");
    for (let times = 0; times < 2; times += 1) refuse("output_config: Extra inputs are not permitted");
    assert.deepEqual(await leftOut(provider, { reasoning: "high", responseSchema: SCHEMA }, ADAPTIVE), ["responseSchema", "reasoning"]);
    assert.deepEqual(
      fake.requests.map((request) => Object.keys(asObject(request.body?.["output_config"]) ?? {})),
      [["effort", "format"], ["format"], []],
    );
  });

  test("is not at all where it takes neither way, and that is told", async () => {
    const provider = providerAt(here, "anthropic");
    refuse(NO_BUDGET);
    refuse(NO_ADAPTIVE);
    for (const _ of ["first", "next"]) assert.deepEqual(await leftOut(provider, { reasoning: "high" }), ["reasoning"]);
    assert.deepEqual(await leftOut(provider, { reasoning: "off" }), []);
    assert.deepEqual(ways(), ["enabled", "adaptive", null, null, null]);
  });

  test("is not at all where the caller forces a tool's call, and that is told and holds for this request alone", async () => {
    for (const [model, instead] of [
      [BUDGET, null],
      [ADAPTIVE, "disabled"],
    ] as const) {
      fake.reset();
      const provider = providerAt(here, "anthropic");
      refuse("Thinking may not be enabled when tool_choice forces tool use.");
      const forced = { reasoning: "high", tools: [WEATHER], ...extras({ tool_choice: { type: "any" } }) } as const;
      assert.deepEqual(await leftOut(provider, forced, model), ["reasoning"]);
      assert.deepEqual(await leftOut(provider, { reasoning: "high" }, model), []);
      assert.deepEqual(ways(), [ways()[0], instead, ways()[0]]);
    }
  });

  test("fits the limit of tokens that stands in the caller's extras", () => {
    const asked = { provider: "anthropic", model: BUDGET } as const;
    const small = body({ ...asked, parameters: { reasoning: "high", ...extras({ max_tokens: 4000 }) } });
    assert.deepEqual([small["max_tokens"], small["thinking"]], [4000, { type: "enabled", budget_tokens: 2000 }]);
    const tooSmall = { ...asked, parameters: { reasoning: "high", ...extras({ max_tokens: 2000 }) } } as const;
    assert.equal(body(tooSmall)["thinking"], undefined);
    assert.deepEqual(warnings(tooSmall), [["parameter-left-out", "reasoning"]]);
  });

  test("keeps the temperature out also where the extras ask for it", () => {
    const thinking = (type: string): Parameters<typeof body>[0] => ({
      provider: "anthropic",
      model: BUDGET,
      parameters: { temperature: 0.5, ...extras({ thinking: { type, budget_tokens: 2000 } }) },
    });
    assert.equal(body(thinking("enabled"))["temperature"], undefined);
    assert.deepEqual(warnings(thinking("enabled")), [["parameter-left-out", "temperature"]]);
    assert.equal(body(thinking("disabled"))["temperature"], 0.5);
  });

  test("and a temperature that was refused beside thinking goes out again without it", async () => {
    const provider = providerAt(here, "anthropic");
    refuse("`temperature` may only be set to 1 when thinking is enabled.");
    assert.deepEqual(await leftOut(provider, { temperature: 0.5 }, "claude-sonnet-5"), ["temperature"]);
    assert.deepEqual(await leftOut(provider, { temperature: 0.5 }, "claude-sonnet-5"), []);
    assert.deepEqual(
      fake.requests.map((request) => request.body?.["temperature"]),
      [0.5, undefined, 0.5],
    );
  });
});
