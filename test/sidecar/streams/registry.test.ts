import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../sidecar/failure.ts";
import { keptLimits, StreamRegistry } from "../../../sidecar/streams/registry.ts";
import type { EventLog } from "../../../sidecar/streams/event-log.ts";
import type { AnswerStatus, StreamRef } from "../../../sidecar/types.ts";

function finish(log: EventLog, status: AnswerStatus = "complete"): void {
  log.append([
    { type: "end", status, finishReason: null, rawFinishReason: null, usage: null, timings: { firstTokenMs: null, totalMs: 0 } },
  ]);
}

/** The registry moves a log to those that ended in the turn after its end. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function checkGone(registry: StreamRegistry, ref: StreamRef): void {
  assert.throws(
    () => registry.find(ref),
    (error) => error instanceof Failure && error.code === "stream-gone",
  );
}

test("a stream is found by its id while it runs and a while after it ended", async () => {
  const registry = new StreamRegistry();
  const log = registry.open(() => {});
  assert.equal(registry.find(log.ref), log);
  finish(log);
  assert.equal(registry.find(log.ref), log);
  await settled();
  assert.equal(registry.find(log.ref), log);
  registry.close();
  checkGone(registry, log.ref);
});

test("a stream of another epoch is gone, and so is one that never was", () => {
  const registry = new StreamRegistry();
  const log = registry.open(() => {});
  assert.notEqual(registry.epoch, new StreamRegistry().epoch);
  checkGone(registry, { ...log.ref, epoch: "another" });
  checkGone(registry, { ...log.ref, stream: "another" });
});

test("ended streams are let go oldest first past a count", async () => {
  const registry = new StreamRegistry({ ...keptLimits, count: 2 });
  const logs = [1, 2, 3].map(() => registry.open(() => {}));
  const running = registry.open(() => {});
  for (const log of logs) finish(log);
  await settled();
  const [first, second, third] = logs.map((log) => log.ref);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  checkGone(registry, first);
  assert.equal(registry.find(second).ended, true);
  assert.equal(registry.find(third).ended, true);
  assert.equal(registry.find(running.ref), running);
  registry.close();
});

test("ended streams are let go past a number of bytes", async () => {
  const registry = new StreamRegistry({ ...keptLimits, bytes: 10_000 });
  const [large, small] = [registry.open(() => {}), registry.open(() => {})];
  large.append([{ type: "text-delta", text: "x".repeat(9_600) }]);
  finish(large);
  await settled();
  assert.equal(registry.find(large.ref), large);
  finish(small);
  await settled();
  checkGone(registry, large.ref);
  assert.equal(registry.find(small.ref), small);
  registry.close();
});

test("ended streams are let go past an age, running ones are not", async () => {
  let now = 0;
  const registry = new StreamRegistry({ ...keptLimits, ageMs: 1000 }, () => now);
  const [ended, running] = [registry.open(() => {}), registry.open(() => {})];
  finish(ended);
  await settled();
  now = 999;
  assert.equal(registry.find(ended.ref), ended);
  now = 1000;
  checkGone(registry, ended.ref);
  assert.equal(registry.find(running.ref), running);
  registry.close();
});

test("cancelling waits for the end of the answer and tells whether it was cancelled", async () => {
  const registry = new StreamRegistry();
  let asked = 0;
  const log = registry.open(() => {
    asked += 1;
    setImmediate(() => finish(log, "cancelled"));
  });
  assert.equal(await registry.cancel(log.ref), true);
  assert.equal(asked, 1);
  assert.equal(log.ended, true);
  assert.equal(await registry.cancel(log.ref), false);
  assert.equal(asked, 1);
  registry.close();
});

test("an answer that completes while it is being cancelled was not cancelled", async () => {
  const registry = new StreamRegistry();
  const log = registry.open(() => finish(log, "complete"));
  assert.equal(await registry.cancel(log.ref), false);
  registry.close();
});
