// Headers that come twice: a gateway adds its own beside those of the server behind it.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { fakeAtHand, providerOnWire } from "../../support/fake-at-hand.ts";
import type { FakeWire } from "../../support/fake-provider-script.ts";
import { call, callError } from "../../support/provider-calls.ts";
import { foldEvents } from "../../support/wire-reading.ts";

const here = await fakeAtHand();
const { fake } = here;
afterEach(() => fake.waitFor((state) => state.openAnswers === 0, "the answers of the test to be over"));

async function checkRead(wire: FakeWire, headers: Readonly<Record<string, string | string[]>>): Promise<void> {
  fake.enqueue({ headers, text: "x" });
  const { text, finish } = foldEvents((await call(providerOnWire(here, wire))).events);
  assert.deepEqual([text, finish?.finishReason], ["x", "stop"], `${wire} ${JSON.stringify(headers)}`);
}

describe("A header that comes twice", () => {
  test("labels an answer that is read as what it is, whichever of the labels is right", async () => {
    const labels = ["application/json", "text/html", "application/octet-stream", "text/event-stream; charset=utf-8"];
    for (const label of labels) {
      for (const type of [[label, "text/event-stream"], ["Text/Event-Stream", label], [`${label} , text/event-stream`]]) {
        for (const wire of ["openai-chat", "anthropic", "openai-responses"] as const) await checkRead(wire, { "content-type": type });
      }
      await checkRead("ollama", { "content-type": [label, "application/x-ndjson"] });
    }
  });

  test("labels a whole answer that is read, too", async () => {
    const body = { choices: [{ message: { content: "x" }, finish_reason: "stop" }] };
    for (const type of [
      ["application/json", "text/event-stream"],
      ["application/json", "application/json"],
      ["text/html", "application/json"],
    ]) {
      fake.enqueue({ headers: { "content-type": type }, body });
      assert.equal(foldEvents((await call(providerOnWire(here, "openai-chat"))).events).text, "x", type.join());
    }
  });

  test("and says both times that it is a web page is told as one", async () => {
    fake.enqueue({ headers: { "content-type": ["text/html", "text/html; charset=utf-8"] }, body: "<html></html>" });
    assert.equal((await callError(providerOnWire(here, "openai-chat"))).providerCode, "not-an-api");
  });

  test("says that a body is compressed where one of them does", async () => {
    await checkRead("openai-chat", { "content-encoding": ["identity", "none"] });
    fake.enqueue({ headers: { "content-encoding": ["identity", "gzip"] }, text: "x" });
    assert.equal((await callError(providerOnWire(here, "openai-chat"))).providerCode, "compressed");
  });

  test("names the request, the time to wait and the way by the first of them that says something", async () => {
    const twice = { "retry-after": ["7", "9"], "x-request-id": ["", "req_1", "req_2"] };
    fake.enqueue({ status: 429, headers: twice, body: { error: { message: "slow down" } } });
    const error = await callError(providerOnWire(here, "openai-chat"));
    assert.deepEqual([error.retryAfterMs, error.info.requestId], [7000, "req_1"]);
    fake.enqueue({ status: 307, headers: { location: ["/moved/v1/chat/completions", "/elsewhere"] }, body: "" }, { text: "x" });
    assert.equal(foldEvents((await call(providerOnWire(here, "openai-chat"))).events).text, "x");
    assert.equal(fake.requests.at(-1)?.path, "/moved/v1/chat/completions");
  });
});

test("Indented JSON over Ollama's wire is read under either label of JSON", async () => {
  const answer = { model: "m", message: { role: "assistant", content: "whole" }, done: true, done_reason: "stop", eval_count: 1 };
  for (const type of ["application/json", "application/x-ndjson"]) {
    fake.enqueue({ headers: { "content-type": type }, body: JSON.stringify(answer, null, 2) });
    assert.equal(foldEvents((await call(providerOnWire(here, "ollama"))).events).text, "whole", type);
  }
});
