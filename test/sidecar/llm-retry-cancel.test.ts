import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import type { PromptSource } from "../../sidecar/api.ts";
import { gather } from "../../sidecar/gather.ts";
import type { ErrorInfo, StreamEvent } from "../../sidecar/types.ts";
import { acquire } from "./limits/acquire.ts";
import { checkOrder, eventsOf, kinds } from "./answer-events.ts";
import { answers, fails, finish, Gate, inTurn, quickRetries, scriptedLlm, text, usage, waitsAt, yields } from "./scripted-provider.ts";

describe("retries", () => {
  it("come only before the first token, are shown, and are bounded", async () => {
    const { llm, provider } = scriptedLlm();
    provider.otherwise(fails({ kind: "overloaded", retryable: true }));
    const before = Date.now();
    const events = await eventsOf(llm);
    const end = checkOrder(events);
    assert.equal(end.status, "error");
    assert.equal(provider.requests.length, 3);
    const phases = kinds(events).slice(1, -1);
    const [connecting, retrying] = ["status connecting", "status retrying"];
    assert.deepEqual(phases, [connecting, retrying, connecting, retrying, connecting]);
    const until = events.map((event) => (event.type === "status" && event.phase === "retrying" ? event.untilMs : undefined));
    assert.ok(until.filter((time) => time !== undefined).every((time) => time >= before));
  });

  it("give the answer when a later request succeeds", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(fails({ kind: "rate-limit", status: 429, retryable: true, retryAfterMs: 5 }), answers("yes"));
    const result = await llm.generate("hi");
    assert.equal(result.content, "yes");
    assert.equal(provider.requests.length, 2);
  });

  it("wait as long as the provider asks", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(fails({ kind: "rate-limit", retryable: true, retryAfterMs: 40 }), answers("yes"));
    const before = Date.now();
    const events = await eventsOf(llm);
    const status = events.find((event) => event.type === "status" && event.phase === "retrying");
    assert.ok(status?.type === "status" && status.untilMs !== undefined && status.untilMs >= before + 40);
    assert.ok(Date.now() >= status.untilMs - 2, "asked again too early");
  });

  it("do not wait for longer than the cap: the error is given at once and says how long", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(fails({ kind: "rate-limit", retryable: true, retryAfterMs: 3 * 3600_000 }));
    const end = checkOrder(await eventsOf(llm));
    assert.equal(end.error?.retryAfterMs, 3 * 3600_000);
    assert.equal(provider.requests.length, 1);
  });

  it("do not happen for errors that would come again", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(fails({ kind: "auth", status: 401, retryable: false }));
    checkOrder(await eventsOf(llm));
    assert.equal(provider.requests.length, 1);
  });

  it("do not happen for a status that stands, whatever a header says", async () => {
    for (const status of [400, 401, 403]) {
      const { llm, provider } = scriptedLlm();
      provider.enqueue(fails({ kind: "invalid-request", status, retryable: true }));
      assert.equal(checkOrder(await eventsOf(llm)).error?.status, status);
      assert.equal(provider.requests.length, 1);
    }
  });

  it("happen for every status and failure of the network that can pass", async () => {
    const passing: readonly Partial<ErrorInfo>[] = [
      { kind: "timeout", status: 408, retryable: true },
      { kind: "server", status: 409, retryable: true },
      { kind: "rate-limit", status: 429, retryable: true },
      { kind: "server", status: 500, retryable: true },
      { kind: "overloaded", status: 529, retryable: true },
      { kind: "network", providerCode: "ECONNRESET", retryable: true },
    ];
    for (const info of passing) {
      const { llm, provider } = scriptedLlm();
      provider.enqueue(fails(info), answers("yes"));
      assert.equal((await llm.generate("hi")).content, "yes", JSON.stringify(info));
      assert.equal(provider.requests.length, 2);
    }
  });

  it("come more often for a batch that is refused for being too many, for which nobody sits waiting, and not for its failures", async () => {
    const under = scriptedLlm();
    under.provider.otherwise(fails({ kind: "rate-limit", status: 429, retryable: true }));
    await gather([() => under.llm.generate("hi")]);
    assert.equal(under.provider.requests.length, 1 + quickRetries.batchRefusals);
    const broken = scriptedLlm();
    broken.provider.otherwise(fails({ kind: "server", status: 500, retryable: true }));
    await gather([() => broken.llm.generate("hi")]);
    assert.equal(broken.provider.requests.length, 1 + quickRetries.retries);
  });

  it("shrink the endpoint for a refusal, and not for a failure or a server that loads its model", async () => {
    const sizes: number[] = [];
    for (const info of [
      { kind: "rate-limit", status: 429 },
      { kind: "overloaded", status: 529 },
      { kind: "server", status: 500 },
      { kind: "overloaded", status: 503, providerCode: "loading-model" },
    ] satisfies readonly Partial<ErrorInfo>[]) {
      const { llm, provider, limiter } = scriptedLlm({ size: 8 });
      const others = await Promise.all(Array.from({ length: 7 }, () => acquire(limiter, "foreground")));
      provider.enqueue(fails({ ...info, retryable: false }));
      await eventsOf(llm);
      sizes.push(limiter.size);
      for (const place of others) place.release();
    }
    assert.deepEqual(sizes, [4, 4, 8, 8]);
  });

  it("wait as long as it takes for a server that is loading its model, and show it", async () => {
    const { llm, provider } = scriptedLlm();
    const loading = fails({ kind: "overloaded", status: 503, retryable: true, providerCode: "loading-model" });
    provider.enqueue(loading, loading, loading, loading, loading, answers("loaded"));
    const events = await eventsOf(llm);
    assert.equal(checkOrder(events).status, "complete");
    assert.equal(kinds(events).filter((kind) => kind === "status loading-model").length, 5);
  });

  it("of a batch do not all ask a server that is loading its model, and all go on once it has answered one", async () => {
    const { llm, provider } = scriptedLlm({ size: 8, endpoint: { retry: { ...quickRetries, loadingMs: 20 } } });
    const loading = fails({ kind: "overloaded", status: 503, retryable: true, providerCode: "loading-model" });
    let waits = 0;
    let refused = 0;
    provider.otherwise(async function* (request, context) {
      if (waits < 64) refused++;
      else context.onAccepted?.();
      yield* (waits < 64 ? loading : answers("loaded"))(request, context);
    });
    const results = await gather(
      Array.from({ length: 8 }, () => async () => {
        let last: StreamEvent | undefined;
        for await (const { event } of llm.stream("hi")) {
          if (event.type === "status" && event.phase === "loading-model") waits++;
          last = event;
        }
        return last?.type === "end" ? last.status : null;
      }),
    );
    assert.deepEqual(
      results.map(({ value }) => value),
      Array.from({ length: 8 }, () => "complete"),
    );
    assert.ok(refused <= 8 + (waits - 8) / 2, `${refused} questions in ${waits} waits`);
  });

  it("end when a server loads its model for too long", async () => {
    const { llm, provider } = scriptedLlm({ endpoint: { retry: { ...quickRetries, loadingCapMs: 0 } } });
    provider.otherwise(fails({ kind: "overloaded", retryable: true, providerCode: "loading-model" }));
    assert.equal(checkOrder(await eventsOf(llm)).error?.providerCode, "loading-model");
    assert.equal(provider.requests.length, 1);
  });

  it("free the place at the endpoint while they wait", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 1, endpoint: { retry: { ...quickRetries, baseMs: 120_000, capMs: 120_000 } } });
    provider.enqueue(fails({ kind: "overloaded", retryable: true }));
    const abort = new AbortController();
    const types: string[] = [];
    for await (const { event } of llm.stream("hi", { signal: abort.signal })) {
      types.push(event.type);
      if (event.type === "status" && event.phase === "retrying") {
        assert.equal(limiter.active, 0);
        abort.abort();
      }
    }
    assert.equal(types.at(-1), "end");
    assert.equal(provider.requests.length, 1);
  });
});

describe("cancelling an answer", () => {
  /** Aborts when the condition holds; the answer must end as cancelled and leave nothing behind. */
  async function checkCancelled(options: {
    readonly under: ReturnType<typeof scriptedLlm>;
    readonly when: (event: StreamEvent) => boolean;
    readonly prompt?: PromptSource;
    readonly content?: string;
  }): Promise<void> {
    const { llm, provider } = options.under;
    const abort = new AbortController();
    let content = "";
    const events: StreamEvent[] = [];
    for await (const chunk of llm.stream(options.prompt ?? "hi", { signal: abort.signal })) {
      events.push(chunk.event);
      content += chunk.content;
      if (options.when(chunk.event)) setImmediate(() => abort.abort());
    }
    const end = checkOrder(events);
    assert.equal(end.status, "cancelled");
    assert.equal(end.error, undefined);
    assert.equal(content, options.content ?? "");
    assert.equal(provider.open, 0);
  }

  const isPhase =
    (phase: string) =>
    (event: StreamEvent): boolean =>
      event.type === "status" && event.phase === phase;

  it("works before it begins, and sends nothing", async () => {
    const { llm, provider } = scriptedLlm();
    const result = await llm.generate("hi", { signal: AbortSignal.abort() });
    assert.equal(result.status, "cancelled");
    assert.equal(result.usage, null);
    assert.equal(provider.requests.length, 0);
  });

  it("works while it waits for a place", async () => {
    const under = scriptedLlm({ size: 1 });
    const place = await acquire(under.limiter, "foreground");
    await checkCancelled({ under, when: isPhase("waiting-for-limit") });
    assert.equal(under.provider.requests.length, 0);
    assert.equal(under.limiter.waiting, 0);
    place.release();
  });

  it("works while the prompt is being read", async () => {
    const under = scriptedLlm();
    const gate = new Gate();
    const abort = new AbortController();
    void gate.reached.then(() => abort.abort());
    const result = await under.llm.generate((signal) => gate.pass(signal).then(() => "never"), { signal: abort.signal });
    assert.equal(result.status, "cancelled");
    assert.equal(under.provider.requests.length, 0);
    assert.equal(under.limiter.active, 0);
  });

  it("works while it waits for the headers", async () => {
    const under = scriptedLlm();
    under.provider.enqueue(async function* (_request, { signal }) {
      yield [];
      await new Gate().pass(signal);
    });
    await checkCancelled({ under, when: isPhase("connecting") });
    assert.equal(under.limiter.active, 0);
  });

  it("works in the middle, and keeps the text that had come", async () => {
    const under = scriptedLlm();
    under.provider.enqueue(async function* (_request, { signal }) {
      yield [text("so far")];
      await new Gate().pass(signal);
    });
    await checkCancelled({ under, when: ({ type }) => type === "text-delta", content: "so far" });
    assert.equal(under.limiter.active, 0);
  });

  it("works while it backs off", async () => {
    const under = scriptedLlm({ endpoint: { retry: { ...quickRetries, baseMs: 120_000, capMs: 120_000 } } });
    under.provider.enqueue(fails({ kind: "overloaded", retryable: true }));
    await checkCancelled({ under, when: isPhase("retrying") });
    assert.equal(under.provider.requests.length, 1);
  });

  it("lets nothing through that a provider yields after it", async () => {
    const under = scriptedLlm();
    under.provider.enqueue(async function* (_request, { signal }) {
      yield [text("before")];
      await new Gate().pass(signal).catch(() => undefined);
      yield [text(" after")];
      yield [usage, finish];
    });
    await checkCancelled({ under, when: ({ type }) => type === "text-delta", content: "before" });
  });

  it("closes the provider's stream when the reader breaks off", async () => {
    const { llm, provider, limiter } = scriptedLlm();
    provider.enqueue(answers("a", "b", "c"));
    for await (const chunk of llm.stream("hi")) if (chunk.content === "a") break;
    assert.equal(provider.open, 0);
    assert.equal(provider.contexts[0]?.signal.aborted, true);
    assert.equal(limiter.active, 0);
  });

  it("ends a read that is under way when the reader leaves", async () => {
    const { llm, provider } = scriptedLlm();
    const gate = new Gate();
    provider.enqueue(inTurn(yields([text("a")]), waitsAt(gate)));
    const stream = llm.stream("hi");
    for (let read = 0; read < 3; read++) await stream.next();
    const pending = stream.next();
    await gate.reached;
    await stream.return();
    await pending;
    assert.equal(provider.open, 0);
    assert.deepEqual(await stream.next(), { done: true, value: undefined });
  });

  it("of one signal shared by a thousand answers ends them all and leaves no listener behind", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 1000 });
    provider.otherwise(async function* (_request, { signal }) {
      yield [text("x")];
      await new Gate().pass(signal);
    });
    const warnings: string[] = [];
    const warn = (warning: Error): void => void warnings.push(warning.name);
    process.on("warning", warn);
    const abort = new AbortController();
    const results = Promise.all(Array.from({ length: 1000 }, () => llm.generate("hi", { signal: abort.signal })));
    while (provider.open < 1000) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    for (const { status, content } of await results) assert.deepEqual([status, content], ["cancelled", "x"]);
    assert.equal(provider.open, 0);
    assert.equal(limiter.active, 0);
    assert.equal(getEventListeners(abort.signal, "abort").length, 0);
    process.off("warning", warn);
    assert.deepEqual(warnings, []);
  });
});
