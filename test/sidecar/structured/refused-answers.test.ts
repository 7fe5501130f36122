// A model of OpenAI's that was to satisfy a schema can refuse, in a field of its own, and ends as if it had answered: the refusal
// is no answer that does not fit, which would be asked for again. Over real sockets.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defaultSettings } from "../../../sidecar/engine.ts";
import { KeyRing } from "../../../sidecar/keys.ts";
import type { JsonObject } from "../../../sidecar/types.ts";
import { startFake } from "../../support/fake-at-hand.ts";
import { engineMaker } from "../engines.ts";
import { chunk, stopped } from "../providers/variations/chat-records.ts";
import { sse } from "../providers/variations/one-answer.ts";

const fake = await startFake();
const makeEngine = engineMaker();
const SCHEMA: JsonObject = { type: "object", properties: { a: { type: "number" } }, required: ["a"], additionalProperties: false };
const WORDS = "I cannot help with that.";

const part: JsonObject = { type: "refusal", refusal: WORDS };
const item: JsonObject = { type: "message", id: "m", role: "assistant", content: [part] };
const delta = (text: string): JsonObject => ({
  type: "response.refusal.delta",
  item_id: "m",
  output_index: 0,
  content_index: 0,
  delta: text,
});
const told: JsonObject = { type: "response.refusal.done", item_id: "m", output_index: 0, content_index: 0, refusal: WORDS };
const done: JsonObject = { type: "response.output_item.done", output_index: 0, item };
const completed: JsonObject = { type: "response.completed", response: { status: "completed", output: [item] } };

const FORMS = {
  "openai-chat": [
    [
      chunk({ role: "assistant", content: null, refusal: "" }),
      chunk({ refusal: "I cannot " }),
      chunk({ refusal: "help with that." }),
      stopped(),
    ],
    [{ object: "chat.completion", choices: [{ index: 0, message: { content: null, refusal: WORDS }, finish_reason: "stop" }] }],
  ],
  "openai-responses": [
    [delta("I cannot "), delta("help with that."), told, done, completed],
    [told, completed],
    [done, completed],
    [completed],
  ],
} as const;

describe("A refusal in the place of an answer that was to satisfy a schema", () => {
  for (const wire of ["openai-chat", "openai-responses"] as const) {
    for (const [at, records] of FORMS[wire].entries()) {
      test(`stands as one, and is not asked for again (${wire}, form ${at + 1})`, async () => {
        const api = wire === "openai-chat" ? "chat" : "responses";
        const keys = new KeyRing();
        keys.set("openai", fake.origin, "key");
        const settings = { ...defaultSettings, providers: { openai: { baseUrl: fake.baseUrl(wire), api } } } as const;
        fake.respond({ steps: [{ raw: sse(...records) }] });
        const answer = await makeEngine({ settings, keys }).llm("openai/gpt-5-mini").generate("hi", { responseSchema: SCHEMA });
        assert.deepEqual([answer.content, answer.finishReason, answer.status], [WORDS, "content-filter", "complete"]);
        assert.equal(fake.requests.length, 1);
      });
    }
  }
});
