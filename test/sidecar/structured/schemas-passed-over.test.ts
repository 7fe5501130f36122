// Servers that pass over the field in which the schema stands, without a word: their models hear of it all the same, from the second
// attempt on. Over real sockets.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../sidecar/types.ts";
import { lastUserText } from "../../support/fake-provider-script.ts";
import { PROVIDER_OF_WIRE } from "../../support/wire-reading.ts";
import { ALL_WIRES, modelsOnWires } from "../one-path/models-on-wires.ts";

const { fake, engineOn } = await modelsOnWires();

const SCHEMA: JsonObject = { type: "object", properties: { city: { const: "Bern" } }, required: ["city"] };

/** What a model reads of a request where its server knows of no schemas. */
function readByModel(body: JsonObject | null): string {
  const { messages, input, system, instructions } = body ?? {};
  return JSON.stringify([messages, input, system, instructions]).replaceAll("\\", "");
}

describe("A schema that a server passes over", () => {
  for (const wire of ALL_WIRES) {
    test(`is told the model with the second attempt (${wire})`, async () => {
      const told = JSON.stringify(SCHEMA);
      fake.respond(({ body }) => ({ text: readByModel(body).includes(told) ? '{"city":"Bern"}' : '{"answer":"Bern"}' }));
      // Of the models that are asked by the provider's own means.
      const model = wire === "anthropic" ? "claude-haiku-4-5" : "m";
      const llm = engineOn(wire).llm(`${PROVIDER_OF_WIRE[wire]}/${model}`);
      const answer = await llm.generate("Where?", { responseSchema: SCHEMA });
      assert.deepEqual([answer.content, answer.status, fake.requests.length], ['{"city":"Bern"}', "complete", 2]);
      assert.equal(readByModel(fake.requests[0]?.body ?? null).includes(told), false, "the first is by the provider's own means alone");
      assert.ok(lastUserText(fake.requests[1]?.body ?? null).includes(told), "what was sent before stays as it was");
    });
  }
});
