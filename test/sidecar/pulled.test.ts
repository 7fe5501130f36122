// What is read without a promise for each piece: made of a generator, and read as one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PulledBatches, pulledFrom, whenReady } from "../../sidecar/pulled.ts";

async function* numbers(closed: () => void = () => {}, failure?: Error): AsyncGenerator<number, void, undefined> {
  try {
    yield 1;
    yield 2;
    if (failure !== undefined) throw failure;
  } finally {
    closed();
  }
}

test("a generator is pulled once for each piece, and says null when it has ended, however often it is asked", async () => {
  const pulled = pulledFrom(numbers());
  const taken: (number | null)[] = [];
  for (let at = 0; at < 4; at += 1) {
    await whenReady(pulled);
    taken.push(pulled.take());
  }
  assert.deepEqual(taken, [1, 2, null, null]);
});

test("asking again before anything came pulls nothing more, and wakes whoever asked last", async () => {
  let pulls = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const pulled = pulledFrom(
    (async function* (): AsyncGenerator<number, void, undefined> {
      pulls += 1;
      await promise;
      yield 1;
    })(),
  );
  const woken: string[] = [];
  assert.equal(
    pulled.ready(() => woken.push("first")),
    false,
  );
  const last = Promise.withResolvers<void>();
  assert.equal(
    pulled.ready(() => {
      woken.push("last");
      last.resolve();
    }),
    false,
  );
  resolve();
  await last.promise;
  assert.deepEqual([pulls, woken, pulled.take()], [1, ["last"], 1]);
});

test("what a generator fails with is thrown once, and it has ended then", async () => {
  const failure = new Error("broken");
  const pulled = pulledFrom(numbers(undefined, failure));
  const taken: unknown[] = [];
  for (let at = 0; at < 4; at += 1) {
    await whenReady(pulled);
    try {
      taken.push(pulled.take());
    } catch (error) {
      taken.push(error);
    }
  }
  assert.deepEqual(taken, [1, 2, failure, null]);
});

test("closing ends the generator, also while it is pulled", async () => {
  let closed = 0;
  const pulled = pulledFrom(numbers(() => (closed += 1)));
  assert.equal(
    pulled.ready(() => {}),
    false,
  );
  await pulled.close();
  assert.equal(closed, 1);
});

test("nothing can be taken before it is ready", () => {
  assert.throws(() => pulledFrom(numbers()).take(), /Nothing was pulled/u);
});

/** Batches that come when the test says so. */
class Given extends PulledBatches<number> {
  closed = 0;
  readonly #batches: (readonly number[] | Error | null)[] = [];
  #wake: () => void = () => {};

  give(...batches: readonly (readonly number[] | Error | null)[]): void {
    this.#batches.push(...batches);
    this.#wake();
  }

  ready(wake: () => void): boolean {
    this.#wake = wake;
    return this.#batches.length > 0;
  }

  take(): readonly number[] | null {
    const batch = this.#batches.shift() ?? null;
    if (batch instanceof Error) throw batch;
    return batch;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

test("batches that are asked for at once come in that order, empty ones are passed over, and a failure meets one caller", async () => {
  const given = new Given();
  const asked = [given.next(), given.next(), given.next(), given.next()];
  given.give([1], [], new Error("broken"), [2, 3], null);
  const settled = await Promise.allSettled(asked);
  assert.deepEqual(
    settled.map((one) => (one.status === "fulfilled" ? one.value : String(one.reason))),
    [{ done: false, value: [1] }, "Error: broken", { done: false, value: [2, 3] }, { done: true, value: undefined }],
  );
});

test("whoever leaves a stream closes it: by break, by throwing into it, and at the end of a block", async () => {
  const left = new Given();
  left.give([1], [2]);
  for await (const batch of left) {
    assert.deepEqual(batch, [1]);
    break;
  }
  await assert.rejects(left.throw(new Error("mine")), /mine/u);
  {
    await using _block = left;
  }
  assert.deepEqual([await left.return(), left.closed], [{ done: true, value: undefined }, 4]);
});
