// When a refusal is asked again and when it stands, from the bytes that servers send to the events that a reader sees.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Llm } from "../../../sidecar/api.ts";
import type { JsonObject, StreamEvent } from "../../../sidecar/types.ts";
import { fakeAtHand, providerAt, providerOnWire } from "../../support/fake-at-hand.ts";
import type { FakeAnswer, FakeWire } from "../../support/fake-provider.ts";
import { checkOrder, eventsOf, kinds } from "../answer-events.ts";
import { quickRetries, scriptedLlm } from "../scripted-provider.ts";
import { ALL_WIRES } from "./models-on-wires.ts";

const here = await fakeAtHand();
const { fake } = here;

/** A provider at the fake, asked again at once where it names no time. */
const llmAt = (provider = "openai-compatible"): Llm => scriptedLlm({ endpoint: { provider: providerAt(here, provider) } }).llm;

/** From when on the answer waits, and until when; undefined where nothing of the kind was told. */
function waitsUntil(events: readonly StreamEvent[]): number | undefined {
  const status = events.find((event) => event.type === "status" && event.phase === "retrying");
  return status?.type === "status" ? status.untilMs : undefined;
}

describe("An overload that Anthropic tells of inside its stream", () => {
  const overloaded = { streamError: { message: "Overloaded", code: "overloaded_error" } } as const;

  test("quirk 10: is asked again where nothing had come", async () => {
    fake.enqueue({ steps: [overloaded] }, { text: "yes" });
    const end = checkOrder(await eventsOf(llmAt("anthropic")));
    assert.deepEqual([end.status, fake.requests.length], ["complete", 2]);
  });

  test("quirk 10: is never asked again after text had come", async () => {
    fake.enqueue({ steps: [{ text: "Half" }, overloaded] }, { text: "yes" });
    const events = await eventsOf(llmAt("anthropic"));
    const end = checkOrder(events);
    assert.deepEqual([end.status, end.error?.kind, fake.requests.length], ["error", "overloaded", 1]);
    assert.ok(events.some((event) => event.type === "text-delta" && event.text === "Half"));
  });
});

describe("What nobody is given to see before the first token", () => {
  const sse = (...records: readonly JsonObject[]): string => records.map((record) => `data: ${JSON.stringify(record)}\n\n`).join("");
  const thought = (id: string): readonly JsonObject[] => [
    { type: "response.created", response: { id } },
    { type: "response.output_item.done", output_index: 0, item: { type: "reasoning", id, summary: [], encrypted_content: `sealed ${id}` } },
  ];
  const signed = (signature: string): readonly JsonObject[] => [
    { type: "message_start", message: { id: "m", usage: { input_tokens: 3, output_tokens: 1 } } },
    { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature } },
    { type: "content_block_stop", index: 0 },
  ];
  const searched = (id: string): readonly JsonObject[] => [
    { type: "message_start", message: { id: "m", usage: { input_tokens: 3, output_tokens: 1 } } },
    { type: "content_block_start", index: 0, content_block: { type: "web_search_tool_result", tool_use_id: id, content: [] } },
    { type: "content_block_stop", index: 0 },
  ];
  const said: { readonly [Wire in "openai-responses" | "anthropic"]: readonly JsonObject[] } = {
    "openai-responses": [
      { type: "response.output_text.delta", item_id: "m", output_index: 1, content_index: 0, delta: "four" },
      { type: "response.completed", response: { id: "r", output: [] } },
    ],
    anthropic: [
      { type: "content_block_start", index: 1, content_block: { type: "text", text: "four" } },
      { type: "content_block_stop", index: 1 },
      { type: "message_delta", delta: { stop_reason: "end_turn" } },
      { type: "message_stop" },
    ],
  };
  const error = { streamError: { message: "Overloaded", code: "server_error" } } as const;
  const unseen: readonly (readonly [what: string, wire: keyof typeof said, records: (id: string) => readonly JsonObject[]])[] = [
    ["reasoning that is encrypted", "openai-responses", thought],
    ["the signature of a thought", "anthropic", signed],
    ["what a tool of the provider's found", "anthropic", searched],
  ];
  const partsOf = (events: readonly StreamEvent[]): string =>
    JSON.stringify(events.filter(({ type }) => type === "opaque" || type === "text-delta"));
  for (const [what, wire, records] of unseen) {
    for (const [how, end] of [
      ["an error", error],
      ["the stream's breaking off", { cut: "close" }],
    ] as const) {
      test(`quirk 10: ${what} is dropped where ${how} follows, and the answer asked for again`, async () => {
        fake.enqueue({ steps: [{ raw: sse(...records("first")) }, end] }, { steps: [{ raw: sse(...records("second"), ...said[wire]) }] });
        const events = await eventsOf(scriptedLlm({ endpoint: { provider: providerOnWire(here, wire) } }).llm);
        assert.deepEqual([checkOrder(events).status, fake.requests.length], ["complete", 2]);
        assert.match(partsOf(events), /second.*four/u);
        assert.doesNotMatch(partsOf(events), /first/u);
      });
    }

    test(`${what} stays where the answer ends with it, and is not asked for again`, async () => {
      const end = wire === "anthropic" ? said[wire].slice(2) : said[wire].slice(1);
      fake.enqueue({ steps: [{ raw: sse(...records("first"), ...end) }, { cut: "reset" }] });
      const events = await eventsOf(scriptedLlm({ endpoint: { provider: providerOnWire(here, wire) } }).llm);
      assert.deepEqual([checkOrder(events).status, fake.requests.length], ["complete", 1]);
      assert.match(partsOf(events), /first/u);
    });
  }
});

describe("A 429", () => {
  test("quirk 12: of a quota that is used up stands at once", async () => {
    fake.respond({ status: 429, body: { error: { message: "You exceeded your current quota", code: "insufficient_quota" } } });
    const end = checkOrder(await eventsOf(llmAt()));
    assert.deepEqual([end.error?.kind, fake.requests.length], ["quota", 1]);
  });

  test("quirk 12: that only sounds like one is asked again", async () => {
    const body = { status: 429, error: "INSUFFICIENT QUOTA", message: "You exceeded your current limit of concurrent requests." };
    fake.enqueue({ status: 429, body }, { text: "yes" });
    const end = checkOrder(await eventsOf(llmAt()));
    assert.deepEqual([end.status, fake.requests.length], ["complete", 2]);
  });

  test("quirk 13: is waited for as its headers say, the most exact of them", async () => {
    fake.enqueue({ status: 429, headers: { "retry-after-ms": "30", "retry-after": "7200" }, body: "" }, { text: "yes" });
    const before = Date.now();
    const events = await eventsOf(llmAt());
    assert.equal(checkOrder(events).status, "complete");
    const until = waitsUntil(events) ?? 0;
    assert.ok(until >= before + 30 && until < before + 3_600_000, `until ${until - before} ms later`);
  });

  test("quirk 13: that asks for longer than anybody waits stands at once, and says for how long", async () => {
    const date = new Date(Date.now() + 2 * 3_600_000).toUTCString();
    fake.enqueue({ status: 429, headers: { "retry-after": date }, body: "" }, { text: "yes" });
    const end = checkOrder(await eventsOf(llmAt()));
    assert.ok((end.error?.retryAfterMs ?? 0) > 3_600_000);
    assert.equal(fake.requests.length, 1);
  });
});

/** Long enough to be told from the own backoff of a test, and over its cap: the error stands, so that no time has to pass. */
const TWO_HOURS = { "retry-after": "7200" };

describe("Whatever is asked again", () => {
  for (const status of [408, 409, 425, 429, 500, 502, 503, 504, 529]) {
    test(`quirk 13: a ${status} is waited for as its header says`, async () => {
      fake.enqueue({ status, headers: { "retry-after-ms": "30" }, body: "" }, { status, headers: TWO_HOURS, body: "" });
      const before = Date.now();
      const events = await eventsOf(llmAt());
      assert.ok((waitsUntil(events) ?? 0) >= before + 30);
      assert.equal(checkOrder(events).error?.retryAfterMs, 7_200_000);
      assert.equal(fake.requests.length, 2);
    });
  }

  test("quirk 13: because a header allows it is waited for as another says", async () => {
    const headers = { "x-should-retry": "true", "retry-after-ms": "30" };
    fake.enqueue({ status: 422, headers, body: "" }, { text: "yes" });
    const before = Date.now();
    const events = await eventsOf(llmAt());
    assert.equal(checkOrder(events).status, "complete");
    assert.ok((waitsUntil(events) ?? 0) >= before + 30);
    assert.equal(fake.requests.length, 2);
  });

  test("quirk 13: waits no less than without a header where the header names no time, or one that is over", async () => {
    const retry = { ...quickRetries, baseMs: 60, capMs: 1000 };
    for (const value of ["0", "-5", "Sun, 01 Mar 2020 12:00:00 GMT"]) {
      fake.enqueue({ status: 503, headers: { "retry-after": value }, body: "" }, { text: "yes" });
      const { llm } = scriptedLlm({ endpoint: { provider: providerAt(here, "openai-compatible"), retry } });
      const before = Date.now();
      const events = await eventsOf(llm);
      assert.equal(checkOrder(events).status, "complete");
      assert.ok((waitsUntil(events) ?? 0) >= before + 30, `Retry-After: ${value}`);
    }
  });

  test("quirk 13: a 400 stands, is told as that, and is sent once, whatever its headers say", async () => {
    fake.respond({ status: 400, headers: { "x-should-retry": "true", "retry-after-ms": "1" }, body: "" });
    const end = checkOrder(await eventsOf(llmAt()));
    assert.deepEqual([end.error?.retryable, end.error?.retryAfterMs, fake.requests.length], [false, undefined, 1]);
  });
});

describe("A server that still loads its model", () => {
  test("quirk 15: is waited for beyond all retries, and shown as that", async () => {
    const loading = { status: 503, body: { error: { code: 503, message: "Loading model", type: "unavailable_error" } } };
    fake.enqueue(loading, loading, loading, loading, { text: "loaded" });
    const events = await eventsOf(llmAt("llama-server"));
    assert.equal(checkOrder(events).status, "complete");
    assert.equal(kinds(events).filter((kind) => kind === "status loading-model").length, 4);
    assert.ok(!kinds(events).includes("status retrying"));
  });
});

describe("A 200 after which nothing comes", () => {
  const llmOn = (wire: FakeWire): Llm => scriptedLlm({ endpoint: { provider: providerOnWire(here, wire) } }).llm;
  const nothing: Readonly<Record<string, FakeAnswer>> = {
    "an empty body": { steps: [] },
    "an empty body that is announced as one": { headers: { "content-length": "0" }, body: "" },
    "an empty body that calls itself JSON": { headers: { "content-type": "application/json" }, body: "" },
    "a connection that is closed after the headers": { steps: [{ cut: "close" }] },
    "a connection that is reset after the headers": { steps: [{ cut: "reset" }] },
    "lines without a record": { steps: [{ raw: "\n\n" }] },
  };

  for (const wire of ALL_WIRES) {
    for (const [what, answer] of Object.entries(nothing)) {
      test(`is asked again over ${wire} where it is ${what}, which is shown`, async () => {
        fake.enqueue(answer, answer, { text: "yes" });
        const events = await eventsOf(llmOn(wire));
        const end = checkOrder(events);
        assert.deepEqual([end.status, fake.requests.length], ["complete", 3]);
        assert.equal(kinds(events).filter((kind) => kind === "status retrying").length, 2);
        assert.ok(events.some((event) => event.type === "text-delta" && event.text === "yes"));
        const { inputTokens, outputTokens, estimated } = end.usage ?? {};
        assert.deepEqual([inputTokens, outputTokens, estimated], [10, 1, undefined], "what came to nothing told of no tokens");
      });
    }

    test(`fault 1: is asked again over ${wire} as often as anything else, and then ends incomplete`, async () => {
      fake.respond({ steps: [] });
      const { status, error } = checkOrder(await eventsOf(llmOn(wire)));
      assert.deepEqual([status, error?.providerCode, error?.phase], ["incomplete", "stream-cut", "before-first-token"]);
      assert.equal(fake.requests.length, 1 + quickRetries.retries);
    });
  }

  for (const wire of ALL_WIRES) {
    test(`quirk 13: is waited for over ${wire} as its header says, and so is an overload that is told of inside it`, async () => {
      // Ollama's errors have no code.
      const told = wire === "ollama" ? "server" : "overloaded";
      for (const [steps, kind] of [
        [[], "overloaded"],
        [[{ streamError: { message: "Overloaded", code: "overloaded_error" } }], told],
      ] as const) {
        fake.enqueue({ headers: { "retry-after-ms": "30" }, steps }, { headers: TWO_HOURS, steps });
        const asked = fake.requests.length;
        const before = Date.now();
        const events = await eventsOf(llmOn(wire));
        assert.ok((waitsUntil(events) ?? 0) >= before + 30);
        const { status, error } = checkOrder(events);
        assert.deepEqual([status, error?.kind, error?.retryAfterMs], ["error", kind, 7_200_000]);
        assert.equal(fake.requests.length - asked, 2);
      }
    });
  }

  test("is not asked again once the answer was called off", async () => {
    fake.respond({ steps: [] });
    const { llm } = scriptedLlm({
      endpoint: { provider: providerOnWire(here, "openai-chat"), retry: { ...quickRetries, baseMs: 120_000, capMs: 120_000 } },
    });
    const abort = new AbortController();
    const seen: string[] = [];
    for await (const { event } of llm.stream("hi", { signal: abort.signal })) {
      seen.push(event.type === "status" ? event.phase : event.type);
      if (event.type === "status" && event.phase === "retrying") abort.abort();
    }
    assert.deepEqual(seen, ["start", "connecting", "retrying", "end"]);
    assert.equal(fake.requests.length, 1);
  });

  test("is asked again also where all that came is a finish reason that says that it failed", async () => {
    fake.enqueue({ steps: [{ finish: "error" }] }, { text: "yes" });
    const end = checkOrder(await eventsOf(llmOn("openai-chat")));
    assert.deepEqual([end.status, end.finishReason, fake.requests.length], ["complete", "stop", 2]);
  });

  test("counts what Anthropic told of its prompt, beside what the answer took that came then", async () => {
    const usage = { input_tokens: 40, output_tokens: 1 };
    const raw = `event: message_start\ndata: ${JSON.stringify({ type: "message_start", message: { usage } })}\n\n`;
    fake.enqueue({ steps: [{ raw }] }, { text: "yes" });
    const end = checkOrder(await eventsOf(llmOn("anthropic")));
    assert.deepEqual([end.status, fake.requests.length], ["complete", 2]);
    assert.deepEqual([end.usage?.inputTokens, end.usage?.estimated], [50, true], "what else it may have written is not told");
  });

  test("counts what a response that failed says that it took, beside what came then", async () => {
    const failed = (usage: object | null): { raw: string } => {
      const response = { status: "failed", error: { code: "server_error", message: "no" }, usage };
      return { raw: `data: ${JSON.stringify({ type: "response.failed", response })}\n\n` };
    };
    fake.enqueue({ steps: [failed({ input_tokens: 40, output_tokens: 7 })] }, { text: "yes" });
    const end = checkOrder(await eventsOf(llmOn("openai-responses")));
    fake.enqueue({ steps: [failed(null)] }, { text: "yes" });
    const other = checkOrder(await eventsOf(llmOn("openai-responses")));
    assert.deepEqual([end.status, other.status, fake.requests.length], ["complete", "complete", 4]);
    const more = (what: "inputTokens" | "outputTokens"): number => (end.usage?.[what] ?? 0) - (other.usage?.[what] ?? 0);
    assert.deepEqual([more("inputTokens"), more("outputTokens")], [40, 7]);
  });

  test("says once what was mapped or left out of the request, however often that is sent", async () => {
    fake.enqueue({ steps: [] }, { text: "yes" });
    const events = await eventsOf(llmOn("anthropic"), "hi", { temperature: 0.5, reasoning: "high", maxOutputTokens: 8000 });
    assert.equal(fake.requests.length, 2);
    assert.equal(events.filter(({ type }) => type === "warning").length, 1);
  });
});
