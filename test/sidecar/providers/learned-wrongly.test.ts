// What a refusal seems to teach and does not, or not for ever: the next request is asked as if it had never been; over real sockets.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { GenerationParameters, JsonObject } from "../../../sidecar/types.ts";
import { fakeAtHand, providerAt } from "../../support/fake-at-hand.ts";
import { call, callError, modelRequest } from "../../support/provider-calls.ts";

const here = await fakeAtHand();
const { fake } = here;

const refusal = (message: string): { status: number; body: JsonObject } => ({
  status: 400,
  body: { error: { message, type: "invalid_request_error" } },
});
const sent = (field: string): readonly unknown[] => fake.requests.map(({ body }) => body?.[field] ?? null);

describe("What is refused is not learned", () => {
  test("where leaving it out changes nothing, because it stands in the caller's extras", async () => {
    const words = "output_config.effort: 'xhigh' is not supported by this model.";
    fake.respond(({ body }) =>
      JSON.stringify(body?.["output_config"]).includes("xhigh") ? refusal(words) : { steps: [{ finish: "stop" }] },
    );
    const provider = providerAt(here, "anthropic");
    const ask = (parameters: GenerationParameters): ReturnType<typeof modelRequest> =>
      modelRequest("x", { reasoning: "high", ...parameters }, "claude-opus-4-6");
    const extras = { providerOptions: { anthropic: { output_config: { effort: "xhigh" } } } };
    assert.ok((await callError(provider, { request: ask(extras) })).message.includes(words));
    const { events } = await call(provider, { request: ask({}) });
    assert.equal(
      events.some((event) => event.type === "warning"),
      false,
    );
    assert.deepEqual(sent("output_config"), [{ effort: "xhigh" }, { effort: "xhigh" }, { effort: "high" }]);
  });
});
