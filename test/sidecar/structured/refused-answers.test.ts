// A model of OpenAI's that was to satisfy a schema can refuse, in a field of its own, and ends as if it had answered: the refusal
// is no answer that does not fit, which would be asked for again. Groq refuses an answer that is no JSON, which is one. Over real sockets.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AnswerError } from "../../../sidecar/answers/answer-error.ts";
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

describe("An answer that the server refuses itself because it is no JSON", () => {
  const ask = () => {
    const keys = new KeyRing();
    keys.set("groq", fake.origin, "key");
    const settings = { ...defaultSettings, providers: { groq: { baseUrl: fake.baseUrl("openai-chat") } } } as const;
    return makeEngine({ settings, keys }).llm("groq/m").generate("hi", { responseSchema: SCHEMA });
  };
  const refused = (text: string) => ({
    status: 400,
    body: {
      error: { message: "Failed to generate JSON.", type: "invalid_request_error", code: "json_validate_failed", failed_generation: text },
    },
  });

  test("is asked for again with what was wrong, as one that came is", async () => {
    fake.reset();
    fake.enqueue(refused('{"a": one}'), refused(""), { text: '{"a":1}' });
    const { content } = await ask();
    assert.equal(content, '{"a":1}');
    assert.equal(fake.requests.length, 3);
    assert.ok(fake.requests[1]?.bodyText.includes(String.raw`{\"a\": one}`));
  });

  test("is in the error where none fits", async () => {
    fake.reset();
    fake.respond(refused('{"a": one}'));
    await assert.rejects(ask(), (error) => {
      assert.ok(error instanceof AnswerError);
      assert.deepEqual([error.info.providerCode, error.info.rejectedText, error.partial.content], ["schema-mismatch", '{"a": one}', ""]);
      return true;
    });
    assert.equal(fake.requests.length, 3);
  });
});
