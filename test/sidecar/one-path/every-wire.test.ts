// What is lost most easily in a stream, over every wire and by every way of asking, through real sockets.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Session } from "../../../sidecar/sessions/session.ts";
import { ALL_WIRES, modelsOnWires } from "./models-on-wires.ts";
import { WAYS } from "./ways.ts";

const { fake, llmOn } = await modelsOnWires();

for (const wire of ALL_WIRES) {
  describe(`Over ${wire}, by every way of asking,`, () => {
    test("fault 11: an error in mid-stream ends the answer as an error, with the text before it", async () => {
      for (const { name, ask } of WAYS) {
        fake.enqueue({ steps: [{ text: "Half" }, { streamError: { message: "the engine died", code: "server_error" } }] });
        const { status, content, error } = await ask(llmOn(wire));
        assert.deepEqual([status, content, error?.kind, error?.phase], ["error", "Half", "server", "mid-stream"], name);
        assert.match(error?.message ?? "", /the engine died/u);
      }
      assert.equal(fake.requests.length, WAYS.length);
    });

    test("fault 12: a stream that ends without its marker is incomplete, and keeps the text before it", async () => {
      for (const { name, ask } of WAYS) {
        fake.enqueue({ steps: [{ text: "Half" }] });
        const { status, content, finishReason, error } = await ask(llmOn(wire));
        assert.deepEqual([status, content, finishReason, error?.providerCode], ["incomplete", "Half", null, "stream-cut"], name);
      }
    });

    test("fault 13: usage is the provider's own, and no estimate", async () => {
      fake.respond({ steps: [{ text: "Yes." }, { usage: { inputTokens: 12, outputTokens: 7 } }, { finish: "stop" }] });
      for (const { name, ask } of WAYS) {
        const { usage } = await ask(llmOn(wire));
        assert.deepEqual([usage?.inputTokens, usage?.outputTokens, usage?.estimated], [12, 7, undefined], name);
      }
    });

    test("fault 15: line separators inside the text are characters like any other", async () => {
      const words = "one\u2028two\u2029three\u0085four";
      fake.respond({ steps: [{ text: words }, { finish: "stop" }] });
      for (const { name, ask } of WAYS) {
        const { content, status } = await ask(llmOn(wire));
        assert.deepEqual([content, status], [words, "complete"], name);
      }
    });

    test("fault 23: a question in the words of an earlier one is sent again", async () => {
      fake.respond({ text: "yes" });
      const session = new Session(llmOn(wire));
      await session.generate("go on please");
      await session.generate("go on please");
      const asked = fake.requests.map(({ bodyText }) => bodyText.split('"go on please"').length - 1);
      assert.deepEqual(asked, [1, 2]);
    });

    test("fault 18: a failure has no text of its own: it is an error, and nothing is kept as an answer", async () => {
      fake.respond({ status: 400, body: { error: { message: "out of order", type: "invalid_request_error" } } });
      for (const { name, ask } of WAYS) {
        const { content, status, finishReason, error } = await ask(llmOn(wire));
        assert.deepEqual([content, status, finishReason, error?.status], ["", "error", null, 400], name);
      }
    });
  });
}

describe("A record,", () => {
  const chunk = (content: string): string => JSON.stringify({ choices: [{ index: 0, delta: { content } }] });

  test("fault 14: without a space after its colon, is read like any other", async () => {
    fake.respond({ steps: [{ raw: `data:${chunk("one ")}\n\ndata:${chunk("two")}\n\n` }, { finish: "stop" }] });
    for (const { name, ask } of WAYS) assert.equal((await ask(llmOn("openai-chat"))).content, "one two", name);
  });

  test("fault 14: that is no JSON, ends the answer as an error, whatever follows", async () => {
    fake.respond({ steps: [{ text: "Half" }, { raw: "data: {not json}\n\n" }, { text: " more" }, { finish: "stop" }] });
    for (const { name, ask } of WAYS) {
      const { status, content, error } = await ask(llmOn("openai-chat"));
      assert.deepEqual([status, content, error?.providerCode], ["error", "Half", "malformed-record"], name);
    }
  });
});

describe("Of Anthropic's stream,", () => {
  test("fault 9: each piece of text arrives as one chunk that holds it", async () => {
    fake.enqueue({ steps: [{ text: "Hel" }, { text: "lo" }, { text: " there" }, { finish: "stop" }] });
    const contents: string[] = [];
    for await (const { content, event } of llmOn("anthropic").stream("hi")) if (event.type === "text-delta") contents.push(content);
    assert.deepEqual(contents, ["Hel", "lo", " there"]);
  });
});

describe("Of Ollama's stream, by every way of asking,", () => {
  test("fault 19: thoughts, tool calls and the reason of the end are the answer's, and the context is asked for", async () => {
    const toolCall = { id: "call_1", name: "weather", arguments: '{"city":"Zürich"}' };
    for (const { name, ask } of WAYS) {
      fake.enqueue(
        { steps: [{ reasoning: "Hm." }, { toolCall }, { finish: "tool-calls" }] },
        { steps: [{ text: "Long" }, { finish: "length" }] },
      );
      const called = await ask(llmOn("ollama"));
      assert.deepEqual([called.reasoning, called.toolCalls, called.finishReason], ["Hm.", [toolCall], "tool-calls"], name);
      assert.equal((await ask(llmOn("ollama"))).finishReason, "length", name);
    }
    for (const { body } of fake.requests) assert.deepEqual(body?.["options"], { num_ctx: 8192 });
  });
});
