// What gather never does: read ahead without bound, or leave something behind when it is called off.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { after, afterEach, before, describe, it } from "node:test";
import { Engine, defaultSettings } from "../../sidecar/engine.ts";
import { gather, type GatherTask } from "../../sidecar/gather.ts";
import { KeyRing } from "../../sidecar/keys.ts";
import { ClientReads } from "../support/client-reads.ts";
import { FakeProvider, type FakeAnswer, type FakeState } from "../support/fake-provider.ts";
import { until } from "../support/until.ts";
import { ScriptedProvider } from "./scripted-provider.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets everything that can happen without the outside happen. */
async function quiet(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await turn();
}

const MILLION = 1_000_000;
const CONCURRENCY = 16;
/** Those that run, those that wait to be read, the one that is being asked for. */
const AHEAD = 2 * CONCURRENCY + 1;

describe("gather over more items than memory holds", () => {
  for (const kind of ["a lazy source", "an asynchronous lazy source"]) {
    it(`reads ${kind} of a million no further than its reader has come`, async () => {
      let asked = 0;
      function* lazy(): Generator<GatherTask<number>> {
        while (asked < MILLION) {
          const index = asked++;
          yield () => index;
        }
      }
      async function* asynchronous(): AsyncGenerator<GatherTask<number>> {
        yield* lazy();
      }
      const results = gather(kind === "a lazy source" ? lazy() : asynchronous(), { concurrency: CONCURRENCY })[Symbol.asyncIterator]();
      await quiet();
      assert.ok(asked <= AHEAD, `${asked} were asked for while nobody read`);
      for (let read = 1; read <= 5000; read++) {
        await results.next();
        assert.ok(asked <= read + AHEAD, `${asked} were asked for after ${read} were read`);
      }
      await quiet();
      assert.ok(asked <= 5000 + AHEAD);
      await results.return?.();
      await quiet();
      const askedAtTheEnd = asked;
      await quiet();
      assert.equal(asked, askedAtTheEnd, "nothing is asked for when the reader has left");
      assert.ok(asked < MILLION);
    });
  }

  for (const [what, task] of [
    ["returns", () => "at once"],
    ["is refused", () => Promise.reject(new Error("at once"))],
  ] as const) {
    it(`leaves timers and aborts their turn while everything that a source gives ${what} at once`, async () => {
      const giveUpAt = performance.now() + 30_000;
      function* endless(): Generator<GatherTask<string>> {
        while (performance.now() < giveUpAt) yield task;
      }
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 1);
      for await (const { status } of gather(endless(), { signal: abort.signal })) if (status === "cancelled") break;
      assert.ok(performance.now() < giveUpAt, "the abort came before the source ended");
      assert.ok(abort.signal.aborted);
    });
  }

  it("hands out an endless source for as long as it is read", async () => {
    let asked = 0;
    let closed = false;
    async function* endless(): AsyncGenerator<GatherTask<string>> {
      try {
        for (;;) {
          asked++;
          yield () => turn().then(() => "x".repeat(1000));
        }
      } finally {
        closed = true;
      }
    }
    let read = 0;
    for await (const { content } of gather(endless(), { concurrency: CONCURRENCY })) {
      assert.equal(content.length, 1000);
      if (++read === 20_000) break;
    }
    await quiet();
    assert.ok(asked <= read + AHEAD);
    assert.equal(closed, true);
  });
});

let fake: FakeProvider;
const engines: Engine[] = [];
before(async () => {
  fake = await FakeProvider.start();
});
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
  fake.reset();
});
after(() => fake.close());

function engineFor(baseUrl: string, concurrency: number): Engine {
  const settings = { ...defaultSettings, providers: { "openai-compatible": { baseUrl, concurrency } } };
  const engine = new Engine({ settings, keys: new KeyRing(), local: new ScriptedProvider() });
  engines.push(engine);
  return engine;
}

interface Stage {
  readonly name: string;
  readonly answer: FakeAnswer;
  readonly reached: (state: FakeState) => boolean;
  /** The text that had come, and the bytes of one answer that it came in. */
  readonly content?: string;
  readonly bytes?: number;
  /** Requests sent at most; default as many as run at once. */
  readonly most?: number;
}

const soFar = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "so far" } }] })}\n\n`;

const stages: readonly Stage[] = [
  { name: "waiting for headers", answer: { holdHeaders: "never" }, reached: ({ waitingAt }) => waitingAt.length === 4 },
  {
    name: "waiting for the first token",
    answer: { steps: [{ raw: ": still here\n\n" }, { gate: "never" }] },
    reached: ({ waitingAt }) => waitingAt.length === 4,
  },
  {
    name: "in the body",
    answer: { steps: [{ raw: soFar }, { gate: "never" }] },
    reached: ({ waitingAt }) => waitingAt.length === 4,
    content: "so far",
    bytes: soFar.length,
  },
  {
    name: "backing off after a refusal that names a time",
    answer: { status: 429, headers: { "retry-after": "50" }, body: { error: { message: "slow down" } } },
    reached: ({ requests, openAnswers }) => requests === 4 && openAnswers === 0,
  },
  {
    name: "backing off after a failure",
    answer: { status: 500, headers: { "retry-after": "50" }, body: { error: { message: "broken" } } },
    // Who backs off holds no place.
    reached: ({ requests, openAnswers }) => requests === 20 && openAnswers === 0,
    most: 20,
  },
];

describe("a gather that is called off", () => {
  for (const { name, answer, reached, content = "", bytes = 0, most = 4 } of stages) {
    it(`ends every item ${name}, and those in line for a place, without another request`, async (context) => {
      const reads = new ClientReads();
      context.after(() => reads.close());
      fake.respond(answer);
      const llm = engineFor(fake.baseUrl("openai-chat"), 4).llm("openai-compatible/m");
      const abort = new AbortController();
      const run = gather(
        Array.from({ length: 40 }, () => () => llm.generate("hi")),
        { signal: abort.signal, concurrency: 20 },
      );
      await fake.waitFor(reached, name);
      await reads.read(4 * bytes);
      await quiet();
      const sent = fake.requests.length;
      abort.abort();
      const results = await run;
      assert.deepEqual([...new Set(results.map(({ status }) => status))], ["cancelled"]);
      assert.deepEqual([...new Set(results.slice(0, 4).map((result) => result.content))], [content]);
      await fake.waitFor(({ openAnswers }) => openAnswers === 0, "the sockets of what ran to be closed");
      assert.equal(fake.requests.length, sent);
      assert.ok(sent <= most, `${sent} were sent`);
    });
  }

  it("ends every item that is connecting, and closes the sockets that never came to stand", async () => {
    // It takes connections and never answers the greeting of TLS.
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {}).once("close", () => sockets.delete(socket));
      socket.resume();
    });
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    assert.ok(typeof address === "object" && address !== null);
    const llm = engineFor(`https://127.0.0.1:${address.port}/v1`, 4).llm("openai-compatible/m");
    const abort = new AbortController();
    const run = gather(
      Array.from({ length: 10 }, () => () => llm.generate("hi")),
      { signal: abort.signal },
    );
    await until(() => sockets.size === 4, "four connections");
    abort.abort();
    assert.ok((await run).every(({ status }) => status === "cancelled"));
    await until(() => sockets.size === 0, "the sockets to be closed");
    silent.close();
  });
});
