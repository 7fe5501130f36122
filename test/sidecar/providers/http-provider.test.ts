// The engine under every HTTP provider, over real sockets: how answers end, how they are cancelled, and how long they may take.

import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { after, afterEach, before, describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Provider, ProviderEvent } from "../../../sidecar/providers/provider.ts";
import { ClientReads } from "../../support/client-reads.ts";
import { fakeAtHand, providerOnWire } from "../../support/fake-at-hand.ts";
import type { FakeWire } from "../../support/fake-provider.ts";
import { call, callError, createProvider, modelRequest } from "../../support/provider-calls.ts";
import { until } from "../../support/until.ts";
import { foldEvents } from "../../support/wire-reading.ts";

const here = await fakeAtHand();
const { fake, http } = here;
afterEach(() => fake.waitFor((state) => state.openAnswers === 0, "the answers of the test to be over"));

const WIRES: readonly FakeWire[] = ["openai-chat", "openai-responses", "anthropic", "ollama"];

const chat = (): Provider => providerOnWire(here, "openai-chat");

for (const wire of WIRES) {
  describe(`Over ${wire},`, () => {
    test("an answer has text, reasoning, a tool call, usage and a finish", async () => {
      fake.enqueue({
        steps: [
          { reasoning: "Hm, é." },
          { text: "Hello" },
          { text: " 世界" },
          { toolCall: { id: "call_1", name: "f", arguments: '{"a":1}' } },
          { usage: { inputTokens: 12, outputTokens: 7 } },
          { finish: "tool-calls" },
        ],
      });
      const { events, thrown } = await call(providerOnWire(here, wire));
      assert.equal(thrown, null);
      const answer = foldEvents(events);
      assert.equal(answer.text, "Hello 世界");
      assert.equal(answer.reasoning, "Hm, é.");
      assert.deepEqual(answer.tools, [{ id: "call_1", name: "f", arguments: '{"a":1}' }]);
      assert.equal(answer.usage?.inputTokens, 12);
      assert.equal(answer.usage.outputTokens, 7);
      assert.equal(answer.finish?.finishReason, "tool-calls");
      assert.equal(events.at(-1)?.type, "finish");
    });

    test("it is asked at the wire's own path", async () => {
      await call(providerOnWire(here, wire));
      assert.equal(fake.requests[0]?.route, wire);
    });

    test("answers that follow each other share a connection", async () => {
      for (let count = 0; count < 4; count += 1) {
        await call(providerOnWire(here, wire));
        await until(() => http.openExchanges === 0, "the last bytes of the answer");
      }
      assert.equal(new Set(fake.requests.map((request) => request.socket)).size, 1);
    });

    test("quirk 3: an answer that arrives byte by byte is the same", async () => {
      const text = "Grüße, 世界 😀\n```ts\nx\n```";
      fake.enqueue({ text, split: "bytes" });
      assert.equal(foldEvents((await call(providerOnWire(here, wire))).events).text, text);
    });

    test("an answer cut by length finishes with length", async () => {
      fake.enqueue({ steps: [{ text: "Half" }, { finish: "length" }] });
      assert.equal(foldEvents((await call(providerOnWire(here, wire))).events).finish?.finishReason, "length");
    });

    test("quirk 7: a stream that ends without its marker returns without a finish, and keeps its text", async () => {
      fake.enqueue({ steps: [{ text: "Half" }] });
      const { events, thrown } = await call(providerOnWire(here, wire));
      assert.equal(thrown, null);
      assert.equal(foldEvents(events).text, "Half");
      assert.equal(foldEvents(events).finish, null);
    });

    test("a connection that breaks in mid-answer keeps the text, says so, and returns without a finish", async () => {
      fake.enqueue({ steps: [{ text: "Half" }, { cut: "reset" }] });
      const { events, thrown } = await call(providerOnWire(here, wire));
      assert.equal(thrown, null);
      assert.equal(foldEvents(events).text, "Half");
      assert.equal(foldEvents(events).finish, null);
      assert.deepEqual(
        events.filter((event) => event.type === "warning").map((event) => event.code),
        ["connection-lost"],
      );
    });

    test("quirk 2: a connection that breaks after the marker does not matter", async () => {
      fake.enqueue({ steps: [{ text: "Whole" }, { finish: "stop" }, { cut: "reset" }] });
      const { events, thrown } = await call(providerOnWire(here, wire));
      assert.equal(thrown, null);
      assert.equal(foldEvents(events).finish?.finishReason, "stop");
      assert.ok(!events.some((event) => event.type === "warning"));
    });

    test("an error inside the stream is thrown after the text that came before it", async () => {
      fake.enqueue({ steps: [{ text: "Half" }, { streamError: { message: "Overloaded", code: "overloaded_error" } }] });
      const texts: string[] = [];
      const error = await callError(providerOnWire(here, wire), { onBatch: (batch) => texts.push(foldEvents(batch).text) });
      assert.equal(texts.join(""), "Half");
      assert.equal(error.phase, "mid-stream");
      assert.match(error.message, /Overloaded/u);
      // Ollama tells words alone.
      assert.equal(error.kind, wire === "ollama" ? "server" : "overloaded");
    });

    test("a cancelled answer closes its socket and throws the signal's reason", async () => {
      fake.enqueue({ steps: [{ text: "Half" }, { gate: "never" }] });
      const abort = new AbortController();
      const reason = new Error("stop it");
      const { events, thrown } = await call(providerOnWire(here, wire), { signal: abort.signal, onBatch: () => abort.abort(reason) });
      assert.equal(thrown, reason);
      assert.equal(foldEvents(events).text, "Half");
      await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
    });
  });
}

describe("Cancelling", () => {
  test("before the call sends nothing", async () => {
    const { thrown } = await call(chat(), { signal: AbortSignal.abort("no") });
    assert.equal(thrown, "no");
    assert.equal(fake.requests.length, 0);
  });

  test("while the headers are awaited closes the socket", async () => {
    fake.enqueue({ holdHeaders: "never" });
    const abort = new AbortController();
    const outcome = call(chat(), { signal: abort.signal });
    await fake.waitFor((state) => state.waitingAt.includes("never"), "the request to arrive");
    abort.abort("enough");
    assert.equal((await outcome).thrown, "enough");
    await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
  });

  test("while an error's body is awaited closes the socket", async () => {
    fake.enqueue({ status: 500, steps: [{ raw: "half a bo" }, { gate: "never" }] });
    const abort = new AbortController();
    const outcome = call(chat(), { signal: abort.signal });
    await fake.waitFor((state) => state.waitingAt.includes("never"), "the body to begin");
    abort.abort("enough");
    assert.equal((await outcome).thrown, "enough");
    await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
  });

  test("by leaving the loop closes the socket", async () => {
    fake.enqueue({ steps: [{ text: "one" }, { gate: "never" }] });
    for await (const batch of chat().stream(modelRequest(), { signal: new AbortController().signal, timeLimits: {} })) {
      assert.ok(batch.length > 0);
      break;
    }
    await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
    assert.equal(http.openExchanges, 0);
  });

  test("500 answers leaves no socket, and nothing arrives afterwards", async () => {
    fake.respond({ steps: [{ text: "one" }, { gate: "never" }, { text: "two" }] });
    const abort = new AbortController();
    let late = 0;
    const outcomes = Array.from({ length: 500 }, () =>
      call(chat(), { signal: abort.signal, onBatch: () => (late += abort.signal.aborted ? 1 : 0) }),
    );
    await fake.waitFor((state) => state.waitingAt.length === 500, "all answers to be under way");
    abort.abort("enough");
    for (const { thrown } of await Promise.all(outcomes)) assert.equal(thrown, "enough");
    await fake.waitFor((state) => state.clientClosed === 500, "all sockets to be closed");
    assert.equal(late, 0);
    assert.equal(http.openExchanges, 0);
  });
});

describe("A time limit", () => {
  let silent: Server;
  let silentPort = 0;
  before(async () => {
    // Takes the connection and never answers the TLS handshake.
    silent = createServer((socket) => socket.on("error", () => {}).resume());
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    silentPort = typeof address === "object" && address !== null ? address.port : 0;
  });
  after(() => silent.close());

  test("for connecting ends an attempt that hangs", async () => {
    const provider = createProvider("openai-compatible", { baseUrl: `https://127.0.0.1:${silentPort}/v1`, key: undefined }, http);
    const error = await callError(provider, { timeLimits: { connectMs: 30 } });
    assert.deepEqual(
      [error.kind, error.providerCode, error.phase, error.retryable],
      ["timeout", "connect-timeout", "before-headers", true],
    );
    assert.equal(http.openExchanges, 0);
  });

  test("quirk 1: for the first token counts while the headers are awaited, also one far shorter than the HTTP library can measure", async () => {
    fake.enqueue({ holdHeaders: "never" });
    const error = await callError(chat(), { timeLimits: { firstTokenMs: 30 } });
    assert.deepEqual(
      [error.kind, error.providerCode, error.phase, error.retryable],
      ["timeout", "first-token-timeout", "before-headers", false],
    );
    await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
  });

  test("for the first token is not lengthened by comments", async (context) => {
    const reads = new ClientReads();
    context.after(() => reads.close());
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const comment = ": keep-alive\n\n";
    fake.enqueue({ steps: [{ raw: comment }, { gate: "more" }, { raw: comment }, { gate: "never" }] });
    const failed = callError(chat(), { timeLimits: { firstTokenMs: 1500, idleMs: 60_000 } });
    // Then what was read has been taken, too.
    await reads.read(comment.length).then(nextTurn);
    context.mock.timers.tick(1000);
    fake.gate("more").open();
    await reads.read(2 * comment.length).then(nextTurn);
    context.mock.timers.tick(500);
    // Were it another limit that holds now, that one would be told.
    context.mock.timers.tick(60_000);
    const error = await failed;
    assert.deepEqual([error.providerCode, error.phase], ["first-token-timeout", "before-first-token"]);
  });

  test("for silence counts from the last read, and keeps the text", async () => {
    fake.enqueue({ steps: [{ text: "one" }, { gate: "never" }] });
    const texts: string[] = [];
    const error = await callError(chat(), {
      timeLimits: { firstTokenMs: 60_000, idleMs: 30 },
      onBatch: (batch) => texts.push(foldEvents(batch).text),
    });
    assert.deepEqual([error.providerCode, error.phase, error.retryable], ["idle-timeout", "mid-stream", false]);
    assert.equal(texts.join(""), "one");
  });

  test("for silence begins anew with each read", async () => {
    const slow = Array.from({ length: 9 }, () => [{ pauseMs: 1000 }, { raw: ": still here\n\n" }]).flat();
    fake.enqueue({ steps: [{ text: "one" }, ...slow, { text: " two" }, { finish: "stop" }] });
    const { events, thrown } = await call(chat(), { timeLimits: { idleMs: 8000 } });
    assert.equal(thrown, null);
    assert.equal(foldEvents(events).text, "one two");
  });

  test("of 0 is none, and a slow answer is waited for", async () => {
    fake.enqueue({ holdHeaders: "head", steps: [{ text: "late" }, { gate: "rest" }, { finish: "stop" }] });
    const outcome = call(chat(), { timeLimits: { connectMs: 0, firstTokenMs: 0, idleMs: 0 } });
    await fake.waitFor((state) => state.waitingAt.includes("head"), "the request to arrive");
    fake.gate("head").open();
    await fake.waitFor((state) => state.waitingAt.includes("rest"), "the first token to be sent");
    fake.gate("rest").open();
    assert.equal(foldEvents((await outcome).events).finish?.finishReason, "stop");
  });
});

describe("What is no answer", () => {
  test("a web page is told as that", async () => {
    fake.enqueue({ headers: { "content-type": "text/html; charset=utf-8" }, body: "<html><title>Welcome</title></html>" });
    const error = await callError(chat());
    assert.deepEqual([error.kind, error.providerCode, error.phase], ["protocol", "not-an-api", "before-first-token"]);
    assert.ok(error.message.endsWith(`Check the base URL ${fake.baseUrl("openai-chat")}.`), error.message);
  });

  test("at an address without a path is told with the one that many servers have", async () => {
    const bare = createProvider("openrouter", { baseUrl: fake.origin, key: "k" }, http);
    const hint = `Check the base URL ${fake.origin}: many servers want /v1 at its end.`;
    fake.enqueue({ headers: { "content-type": "text/html" }, body: "<html></html>" }, { status: 404, body: { detail: "Not Found" } });
    for (const code of ["not-an-api", undefined]) {
      const error = await callError(bare);
      assert.deepEqual([error.providerCode, error.message.endsWith(hint)], [code, true], error.message);
    }
    fake.enqueue({ status: 404, body: { error: { message: "no such model", code: "model_not_found" } } });
    assert.doesNotMatch((await callError(bare)).message, /base URL/u);
  });

  test("a body that says of itself that it is not compressed is read, in either word for it", async () => {
    for (const encoding of ["none", "Identity"]) {
      fake.enqueue({ headers: { "content-encoding": encoding }, text: "x" });
      assert.equal(foldEvents((await call(chat())).events).text, "x");
    }
  });

  test("a compressed body that nobody asked for is refused", async () => {
    fake.enqueue({ headers: { "content-encoding": "gzip" }, steps: [{ text: "x" }] });
    const error = await callError(chat());
    assert.equal(error.providerCode, "compressed");
  });

  test("a record that is no JSON is an error, after the text before it", async () => {
    fake.enqueue({ steps: [{ text: "Half" }, { raw: "data: not json\n\n" }, { finish: "stop" }] });
    const texts: string[] = [];
    const error = await callError(chat(), { onBatch: (batch) => texts.push(foldEvents(batch).text) });
    assert.equal(texts.join(""), "Half");
    assert.deepEqual([error.kind, error.providerCode, error.phase], ["protocol", "malformed-record", "mid-stream"]);
  });

  test("a record at the very end that is half a record is a cut", async () => {
    fake.enqueue({ steps: [{ text: "Half" }, { raw: 'data: {"choices":[{"del' }] });
    const { events, thrown } = await call(chat());
    assert.equal(thrown, null);
    assert.equal(foldEvents(events).finish, null);
  });

  test("a line without an end is refused, with the limit named", async () => {
    fake.enqueue({
      steps: [{ raw: "data: " }, ...Array.from({ length: 18 }, () => ({ raw: "x".repeat(1024 * 1024) })), { gate: "never" }],
    });
    const error = await callError(chat());
    assert.deepEqual([error.kind, error.providerCode], ["protocol", "record-too-long"]);
    assert.match(error.message, /16777216/u);
    await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
  });

  test("one whole JSON is read although a stream was asked for", async () => {
    const message = { role: "assistant", content: "Whole." };
    fake.enqueue({
      body: {
        object: "chat.completion",
        choices: [{ index: 0, message, finish_reason: "stop" }],
        usage: { prompt_tokens: 1, completion_tokens: 2 },
      },
    });
    const answer = foldEvents((await call(chat())).events);
    assert.equal(answer.text, "Whole.");
    assert.deepEqual(answer.usage, { inputTokens: 1, outputTokens: 2 });
  });

  test("quirk 9: an error as the only record under status 200 is before the first token, and may be tried again", async () => {
    fake.enqueue({ steps: [{ streamError: { message: "slow down", code: "rate_limit_exceeded" } }, { raw: "data: [DONE]\n\n" }] });
    const error = await callError(chat());
    assert.deepEqual([error.kind, error.phase, error.retryable], ["rate-limit", "before-first-token", true]);
  });

  test("a connection that breaks after the headers and before the first token is a network error that may be tried again", async () => {
    fake.enqueue({ steps: [{ raw: ": hello\n\n" }, { cut: "close" }] });
    const error = await callError(chat());
    assert.deepEqual([error.kind, error.phase, error.retryable], ["network", "before-first-token", true]);
  });
});

describe("A request id", () => {
  for (const header of ["x-request-id", "request-id", "x-generation-id"]) {
    test(`in ${header} is told first`, async () => {
      fake.enqueue({ text: "x", headers: { [header]: "id-1" } });
      const expected: ProviderEvent = { type: "request-id", requestId: "id-1" };
      assert.deepEqual((await call(chat())).events[0], expected);
    });
  }
});

describe("A request that is cancelled does not disturb another", () => {
  test("on the same endpoint", async () => {
    fake.respond({ steps: [{ text: "one" }, { gate: "rest" }, { text: " two" }, { finish: "stop" }] });
    const abort = new AbortController();
    const first = call(chat(), { signal: abort.signal });
    const second = call(chat());
    await fake.waitFor((state) => state.waitingAt.length === 2, "both to be under way");
    abort.abort("enough");
    assert.equal((await first).thrown, "enough");
    fake.gate("rest").open();
    assert.equal(foldEvents((await second).events).text, "one two");
  });
});
