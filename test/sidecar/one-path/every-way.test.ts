// However an answer is asked for, it takes the same path: what holds for one way of asking holds for all, over real sockets.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Session } from "../../../sidecar/sessions/session.ts";
import type { StreamEvent } from "../../../sidecar/types.ts";
import { lastUserText } from "../../support/fake-provider-script.ts";
import { image, SCHEMA } from "../../support/wire-requests.ts";
import { kinds } from "../answer-events.ts";
import { modelsOnWires } from "./models-on-wires.ts";
import { WAYS } from "./ways.ts";

const { fake, llmOn } = await modelsOnWires();

const busy = { status: 503, headers: { "retry-after-ms": "1" }, body: { error: { message: "busy" } } } as const;
const sent = (field: string): readonly unknown[] => fake.requests.map(({ body }) => body?.[field]);

for (const { name, ask } of WAYS) {
  describe(`Asked for by ${name},`, () => {
    test("fault 1: an answer is asked for again where a refusal passes, and not where it does not", async () => {
      fake.enqueue(busy, busy, { text: "at last" });
      const answer = await ask(llmOn("openai-chat"));
      assert.deepEqual([answer.content, answer.status, fake.requests.length], ["at last", "complete", 3]);
      fake.enqueue({ status: 401, body: { error: { message: "no", code: "invalid_api_key" } } });
      const refused = await ask(llmOn("openai-chat"));
      assert.deepEqual([refused.status, refused.error?.kind, fake.requests.length], ["error", "auth", 4]);
    });

    test("fault 2: an answer that misses its schema is asked for again, and the next one is the whole answer", async () => {
      fake.enqueue({ text: "As you wish" }, { text: '{"a":1}' });
      const answer = await ask(llmOn("openai-chat"), "give", { responseSchema: SCHEMA });
      assert.deepEqual([answer.content, answer.status], ['{"a":1}', "complete"]);
      assert.equal(fake.requests.length, 2);
      assert.match(lastUserText(fake.requests[1]?.body ?? null), /does not satisfy the JSON Schema/u);
      assert.equal(answer.usage?.inputTokens, 20);
    });

    test("fault 3: the wish to reason reaches the provider", async () => {
      await ask(llmOn("openai-chat"), "hi", { reasoning: "high" });
      assert.deepEqual(sent("reasoning_effort"), ["high"]);
    });

    test("fault 4: what is thought between tags is reasoning, and no part of the text", async () => {
      fake.enqueue({ steps: [{ text: "<thi" }, { text: "nk>Hm.</th" }, { text: "ink>Yes." }, { finish: "stop" }] });
      const { content, reasoning } = await ask(llmOn("openai-chat"));
      assert.deepEqual([content, reasoning], ["Yes.", "Hm."]);
    });

    test("fault 5: a picture reaches the provider", async () => {
      assert.ok(image.role === "user");
      await ask(llmOn("openai-chat"), image.content);
      assert.deepEqual(sent("messages"), [
        [
          {
            role: "user",
            content: [
              { type: "text", text: "What is this?" },
              { type: "image_url", image_url: { url: "data:image/png;base64,aGk=" } },
            ],
          },
        ],
      ]);
    });

    test("fault 10: a tool call that comes in pieces has all of its arguments, and the text comes once", async () => {
      const call = { id: "call_1", name: "weather", arguments: '{"city":"Zürich"}' };
      fake.enqueue({ steps: [{ text: "Let me " }, { text: "look." }, { toolCall: call }, { finish: "tool-calls" }] });
      const { content, toolCalls, finishReason } = await ask(llmOn("openai-chat"));
      assert.deepEqual([content, toolCalls, finishReason], ["Let me look.", [call], "tool-calls"]);
    });

    test("fault 16: the words of a refusal are read from its body", async () => {
      fake.enqueue({ status: 400, body: { error: { message: "the tool schema is broken", code: "invalid_argument" } } });
      const { error, content } = await ask(llmOn("openai-chat"));
      assert.match(error?.message ?? "", /the tool schema is broken/u);
      assert.deepEqual([error?.status, error?.providerCode, content], [400, "invalid_argument", ""]);
    });

    test("fault 17: cancelling closes the socket and keeps the text that had come", async () => {
      fake.enqueue({ steps: [{ text: "so far" }, { gate: "never" }] });
      const abort = new AbortController();
      const asked = ask(llmOn("openai-chat"), "hi", { signal: abort.signal });
      await fake.waitFor(({ waitingAt }) => waitingAt.includes("never"), "the answer to be under way");
      abort.abort();
      const { status, error } = await asked;
      assert.deepEqual([status, error], ["cancelled", undefined]);
      await fake.waitFor(({ clientClosed, openSockets }) => clientClosed === 1 && openSockets === 0, "the socket to be closed");
    });

    test("fault 17: silence between two tokens ends the answer after the time that is allowed, with the text before it", async () => {
      fake.enqueue({ steps: [{ text: "so far" }, { gate: "never" }] });
      const { status, content, error } = await ask(llmOn("openai-chat"), "hi", { timeLimits: { firstTokenMs: 60_000, idleMs: 50 } });
      assert.deepEqual([status, content, error?.providerCode], ["error", "so far", "idle-timeout"]);
    });

    test("fault 20: fields of a provider's own stand in the request as they were given, beside the others", async () => {
      const providerOptions = { "openai-compatible": { top_k: 5, guided_regex: "a+" } };
      await ask(llmOn("openai-chat"), "hi", { providerOptions });
      assert.deepEqual([sent("top_k"), sent("guided_regex"), sent("extra_body")], [[5], ["a+"], [undefined]]);
    });
  });
}

test("fault 1: a reader of a stream sees the same events of an answer that is asked for again, whichever way it is read", async () => {
  const expected = ["start", "status connecting", "status retrying", "status connecting", "text-delta", "usage", "end"];
  for (const source of ["the model", "a session"]) {
    fake.enqueue(busy, { text: "yes" });
    const llm = llmOn("openai-chat");
    const events: StreamEvent[] = [];
    for await (const { event } of source === "the model" ? llm.stream("hi") : new Session(llm).stream("hi")) events.push(event);
    // Whether the endpoint's common wait is still on when the answer comes back to it is a matter of a millisecond.
    const seen = kinds(events).filter((kind) => kind !== "status waiting-for-limit");
    assert.deepEqual(seen, expected, source);
  }
});
