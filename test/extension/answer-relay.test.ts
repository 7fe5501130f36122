import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { AnswerRelay } from "../../extension/chat/answer-relay.ts";
import type { StreamEvent } from "../../sidecar/types.ts";

function delta(seq: number): StreamEvent {
  return { type: "text-delta", text: "x", seq };
}

function relay(t: TestContext, visible = true) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const posted: number[][] = [];
  const acknowledged: number[] = [];
  const it = new AnswerRelay(
    { post: (events) => posted.push(events.map(({ seq }) => seq)), acknowledge: (seq) => acknowledged.push(seq) },
    visible,
  );
  return { it, posted, acknowledged, tick: (ms: number) => t.mock.timers.tick(ms) };
}

test("the first event leaves at once", (t) => {
  const { it, posted } = relay(t);
  it.push([delta(1)]);
  assert.deepEqual(posted, [[1]]);
});

test("what comes within a frame leaves together, after the frame and after the page has applied the last batch", (t) => {
  const { it, posted, tick } = relay(t);
  it.push([delta(1)]);
  it.applied(1);
  it.push([delta(2)]);
  it.push([delta(3), delta(4)]);
  tick(15);
  assert.deepEqual(posted, [[1]]);
  tick(1);
  assert.deepEqual(posted, [[1], [2, 3, 4]]);
});

test("a page that applies nothing gets one batch and no more", (t) => {
  const { it, posted, acknowledged, tick } = relay(t);
  for (let seq = 1; seq <= 100; seq += 1) {
    it.push([delta(seq)]);
    tick(50);
  }
  assert.deepEqual(posted, [[1]]);
  assert.deepEqual(acknowledged, []);
  it.applied(1);
  assert.equal(posted.length, 2);
  assert.equal(posted[1]?.length, 99);
  assert.deepEqual(acknowledged, [1]);
});

test("a hidden page gets a batch each 150 ms, and the rest at once when it is shown", (t) => {
  const { it, posted, tick } = relay(t, false);
  it.push([delta(1)]);
  it.applied(1);
  it.push([delta(2)]);
  tick(149);
  assert.deepEqual(posted, [[1]]);
  tick(1);
  assert.deepEqual(posted, [[1], [2]]);
  it.applied(2);
  it.push([delta(3)]);
  it.visible = true;
  assert.deepEqual(posted, [[1], [2], [3]]);
});

test("what a page applied before, or a number that was never sent, acknowledges no more than was on the way", (t) => {
  const { it, acknowledged } = relay(t);
  it.push([delta(1), delta(2)]);
  it.applied(1);
  assert.deepEqual(acknowledged, []);
  it.applied(50);
  it.applied(60);
  assert.deepEqual(acknowledged, [2]);
});

test("nothing leaves after the end", (t) => {
  const { it, posted, tick } = relay(t);
  it.push([delta(1)]);
  it.push([delta(2)]);
  it.applied(1);
  it.dispose();
  tick(1_000);
  assert.deepEqual(posted, [[1]]);
});
