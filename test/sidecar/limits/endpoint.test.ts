// An endpoint's limits over real sockets: what the server sees of them.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { Llm } from "../../../sidecar/api.ts";
import { Engine, defaultSettings, type EngineOptions } from "../../../sidecar/engine.ts";
import { gather } from "../../../sidecar/gather.ts";
import { HttpClient } from "../../../sidecar/http/http-client.ts";
import { KeyRing } from "../../../sidecar/keys.ts";
import { EndpointLimiter } from "../../../sidecar/limits/endpoint-limiter.ts";
import { createLlmAt } from "../../../sidecar/llm.ts";
import { createHttpProvider } from "../../../sidecar/providers/http-provider.ts";
import { providerRow } from "../../../sidecar/providers/registry.ts";
import type { JsonObject, StreamEvent } from "../../../sidecar/types.ts";
import { FakeProvider } from "../../support/fake-provider.ts";
import { until } from "../../support/until.ts";
import { ScriptedProvider } from "../scripted-provider.ts";
import { HeldClock, noChance } from "./held-clock.ts";

let fake: FakeProvider;
const closing: (() => Promise<void>)[] = [];
before(async () => {
  fake = await FakeProvider.start();
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  fake.reset();
});
after(() => fake.close());

function engineWith(settings: Partial<EngineOptions["settings"]>): Engine {
  const engine = new Engine({ settings: { ...defaultSettings, ...settings }, keys: new KeyRing(), local: new ScriptedProvider() });
  closing.push(() => engine.close());
  return engine;
}

interface Held {
  readonly llm: Llm;
  readonly limiter: EndpointLimiter;
  readonly clock: HeldClock;
}

/** A compatible server behind a limiter whose clock the test moves. */
function held(start: number): Held {
  const row = providerRow("openai-compatible");
  assert.ok(row !== undefined);
  const http = new HttpClient();
  closing.push(() => http.close());
  const clock = new HeldClock();
  const limiter = new EndpointLimiter(64, { start, clock, random: noChance });
  const provider = createHttpProvider(row, { provider: "box", baseUrl: fake.baseUrl("openai-chat"), key: undefined }, http);
  const retry = { retries: 2, batchRefusals: 8, baseMs: 1, capMs: 60_000, loadingMs: 1, loadingCapMs: 1000 };
  const endpoint = () => ({ provider, limiter, timeLimits: {}, retry });
  return { llm: createLlmAt({ ref: "box/m", provider: "box", model: "m", endpoint }), limiter, clock };
}

const answered = (): number => fake.requests.filter(({ state }) => state === "answered").length;

/**
 * A server that works on so many requests at once, a tenth of a second each, and queues all others without a word. Its time is
 * the clock's: it passes with the answers, and not with the machine's. Gives how many requests were there at each of its turns.
 */
async function queueing(slots: number, answers: number, { llm, limiter, clock }: Held): Promise<readonly number[]> {
  fake.respond({ holdHeaders: "slot", text: "an answer" });
  const run = gather(
    Array.from({ length: answers }, () => () => llm.generate("hi")),
    { concurrency: answers },
  );
  const there: number[] = [];
  while (answered() < answers) {
    await until(() => limiter.active > 0 && fake.state().waitingAt.length === limiter.active, "all requests to be in the server's queue");
    const before = answered();
    there.push(fake.state().waitingAt.length);
    clock.pass(100);
    const served = Math.min(slots, fake.state().waitingAt.length);
    for (let slot = 0; slot < served; slot++) fake.gate("slot").release();
    await until(
      () => answered() === before + served && limiter.active + limiter.waiting === answers - answered(),
      "the answers to be read",
    );
  }
  await run;
  return there;
}

/**
 * The same with one slot, whose answers are spoken for 90 of 100 ms, and a chat that is asked after so many of them. Gives how many
 * requests were there at each of its turns, and how many answers of the batch came before the chat's.
 */
async function spokenByOne(
  answers: number,
  chatAfter: number,
  { llm, limiter, clock }: Held,
): Promise<{ readonly there: readonly number[]; readonly before: number }> {
  let said = 0;
  const says = async (prompt: string): Promise<void> => {
    for await (const { content } of llm.stream(prompt)) if (content !== "") said++;
  };
  fake.respond({ holdHeaders: "slot", steps: [{ text: "an answer" }, { gate: "spoken" }, { finish: "stop" }] });
  const run = gather(
    Array.from({ length: answers }, () => () => says("an item")),
    { concurrency: answers },
  );
  const there: number[] = [];
  let chat: Promise<void> | undefined;
  let before = Number.NaN;
  for (let turn = 0; turn < answers + 1; turn++) {
    const asked = fake.requests.length;
    if (turn === chatAfter) {
      chat = says("a chat").then(() => void (before = answered() - 1 - chatAfter));
      await until(() => fake.requests.length > asked, "the chat to be sent");
    }
    await until(
      () =>
        limiter.active > 0 &&
        fake.state().waitingAt.length === limiter.active &&
        limiter.active + limiter.waiting === answers + Number(turn >= chatAfter) - turn,
      "all requests to be in the server's queue",
    );
    there.push(limiter.active);
    clock.pass(10);
    fake.gate("slot").release();
    await until(() => said === turn + 1, "the first token");
    clock.pass(90);
    fake.gate("spoken").release();
    await until(() => answered() === turn + 1, "the answer");
  }
  await Promise.all([run, chat]);
  return { there, before };
}

describe("a server that queues instead of refusing", () => {
  it("with one slot never sees more than two requests of a batch at once where its answers are spoken, and one after nine of them", async () => {
    const { there } = await spokenByOne(60, 60, held(2));
    assert.deepEqual([Math.max(...there), Math.max(...there.slice(10))], [2, 1]);
  });

  for (const [after, most] of [
    [0, 2],
    [5, 2],
    [12, 1],
    [30, 1],
  ] as const) {
    it(`with one slot answers a chat that is asked after ${after} answers of a batch behind ${most} more at most`, async () => {
      const { before } = await spokenByOne(40, after, held(2));
      assert.ok(before <= most, `${before} came before it`);
    });
  }

  it("gets four as soon as the two that it was begun with are spoken at once, before either has ended", async () => {
    fake.respond({ steps: [{ text: "x" }, { gate: "go" }, { finish: "stop" }] });
    const engine = engineWith({ providers: { "openai-compatible": { baseUrl: fake.baseUrl("openai-chat") } } });
    const run = gather(Array.from({ length: 4 }, () => () => engine.llm("openai-compatible/m").generate("hi")));
    await fake.waitFor(({ waitingAt }) => waitingAt.length === 4, "four answers that are being spoken");
    fake.gate("go").open();
    assert.ok((await run).every(({ status }) => status === "complete"));
  });

  it("with one slot never sees more than four requests at once where its answers come in one piece, and a single one as soon as more have shown to gain nothing", async () => {
    const server = held(2);
    // More than its queue of 512 holds, as Ollama has it, which would say 503 and not 429.
    const there = await queueing(1, 520, server);
    assert.equal(fake.requests.length, 520, "each request was sent once");
    assert.equal(fake.state().peakAnswers, 4);
    assert.deepEqual([server.limiter.size, Math.max(...there.slice(80))], [1, 1]);
  });

  it("with many slots is given as many requests as it works on, and hardly more", async () => {
    const server = held(4);
    await queueing(16, 320, server);
    assert.deepEqual([fake.state().peakAnswers, server.limiter.size], [32, 16]);
  });

  it("that tells its slots is asked for them once, before a batch begins, and gets that many and one for a chat", async (context) => {
    // The batch would wait for two seconds; here for as long as the chat takes.
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const told = Promise.withResolvers<JsonObject>();
    fake.tell("/props", () => told.promise);
    fake.respond(({ bodyText }) =>
      bodyText.includes("an item") ? { steps: [{ text: "x" }, { gate: "go" }, { finish: "stop" }] } : { text: "a chat" },
    );
    const engine = engineWith({ concurrency: 64, providers: { "llama-server": { baseUrl: fake.baseUrl("openai-chat") } } });
    const llm = engine.llm("llama-server/m");
    const run = gather(Array.from({ length: 20 }, () => () => llm.generate("an item")));
    await until(() => fake.questions.length === 1, "the server to be asked");
    await llm.generate("a chat");
    assert.equal(fake.requests.length, 1, "a chat does not wait for the number, and the batch does");
    told.resolve({ total_slots: 6 });
    await fake.waitFor(({ waitingAt }) => waitingAt.length === 6, "six answers at once");
    await llm.generate("a chat beside them");
    fake.gate("go").open();
    await run;
    assert.deepEqual(
      fake.questions.map(({ path }) => path),
      ["/props"],
    );
    assert.equal(fake.state().peakAnswers, 7);
  });

  it("lets three chats begin, in a batch of a hundred at a limit of two, before it gets anything more of the batch", async () => {
    const items = (): number => fake.requests.filter(({ bodyText }) => bodyText.includes("an item")).length;
    const chats = (): number => fake.requests.length - items();
    fake.respond(({ bodyText }) => ({ holdHeaders: bodyText.includes("an item") ? "items" : "chats", text: "an answer" }));
    const engine = engineWith({ providers: { "openai-compatible": { baseUrl: fake.baseUrl("openai-chat"), concurrency: 2 } } });
    const llm = engine.llm("openai-compatible/m");
    const run = gather(Array.from({ length: 100 }, () => () => llm.generate("an item")));
    await fake.waitFor(({ waitingAt }) => waitingAt.length === 2, "the batch to take both places");
    const asked = [1, 2, 3].map(async (number) => llm.generate(`chat ${number}`));
    await fake.waitFor(() => chats() === 2, "two chats beside the batch, as many as without it");
    fake.gate("items").open();
    await until(() => answered() === 2, "what had begun of the batch to end");
    assert.deepEqual([items(), chats()], [2, 2], "its places are not given to it again");
    fake.gate("chats").release();
    await fake.waitFor(() => chats() === 3, "the third chat in the place of the first");
    assert.equal(items(), 2, "and still nothing of the batch");
    fake.gate("chats").open();
    await Promise.all(asked);
    assert.ok((await run).every(({ status }) => status === "complete"));
    assert.deepEqual([fake.requests.length, fake.state().peakAnswers], [103, 4]);
  });

  it("with one slot is sent a chat beside the one answer of a batch that it works on", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    fake.tell("/props", { total_slots: 1 });
    fake.respond(({ bodyText }) => ({ holdHeaders: bodyText.includes("an item") ? "items" : "chats", text: "an answer" }));
    const engine = engineWith({ providers: { "llama-server": { baseUrl: fake.baseUrl("openai-chat") } } });
    const llm = engine.llm("llama-server/m");
    const abort = new AbortController();
    const run = gather(
      Array.from({ length: 100 }, () => () => llm.generate("an item")),
      { signal: abort.signal },
    );
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("items"), "the batch");
    const chat = llm.generate("a chat");
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("chats"), "the chat beside it");
    fake.gate("chats").open();
    assert.equal((await chat).status, "complete");
    abort.abort();
    await run;
  });

  it("that does not tell its slots gets two at first, and nobody hears of it", async () => {
    fake.respond({ steps: [{ gate: "go" }, { text: "x" }, { finish: "stop" }] });
    const engine = engineWith({ concurrency: 64, providers: { "llama-server": { baseUrl: fake.baseUrl("openai-chat") } } });
    const run = gather(Array.from({ length: 3 }, () => () => engine.llm("llama-server/m").generate("hi")));
    const asked = (): boolean => fake.questions.length === 2 && fake.state().waitingAt.length === 2;
    await until(asked, "two answers, and the question again now that it answers");
    fake.gate("go").open();
    assert.ok((await run).every(({ status }) => status === "complete"));
    assert.deepEqual([fake.questions.length, fake.state().peakAnswers], [2, 2]);
  });

  it("that was loading its model when it was asked for its slots gets as many as it has with its first answer", async () => {
    fake.respond({ steps: [{ text: "x" }, { gate: "go" }, { finish: "stop" }], holdHeaders: "loaded" });
    const engine = engineWith({ concurrency: 64, providers: { "llama-server": { baseUrl: fake.baseUrl("openai-chat") } } });
    const run = gather(Array.from({ length: 20 }, () => () => engine.llm("llama-server/m").generate("hi")));
    await fake.waitFor(({ waitingAt }) => waitingAt.length === 2, "two at first");
    // Until now the fake had no answer to the question: its 404 tells as little as the 503 of a server that loads.
    fake.tell("/props", { total_slots: 6 });
    fake.gate("loaded").open();
    await fake.waitFor(({ waitingAt }) => waitingAt.length === 6, "six answers at once");
    fake.gate("go").open();
    assert.ok((await run).every(({ status }) => status === "complete"));
    assert.deepEqual([fake.questions.length, fake.state().peakAnswers], [2, 6]);
  });

  it("is given two requests at once where its kind is known for it, or nothing is known of it, and as many as the settings say", async () => {
    const baseUrl = fake.baseUrl("openai-chat");
    const spoken = [{ text: "x" }, { gate: "go" }, { finish: "stop" }] as const;
    const silent = [{ gate: "go" }, { text: "x" }, { finish: "stop" }] as const;
    for (const [model, most, steps] of [
      ["ollama/m", 2, spoken],
      ["openai-compatible/m", 2, silent],
      ["lmstudio/m", 3, spoken],
    ] as const) {
      fake.respond({ steps });
      const providers = { ollama: { baseUrl: fake.origin }, "openai-compatible": { baseUrl }, lmstudio: { baseUrl, concurrency: 3 } };
      const engine = engineWith({ providers });
      const before = fake.requests.length;
      const abort = new AbortController();
      const run = gather(
        Array.from({ length: 9 }, () => () => engine.llm(model).generate("hi")),
        { signal: abort.signal },
      );
      await fake.waitFor(({ waitingAt }) => waitingAt.length === most, `${most} answers at once of ${model}`);
      abort.abort();
      await run;
      await fake.waitFor(({ openAnswers }) => openAnswers === 0, "the sockets to be closed");
      assert.equal(fake.requests.length - before, most);
    }
  });
});

/** What each of so many answers of a gather says, as it comes. */
function watched(llm: Llm, count: number, signal: AbortSignal): { readonly events: StreamEvent[][]; readonly run: Promise<void> } {
  const events: StreamEvent[][] = Array.from({ length: count }, () => []);
  const tasks = events.map((list) => async () => {
    for await (const batch of llm.streamBatches("hi")) list.push(...batch);
  });
  return { events, run: gather(tasks, { signal }).then(() => undefined) };
}

describe("a provider that refuses", () => {
  const refusal = { status: 429, headers: { "retry-after-ms": "30000" }, body: { error: { message: "slow down", code: "rate_limit" } } };

  it("is left in peace by everybody until the time that it names, and then asked by a few at first", async () => {
    const { llm, limiter, clock } = held(4);
    fake.respond({ holdHeaders: "first", ...refusal });
    const abort = new AbortController();
    const { events, run } = watched(llm, 10, abort.signal);
    await fake.waitFor(({ waitingAt }) => waitingAt.length === 4, "four requests");
    fake.respond({ steps: [{ text: "a" }, { gate: "go" }, { finish: "stop" }] });
    const asked = Date.now();
    fake.gate("first").release();
    const waitsUntil = (list: readonly StreamEvent[]): number | undefined =>
      list.map((event) => (event.type === "status" ? event.untilMs : undefined)).find((end) => end !== undefined);
    await until(() => events.filter((list) => waitsUntil(list) !== undefined).length === 7, "six who wait and the refused one to be told");
    const ends = events.map(waitsUntil).filter((end) => end !== undefined);
    assert.ok(
      ends.every((end) => end >= asked + 29_000 && end <= Date.now() + 30_000),
      "all are told the one end",
    );
    const phases = events.map((list) => list.map((event) => (event.type === "status" && event.untilMs !== undefined ? event.phase : "")));
    assert.equal(phases.filter((list) => list.includes("waiting-for-limit")).length, 6);
    assert.equal(limiter.size, 2);
    for (let rest = 0; rest < 3; rest++) fake.gate("first").release();
    await until(() => limiter.active === 0, "the refusals of the other three");
    assert.equal(limiter.size, 2, "four refusals of one crowd count once");
    clock.pass(29_999);
    assert.equal(fake.requests.length, 4, "nothing was sent before the time");
    clock.pass(1);
    await fake.waitFor(({ waitingAt }) => waitingAt.length === 2, "one, and when that is accepted a second");
    assert.equal(fake.requests.length, 6);
    fake.gate("go").open();
    await until(() => fake.requests.length === 10, "the others, which had not been sent");
    // The refused ones wait by a real clock.
    abort.abort();
    await run;
  });

  it("makes everybody fail at once with the time, where it is longer than anybody waits, and is asked by nobody else", async () => {
    const { llm } = held(2);
    fake.respond({ ...refusal, headers: { "retry-after": "7200" } });
    const results = await gather(Array.from({ length: 50 }, () => () => llm.generate("hi")));
    assert.ok(fake.requests.length <= 2, `${fake.requests.length} were sent`);
    for (const { status, error } of results) {
      assert.equal(status, "error");
      assert.ok(error !== undefined && "retryAfterMs" in error && Number(error.retryAfterMs) > 7_100_000);
    }
  });

  it("that says with an answer that nothing is left is asked again only when its limit is filled up", async () => {
    const { llm, limiter, clock } = held(2);
    const headers = { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20s" };
    fake.enqueue({ headers, text: "the last one" });
    await llm.generate("hi");
    const next = llm.generate("hi");
    await until(() => limiter.waiting === 1, "the next one to wait");
    clock.pass(19_999);
    assert.equal(fake.requests.length, 1);
    clock.pass(1);
    await next;
    assert.equal(limiter.size, 2, "nothing was refused");
  });

  it("does not lose an item of a batch to a few refusals in a row", async () => {
    fake.respond(({ index }) =>
      index % 3 === 0 ? { status: 429, headers: { "retry-after-ms": "1" }, body: { error: {} } } : { text: "ok" },
    );
    const engine = engineWith({ providers: { "openai-compatible": { baseUrl: fake.baseUrl("openai-chat") } } });
    const results = await gather(Array.from({ length: 30 }, () => () => engine.llm("openai-compatible/m").generate("hi")));
    assert.deepEqual([...new Set(results.map(({ status }) => status))], ["complete"]);
  });
});
