import assert from "node:assert/strict";
import { test } from "node:test";
import { EventLog } from "../../../sidecar/streams/event-log.ts";
import type { EndEventBody, StreamEvent } from "../../../sidecar/types.ts";

const end: EndEventBody = {
  type: "end",
  status: "complete",
  finishReason: "stop",
  rawFinishReason: "stop",
  usage: null,
  timings: { firstTokenMs: 1, totalMs: 2 },
};
const newLog = (): EventLog => new EventLog({ stream: "s", epoch: "e" });
const delta = (text: string): { readonly type: "text-delta"; readonly text: string } => ({ type: "text-delta", text });

test("a log numbers its events from 1 without gaps", () => {
  const log = newLog();
  log.append([{ type: "status", phase: "queued" }]);
  log.append([delta("a"), delta("b")]);
  assert.deepEqual(
    log.read(0, 1e6).map((event) => event.seq),
    [1, 2, 3],
  );
});

test("a log keeps an event that bears the right number and numbers again one that does not", () => {
  const log = newLog();
  const right: StreamEvent = { ...delta("a"), seq: 1 };
  const wrong: StreamEvent = { ...delta("b"), seq: 1 };
  log.append([right, wrong]);
  const [first, second] = log.read(0, 1e6);
  assert.equal(first, right);
  assert.deepEqual(second, { ...delta("b"), seq: 2 });
  assert.equal(wrong.seq, 1);
});

test("reading goes on after the cursor and stops at the bound in bytes, but gives at least one event", () => {
  const log = newLog();
  log.append([delta("x".repeat(5000)), delta("b"), delta("c"), delta("d")]);
  assert.equal(log.read(0, 10).length, 1);
  assert.deepEqual(
    log.read(1, log.bytesBetween(1, 3)).map((event) => event.seq),
    [2, 3],
  );
  assert.deepEqual(log.read(4, 1e6), []);
});

test("the bytes of a log count UTF-8, not UTF-16", () => {
  const log = newLog();
  log.append([delta("aa"), delta("語語")]);
  assert.equal(log.bytesBetween(1, 2) - log.bytesBetween(0, 1), 4);
  assert.equal(log.bytes, log.bytesBetween(0, 1) + log.bytesBetween(1, 2));
});

test("listeners are told once for each append, after all its events are in the log", () => {
  const log = newLog();
  const seen: number[] = [];
  const forget = log.onAppend(() => seen.push(log.lastSeq));
  log.append([delta("a"), delta("b")]);
  log.append([]);
  log.append([delta("c")]);
  forget();
  log.append([delta("d")]);
  assert.deepEqual(seen, [2, 3]);
});

test("a log ends once: whoever waits is told, and nothing is taken after it", async () => {
  const log = newLog();
  assert.equal(log.ended, false);
  log.append([delta("a"), end]);
  assert.equal(log.ended, true);
  assert.deepEqual(await log.whenEnded(), { ...end, seq: 2 });
  assert.throws(() => log.append([delta("b")]), /after its `end`/);
  assert.equal(log.lastSeq, 2);
});
