import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { AnswerError } from "../../sidecar/answers/answer-error.ts";
import type { Chunk } from "../../sidecar/api.ts";
import { gather, type GatherTask } from "../../sidecar/gather.ts";
import { answers, fails, Gate, inTurn, scriptedLlm, text, waitsAt, yields } from "./scripted-provider.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets everything that can happen without the outside happen. */
async function quiet(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await turn();
}

describe("gather, awaited", () => {
  it("gives the results in the order of the tasks, however they finish", async () => {
    const gates = [new Gate(), new Gate(), new Gate()];
    const run = gather(gates.map((gate, index) => (signal) => gate.pass(signal).then(() => `answer ${index}`)));
    gates[2]?.open();
    await quiet();
    gates[0]?.open();
    gates[1]?.open();
    const results = await run;
    assert.deepEqual(
      results.map(({ index, status, content }) => [index, status, content]),
      [
        [0, "complete", "answer 0"],
        [1, "complete", "answer 1"],
        [2, "complete", "answer 2"],
      ],
    );
  });

  it("never rejects because of one item: each failure has its error and the text so far", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(answers("one"), yields([text("cut he")]), fails({ kind: "auth", message: "no key" }));
    const [one, cut, refused, own, ordinary] = await gather<unknown>([
      () => llm.generate("a"),
      () => llm.generate("b"),
      () => llm.generate("c"),
      () => Promise.reject(new RangeError("mine")),
      () => 42,
    ]);
    assert.deepEqual([one?.status, one?.content, one?.error], ["complete", "one", undefined]);
    assert.deepEqual([cut?.status, cut?.content], ["incomplete", "cut he"]);
    assert.ok(cut?.error instanceof AnswerError);
    assert.deepEqual([refused?.status, refused?.content, refused?.error?.message], ["error", "", "no key"]);
    assert.ok(own?.error instanceof RangeError);
    assert.deepEqual([own.status, own.content], ["error", ""]);
    assert.deepEqual([ordinary?.status, ordinary?.content, ordinary?.value], ["complete", "", 42]);
  });

  it("keeps the whole answer under value", async () => {
    const { llm } = scriptedLlm();
    const [result] = await gather([() => llm.generate("a")]);
    assert.equal(result?.value?.model, "scripted/m");
    assert.deepEqual(result?.value?.usage, { inputTokens: 5, outputTokens: 2 });
  });

  it("of nothing gives nothing", async () => {
    assert.deepEqual(await gather([]), []);
  });

  it("runs no more functions at once than it is told", async () => {
    let running = 0;
    let most = 0;
    const task = async (): Promise<string> => {
      most = Math.max(most, ++running);
      await turn();
      running--;
      return "";
    };
    const results = await gather(
      Array.from({ length: 50 }, () => task),
      { concurrency: 3 },
    );
    assert.equal(results.length, 50);
    assert.equal(most, 3);
  });

  it("refuses what has begun already, and a concurrency that is none", () => {
    // As a program in JavaScript would call it: its mistake has no type.
    const begun = JSON.parse('[{ "promise": true }]');
    assert.throws(() => gather(begun), { name: "ProviderError", message: /\(\) => llm\.generate/u });
    assert.throws(() => gather(JSON.parse("null")), { name: "ProviderError", message: /takes a list of functions/u });
    assert.throws(() => gather([], { concurrency: 0 }), { message: /"concurrency" must be a whole number, 1 or more; it is 0/u });
  });
});

describe("gather, iterated", () => {
  it("gives the results as they finish", async () => {
    const gates = [new Gate(), new Gate(), new Gate()];
    const order: number[] = [];
    gates[1]?.open();
    for await (const { index } of gather(gates.map((gate) => (signal) => gate.pass(signal)))) {
      order.push(index);
      gates[index === 1 ? 2 : 0]?.open();
    }
    assert.deepEqual(order, [1, 2, 0]);
  });

  it("can be awaited too when the tasks are an array", async () => {
    const run = gather([(): string => "a", (): string => "b"]);
    const seen: string[] = [];
    for await (const { content } of run) seen.push(content);
    assert.deepEqual(seen.toSorted(), ["a", "b"]);
    assert.deepEqual(
      (await run).map(({ content }) => content),
      ["a", "b"],
    );
  });

  it("cancels the rest when its reader breaks off", async () => {
    const signals: AbortSignal[] = [];
    const stays = async (signal: AbortSignal): Promise<string> => {
      signals.push(signal);
      await new Gate().pass(signal);
      return "never";
    };
    const run = gather([(): string => "first", stays, stays, stays], { concurrency: 2 });
    for await (const { content } of run) {
      assert.equal(content, "first");
      break;
    }
    const statuses = (await run).map(({ status }) => status);
    assert.deepEqual(statuses, ["complete", "cancelled", "cancelled", "cancelled"]);
    assert.ok(signals.length >= 1 && signals.length <= 2, `${signals.length} were begun`);
    assert.ok(signals.every(({ aborted }) => aborted));
  });
});

describe("gather over an async iterable", () => {
  it("asks for the next function only when a slot is free and its reader has kept up", async () => {
    let pulled = 0;
    let finished = 0;
    async function* tasks(): AsyncGenerator<GatherTask<string>> {
      for (; pulled < 10_000;) {
        pulled++;
        yield () => turn().then(() => `${++finished}`);
      }
    }
    let read = 0;
    let furthestAhead = 0;
    for await (const { status } of gather(tasks(), { concurrency: 4 })) {
      assert.equal(status, "complete");
      if (++read % 500 === 0) await quiet();
      furthestAhead = Math.max(furthestAhead, pulled - read);
    }
    assert.equal(read, 10_000);
    // Four running, four unread, one that is being pulled.
    assert.ok(furthestAhead <= 9, `${furthestAhead} functions were pulled ahead of the reader`);
  });

  it("keeps every result when it is awaited, in order", async () => {
    function* tasks(): Generator<GatherTask<string>> {
      for (let index = 0; index < 100; index++) yield async () => (index % 3 === 0 ? turn().then(() => `${index}`) : `${index}`);
    }
    const results = await gather(tasks(), { concurrency: 5 });
    assert.deepEqual(
      results.map(({ content }) => content),
      Array.from({ length: 100 }, (_, index) => `${index}`),
    );
  });

  it("says so when results were handed out and are asked for again", async () => {
    function* tasks(): Generator<GatherTask<string>> {
      yield () => "a";
    }
    const run = gather(tasks());
    for await (const result of run) assert.equal(result.content, "a");
    await assert.rejects(run, { message: /handed out one by one already/u });
  });

  it("lets what runs finish when the source fails, hands it out, and then fails", async () => {
    const gate = new Gate();
    async function* tasks(): AsyncGenerator<GatherTask<string>> {
      yield (signal) => gate.pass(signal).then(() => "kept");
      throw new Error("the list of files is gone");
    }
    const run = gather(tasks());
    const seen: string[] = [];
    await assert.rejects(
      async () => {
        await gate.reached;
        gate.open();
        for await (const { content } of run) seen.push(content);
      },
      { message: "the list of files is gone" },
    );
    assert.deepEqual(seen, ["kept"]);
  });

  it("ends with an error of its own where what was thrown cannot even be written", async () => {
    const wordless: unknown = Object.create(null);
    const throwing = (): string => {
      throw wordless;
    };
    const [failed, fine] = await gather([throwing, (): string => "fine"]);
    assert.deepEqual([failed?.status, failed?.error instanceof Error, fine?.content], ["error", true, "fine"]);
  });

  it("rejects where the source cannot even be begun, as a stream that somebody else reads", async () => {
    const stream = new ReadableStream<GatherTask<string>>();
    const reader = stream.getReader();
    await assert.rejects(async () => gather(stream), { code: "ERR_INVALID_STATE" });
    await reader.cancel();
  });

  it("closes the source when it is cancelled, also one that never answers", async () => {
    const abort = new AbortController();
    let closed = false;
    const hangs: AsyncIterator<GatherTask<string>> = {
      next: () => new Promise(() => undefined),
      return: () => {
        closed = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    const run = gather({ [Symbol.asyncIterator]: () => hangs }, { signal: abort.signal });
    await quiet();
    abort.abort();
    assert.deepEqual(await run, []);
    assert.equal(closed, true);
  });
});

describe("cancelling a gather", () => {
  it("ends running answers with their text so far, and never calls the others", async () => {
    const { llm, provider } = scriptedLlm();
    const gate = new Gate();
    provider.otherwise(inTurn(yields([text("part")]), waitsAt(gate)));
    const abort = new AbortController();
    const run = gather(
      Array.from({ length: 6 }, () => () => llm.generate("x")),
      { concurrency: 2, signal: abort.signal },
    );
    while (gate.waiting < 2) await turn();
    abort.abort();
    const results = await run;
    assert.deepEqual(
      results.map(({ status }) => status),
      Array.from({ length: 6 }, () => "cancelled"),
    );
    assert.deepEqual(
      results.map(({ content }) => content),
      ["part", "part", "", "", "", ""],
    );
    assert.equal(provider.requests.length, 2);
    assert.equal(provider.open, 0);
    assert.equal(getEventListeners(abort.signal, "abort").length, 0);
  });

  it("reaches answers that wait for a place at the endpoint", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 1 });
    provider.otherwise(async function* (_request, { signal }) {
      yield [];
      await new Gate().pass(signal);
    });
    const abort = new AbortController();
    const run = gather(
      Array.from({ length: 20 }, () => () => llm.generate("x")),
      { signal: abort.signal },
    );
    while (limiter.waiting < 19) await turn();
    abort.abort();
    assert.ok((await run).every(({ status }) => status === "cancelled"));
    assert.equal(provider.requests.length, 1);
    assert.deepEqual([limiter.active, limiter.waiting], [0, 0]);
  });

  it("counts a function's own abort error as cancelled", async () => {
    const abort = new AbortController();
    const run = gather([(signal): Promise<void> => new Gate().pass(signal)], { signal: abort.signal });
    abort.abort(new Error("enough"));
    const [result] = await run;
    assert.deepEqual([result?.status, result?.error], ["cancelled", undefined]);
  });

  it("reaches a gather inside a gather", async () => {
    const { llm, provider } = scriptedLlm();
    const gate = new Gate();
    provider.otherwise(waitsAt(gate));
    const abort = new AbortController();
    const run = gather([() => gather([() => llm.generate("x"), () => llm.generate("y")])], { signal: abort.signal });
    while (gate.waiting < 2) await turn();
    abort.abort();
    const [outer] = await run;
    assert.deepEqual(
      outer?.value?.map(({ status }) => status),
      ["cancelled", "cancelled"],
    );
  });
});

describe("work inside a gather and beside it", () => {
  it("passes the same limiter, also by a bare Promise.all", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 3 });
    const gate = new Gate();
    provider.otherwise(inTurn(waitsAt(gate), answers("ok")));
    const all = Promise.all(Array.from({ length: 8 }, () => llm.generate("x")));
    const run = gather(Array.from({ length: 8 }, () => () => llm.generate("x")));
    while (limiter.waiting < 13) await turn();
    assert.equal(provider.open, 3);
    gate.open();
    await Promise.all([all, run]);
    assert.equal(provider.mostOpen, 3);
    assert.equal(provider.requests.length, 16);
  });

  it("leaves a place for a chat while a batch fills the endpoint", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 2 });
    const gate = new Gate();
    provider.enqueue(...Array.from({ length: 2 }, () => inTurn(waitsAt(gate), answers("batch"))));
    provider.otherwise(answers("chat"));
    const run = gather(Array.from({ length: 10 }, () => () => llm.generate("x")));
    while (gate.waiting < 2 || limiter.waiting < 8) await turn();
    const chat = await llm.generate("a question");
    assert.equal(chat.content, "chat");
    assert.equal(gate.waiting, 2, "the batch still fills its places");
    gate.open();
    await run;
  });

  it("belongs to the gather in which it was made, wherever its stream is read", async () => {
    const { llm, provider } = scriptedLlm();
    const gate = new Gate();
    provider.otherwise(inTurn(yields([text("x")]), waitsAt(gate)));
    const abort = new AbortController();
    const made = Promise.withResolvers<AsyncIterable<Chunk>>();
    const task = async (signal: AbortSignal): Promise<void> => {
      made.resolve(llm.stream("hi"));
      await new Gate().pass(signal);
    };
    const run = gather([task], { signal: abort.signal });
    void gate.reached.then(() => abort.abort());
    const events: string[] = [];
    for await (const { event } of await made.promise) events.push(event.type === "end" ? event.status : event.type);
    await run;
    assert.equal(events.at(-1), "cancelled");
  });
});
