// Readers that ask the same server about what they read, that take long, or that never come back: no answer that is whole keeps a
// place from anybody, and one that waits for its reader keeps nobody from asking.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Chunk, Llm } from "../../../sidecar/api.ts";
import { gather } from "../../../sidecar/gather.ts";
import { AnswerQueue } from "../../../sidecar/local/answer-queue.ts";
import { createEditorProvider } from "../../../sidecar/providers/editor.ts";
import type { Provider } from "../../../sidecar/providers/provider.ts";
import { until } from "../../support/until.ts";
import { finish, scriptedLlm, text } from "../scripted-provider.ts";
import { ALL_WIRES, modelsOnWires } from "./models-on-wires.ts";

const { fake, llmOn } = await modelsOnWires();

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/** More than lies in the buffers of both ends of a connection. */
const PIECES = 24;
const PIECE = " piece".repeat(100_000);
const longRecord = `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta: { content: PIECE }, finish_reason: null }] })}\n\n`;

/** What follows is to be read in reads of their own. */
const short = [{ text: "one " }, { text: "two " }, { finish: "stop" }] as const;
const long = [...times(PIECES, () => ({ raw: longRecord })), { finish: "stop" }] as const;

function respond(outer: typeof short | typeof long): void {
  fake.respond(({ bodyText }) => (bodyText.includes("outer") ? { steps: outer } : { text: "translated" }));
}

/** Asks about each piece of what it reads. Gives how many pieces there were. */
async function translates(llm: Llm, asked: Llm = llm): Promise<number> {
  let pieces = 0;
  for await (const { content } of llm.stream("outer")) {
    if (content === "") continue;
    pieces += 1;
    await asked.generate("translate");
  }
  return pieces;
}

/** Takes a little, and never comes back. */
async function begunAndForgotten(llm: Llm): Promise<AsyncGenerator<Chunk, void, undefined>> {
  const stream = llm.stream("outer");
  for (let step = await stream.next(); step.done !== true && step.value.content === "";) step = await stream.next();
  return stream;
}

describe("A program that asks the same server about each piece that it reads", () => {
  for (const wire of ALL_WIRES) {
    test(`comes to its end on the wire of ${wire}, alone, four at once and in a run with a budget`, async () => {
      respond(short);
      const llm = llmOn(wire, { concurrency: 1 });
      assert.equal(await translates(llm), 2);
      assert.deepEqual(await Promise.all(times(4, () => translates(llm))), [2, 2, 2, 2]);
      const run = await gather(
        times(8, () => () => translates(llm)),
        { budget: { tokens: 1_000_000 } },
      );
      assert.deepEqual(
        run.map(({ value }) => value),
        times(8, () => 2),
      );
      assert.equal(fake.state().peakAnswers, 1);
    });
  }

  test("comes to its end where the answers do not fit into memory: one more request than may goes out, asked for last", async () => {
    respond(long);
    const llm = llmOn("openai-chat", { concurrency: 2 });
    const done = await Promise.all(times(6, () => translates(llm)));
    assert.deepEqual(
      done,
      times(6, () => PIECES),
    );
    assert.ok(fake.state().peakAnswers <= 6, `${fake.state().peakAnswers} at once`);
  });

  test("comes to its end where the server hangs in the middle of the answers, each of which is cut by its own limit", async () => {
    fake.respond(({ bodyText }) =>
      bodyText.includes("outer") ? { steps: [{ text: "one " }, { gate: "read" }, { text: "two " }, { gate: "never" }] } : { text: "yes" },
    );
    const llm = llmOn("openai-chat", { concurrency: 1, timeLimits: { idleMs: 200 } });
    const texts: string[] = [];
    let status: string | undefined;
    for await (const { content, event } of llm.stream("outer")) {
      if (event.type === "end") ({ status } = event);
      if (content === "") continue;
      texts.push(content);
      fake.gate("read").open();
      assert.equal((await llm.generate("translate")).content, "yes");
    }
    assert.deepEqual([texts, status], [["one ", "two "], "error"]);
  });

  test("comes to its end in a run whose budget does not know yet how long answers are", async () => {
    respond(long);
    const llm = llmOn("openai-chat", { concurrency: 8 });
    const run = await gather(
      times(6, () => () => translates(llm)),
      { budget: { tokens: 1e9 } },
    );
    assert.deepEqual(
      run.map(({ value }) => value),
      times(6, () => PIECES),
    );
  });
});

describe("Answers that were begun and forgotten", () => {
  test("keep no place once they are whole, and can be read on all the same", async () => {
    respond(short);
    const llm = llmOn("openai-chat", { concurrency: 2 });
    const forgotten = [await begunAndForgotten(llm), await begunAndForgotten(llm)];
    assert.equal((await llm.generate("y")).content, "translated");
    for (const stream of forgotten) {
      const rest: Chunk[] = [];
      for await (const chunk of stream) rest.push(chunk);
      assert.deepEqual([rest.map(({ content }) => content).join(""), rest.at(-1)?.event.type], ["two ", "end"]);
    }
  });

  test("keep nobody from being answered while they are not, and their sockets are closed when they are left", async () => {
    respond(long);
    const llm = llmOn("openai-chat", { concurrency: 2 });
    const forgotten = [await begunAndForgotten(llm), await begunAndForgotten(llm), await begunAndForgotten(llm)];
    const answers = await Promise.all(times(5, () => llm.generate("y")));
    assert.deepEqual(
      answers.map(({ content }) => content),
      times(5, () => "translated"),
    );
    assert.ok(fake.state().peakAnswers <= forgotten.length + 1);
    for (const stream of forgotten) await stream.return();
    await fake.waitFor(({ openAnswers }) => openAnswers === 0, "their sockets to be closed");
  });

  test("keep no place where their server has failed them", async () => {
    fake.respond(({ bodyText }) =>
      bodyText.includes("outer") ? { steps: [{ text: "one " }, { gate: "failing" }, { cut: "reset" }] } : { text: "yes" },
    );
    const llm = llmOn("openai-chat", { concurrency: 1 });
    const stream = llm.stream("outer");
    while ((await stream.next()).value?.content !== "one ");
    const next = llm.generate("y");
    fake.gate("failing").open();
    assert.equal((await next).content, "yes");
  });
});

describe("A model that is no server", () => {
  const queued: Provider = {
    id: "queued",
    listModels: () => Promise.resolve([]),
    async *stream(_request, { onWhole }) {
      const queue = new AnswerQueue(onWhole);
      queue.push([text("one "), text("two ")]);
      setImmediate(() => {
        queue.push([finish]);
        queue.end();
      });
      yield* queue.batches();
    },
  };
  const editor = createEditorProvider({
    list: () => Promise.resolve([]),
    count: () => Promise.resolve(0),
    ask: async (_request, onDelta) => {
      for (const piece of ["one ", "two "]) onDelta({ type: "text-delta", text: piece });
      return { finishReason: "stop" };
    },
  });

  for (const [name, provider] of Object.entries({ "on this machine": queued, "in the editor": editor })) {
    test(`${name} is asked about each piece of its own answers, one at a time`, async () => {
      const { llm, limiter } = scriptedLlm({ size: 1, endpoint: { provider } });
      const pieces: string[] = [];
      for await (const { content } of llm.stream("outer")) {
        if (content === "") continue;
        pieces.push(content);
        assert.equal((await llm.generate("translate")).content, "one two ");
      }
      assert.equal(pieces.join(""), "one two ");
      await until(() => limiter.active === 0, "the places to be given back");
    });
  }
});
