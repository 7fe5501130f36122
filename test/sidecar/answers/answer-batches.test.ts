// What stands between the run of an answer and its reader: order, what is left behind when the reader leaves, and failures.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { AnswerBatches, type PassageReading } from "../../../sidecar/answers/answer-batches.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import { whenReady } from "../../../sidecar/pulled.ts";
import type { StreamEvent } from "../../../sidecar/types.ts";

const text = (seq: number): StreamEvent => ({ type: "text-delta", text: String(seq), seq });
const seqs = (batch: readonly StreamEvent[] | void): readonly number[] => (batch ?? []).map(({ seq }) => seq);

/** Numbers what comes from 100 on; tells 900 at its end, 901 where the stream broke. */
function numbered(): PassageReading {
  let seq = 99;
  return {
    read: (batch) => batch.map(() => text((seq += 1))),
    end: (broken) => [text(broken ? 901 : 900)],
  };
}

const piece: readonly ProviderEvent[] = [{ type: "text-delta", text: "piece" }];

async function* pieces(count: number, closed: () => void = () => {}): AsyncGenerator<readonly ProviderEvent[], void, undefined> {
  try {
    for (let at = 0; at < count; at += 1) yield piece;
  } finally {
    closed();
  }
}

async function collect(batches: AnswerBatches): Promise<number[]> {
  const all: number[] = [];
  for await (const batch of batches) all.push(...seqs(batch));
  return all;
}

describe("the batches of an answer", () => {
  it("end with what their reading throws, also at its end, and the stream is closed", async () => {
    const refusing = new Error("too much");
    const refuse = (): never => {
      throw refusing;
    };
    const readings: readonly PassageReading[] = [
      { ...numbered(), read: refuse },
      { ...numbered(), end: refuse },
      { read: refuse, end: refuse },
    ];
    for (const reading of readings) {
      let closed = 0;
      const batches: AnswerBatches = new AnswerBatches(
        () =>
          batches.pass(
            pieces(2, () => (closed += 1)),
            reading,
          ),
        () => {},
      );
      await assert.rejects(collect(batches), refusing);
      assert.equal(closed, 1);
    }
  });

  it("come in the order in which they were told and streamed, with what was held back at the stream's end", async () => {
    const batches: AnswerBatches = new AnswerBatches(
      async () => {
        batches.tell([text(1)]);
        await nextTurn();
        batches.tell([text(2), text(3)]);
        await batches.pass(pieces(3), numbered());
        batches.tell([text(4)]);
      },
      () => {},
    );
    assert.deepEqual(await collect(batches), [1, 2, 3, 100, 101, 102, 900, 4]);
  });

  it("keep their order where several are asked for at once", async () => {
    const batches: AnswerBatches = new AnswerBatches(
      async () => {
        batches.tell([text(1)]);
        await batches.pass(pieces(2), numbered());
      },
      () => {},
    );
    const asked = Array.from({ length: 6 }, () => batches.next());
    const got = (await Promise.all(asked)).map(({ done, value }) => (done === true ? "end" : seqs(value).join(" ")));
    assert.deepEqual(got, ["1", "100", "101", "900", "end", "end"]);
  });

  it("give the same to a reader that pulls, which is woken for each and waits for none in between", async () => {
    const gate = Promise.withResolvers<void>();
    const batches: AnswerBatches = new AnswerBatches(
      async () => {
        batches.tell([text(1)]);
        await gate.promise;
        await batches.pass(pieces(2), numbered());
        batches.tell([text(2)]);
      },
      () => {},
    );
    assert.equal(
      batches.ready(() => {}),
      true,
    );
    assert.deepEqual(seqs(batches.take() ?? undefined), [1]);
    let woken = 0;
    assert.equal(
      batches.ready(() => (woken += 1)),
      false,
    );
    gate.resolve();
    await nextTurn();
    assert.ok(woken >= 1);
    const got: number[] = [];
    for (;;) {
      await whenReady(batches);
      const batch = batches.take();
      if (batch === null) break;
      got.push(...seqs(batch));
    }
    assert.deepEqual(got, [100, 101, 900, 2]);
  });

  it("begin with the first read, and never where the reader left before it", async () => {
    let runs = 0;
    const left: string[] = [];
    const batches = new AnswerBatches(
      async () => {
        runs += 1;
      },
      () => left.push("left"),
    );
    await batches.return();
    assert.deepEqual(await batches.next(), { done: true, value: undefined });
    assert.deepEqual([runs, left], [0, ["left"]]);
  });

  it("ask the provider at once, however long the reader takes over what came before", async () => {
    let asked = 0;
    const stream = (async function* (): AsyncGenerator<readonly ProviderEvent[], void, undefined> {
      asked += 1;
      yield piece;
    })();
    const batches: AnswerBatches = new AnswerBatches(
      async () => {
        batches.tell([text(1)]);
        await batches.pass(stream, numbered());
      },
      () => {},
    );
    assert.deepEqual(seqs((await batches.next()).value), [1]);
    await nextTurn();
    assert.equal(asked, 1);
    assert.deepEqual(await collect(batches), [100, 900]);
  });

  it("tell what was held back before the run hears that the stream broke", async () => {
    const broken = new Error("broken");
    const heard: unknown[] = [];
    const batches: AnswerBatches = new AnswerBatches(
      async () => {
        const stream = (async function* (): AsyncGenerator<readonly ProviderEvent[], void, undefined> {
          yield piece;
          throw broken;
        })();
        await batches.pass(stream, numbered()).catch((error: unknown) => heard.push(error));
        batches.tell([text(1)]);
      },
      () => {},
    );
    assert.deepEqual(await collect(batches), [100, 901, 1]);
    assert.deepEqual(heard, [broken]);
  });

  it("end the stream when no more of it is wanted", async () => {
    let closed = 0;
    const batches: AnswerBatches = new AnswerBatches(
      () =>
        batches.pass(
          pieces(9, () => (closed += 1)),
          { ...numbered(), read: () => null },
        ),
      () => {},
    );
    assert.deepEqual(await collect(batches), [900]);
    assert.equal(closed, 1);
  });

  it("of a reader that leaves close the stream and wait for the run, whichever of them it was reading", async () => {
    for (const taken of [1, 2]) {
      const order: string[] = [];
      const batches: AnswerBatches = new AnswerBatches(
        async () => {
          batches.tell([text(1)]);
          await batches.pass(
            pieces(9, () => order.push("stream")),
            numbered(),
          );
          await nextTurn();
          order.push("run");
        },
        () => order.push("leave"),
      );
      for (let at = 0; at < taken; at += 1) await batches.next();
      await batches.return();
      assert.deepEqual(order, ["leave", "stream", "run"], `after ${taken}`);
      assert.deepEqual(await batches.next(), { done: true, value: undefined });
    }
  });

  it("of a reader that has left begin no stream that the run passes on afterwards", async () => {
    let begun = 0;
    const left = Promise.withResolvers<void>();
    const batches: AnswerBatches = new AnswerBatches(async () => {
      batches.tell([text(1)]);
      await left.promise;
      await batches.pass(
        (async function* (): AsyncGenerator<readonly ProviderEvent[], void, undefined> {
          begun += 1;
          yield piece;
        })(),
        numbered(),
      );
      batches.tell([text(2)]);
    }, left.resolve);
    assert.deepEqual(seqs((await batches.next()).value), [1]);
    await batches.return();
    assert.deepEqual([begun, await batches.next()], [0, { done: true, value: undefined }]);
  });

  it("throw once what the run failed with, and then are over", async () => {
    const fault = new Error("a fault");
    const batches: AnswerBatches = new AnswerBatches(
      async () => {
        batches.tell([text(1)]);
        throw fault;
      },
      () => {},
    );
    assert.deepEqual(seqs((await batches.next()).value), [1]);
    await assert.rejects(batches.next(), fault);
    assert.deepEqual(await batches.next(), { done: true, value: undefined });
  });
});
