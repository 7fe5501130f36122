import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { TurnQueue } from "../../../sidecar/sessions/turn-queue.ts";

test("turns are taken one at a time, in the order in which they were asked for", async () => {
  const queue = new TurnQueue();
  const order: string[] = [];
  const take = async (name: string): Promise<void> => {
    const release = await queue.enter(undefined);
    order.push(`${name} begins`);
    await nextTurn();
    order.push(`${name} ends`);
    release();
  };
  await Promise.all([take("a"), take("b"), take("c")]);
  assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

test("whoever is aborted while waiting leaves the line at once, and lets nobody pass those before it", async () => {
  const queue = new TurnQueue();
  const release = await queue.enter(undefined);
  const abort = new AbortController();
  const second = queue.enter(abort.signal);
  let third: (() => void) | undefined;
  void queue.enter(undefined).then((releaseThird) => (third = releaseThird));
  abort.abort(new Error("enough"));
  await assert.rejects(second, /enough/);
  await nextTurn();
  assert.equal(third, undefined);
  release();
  await nextTurn();
  assert.ok(third !== undefined);
});

test("a signal that is aborted already gets no turn, even where the place is free", async () => {
  await assert.rejects(new TurnQueue().enter(AbortSignal.abort(new Error("too late"))), /too late/);
});
