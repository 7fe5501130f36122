import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Failure } from "../../../sidecar/failure.ts";
import { EventLog } from "../../../sidecar/streams/event-log.ts";
import { Pump, pumpLimits, type PumpLimits } from "../../../sidecar/streams/pump.ts";
import type { StreamEvent } from "../../../sidecar/types.ts";

/** A connection that takes everything and remembers it. */
class Connection {
  readonly sent: { readonly reader: string; readonly events: readonly StreamEvent[] }[] = [];
  /** While set, a send is taken but not completed. */
  blocked: Promise<void> | undefined;
  readonly pump: Pump;

  constructor(limits: Partial<PumpLimits> = {}) {
    this.pump = new Pump(
      async (reader, events) => {
        this.sent.push({ reader, events });
        await this.blocked;
      },
      { ...pumpLimits, ...limits },
    );
  }

  numbers(reader: string): number[] {
    return this.sent.filter((batch) => batch.reader === reader).flatMap((batch) => batch.events.map((event) => event.seq));
  }

  acknowledgeAll(): void {
    for (const { reader, events } of this.sent) this.pump.acknowledge(reader, events.at(-1)?.seq ?? 0);
  }

  /** Lets turns of the event loop pass until nothing more is sent. */
  async settle(): Promise<void> {
    for (let before = -1; before !== this.sent.length; await nextTurn(), await nextTurn(), await nextTurn()) before = this.sent.length;
  }
}

/** A bound may be passed by the last event that was taken, since an event is never cut. */
const oneEvent = 100;

const newLog = (): EventLog => new EventLog({ stream: "s", epoch: "e" });
const delta = (text = "x"): { readonly type: "text-delta"; readonly text: string } => ({ type: "text-delta", text });
const deltas = (count: number, text = "x"): { readonly type: "text-delta"; readonly text: string }[] =>
  Array.from({ length: count }, () => delta(text));
const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, index) => first + index);

function end(log: EventLog): void {
  const timings = { firstTokenMs: null, totalMs: 0 };
  log.append([{ type: "end", status: "complete", finishReason: "stop", rawFinishReason: "stop", usage: null, timings }]);
}

test("the first event leaves at once, the rest of the turn together in the next", async () => {
  const connection = new Connection();
  const log = newLog();
  connection.pump.attach("r", log, 0);
  await connection.settle();
  log.append([delta("a")]);
  assert.deepEqual(connection.numbers("r"), [1]);
  log.append([delta("b")]);
  log.append([delta("c")]);
  assert.deepEqual(connection.numbers("r"), [1]);
  await connection.settle();
  assert.deepEqual(
    connection.sent.map((batch) => batch.events.map((event) => event.seq)),
    [[1], [2, 3]],
  );
  log.append([delta("d")]);
  assert.deepEqual(connection.numbers("r"), [1, 2, 3, 4]);
});

test("attaching reads on after the cursor, never before the turn in which it was asked for has passed", async () => {
  const connection = new Connection();
  const log = newLog();
  log.append(deltas(3));
  assert.deepEqual(connection.pump.attach("r", log, 1), { lastSeq: 3, ended: false });
  log.append(deltas(1));
  assert.deepEqual(connection.sent, []);
  await connection.settle();
  assert.deepEqual(connection.numbers("r"), [2, 3, 4]);
});

test("two readers of one log each get all of it", async () => {
  const connection = new Connection();
  const log = newLog();
  connection.pump.attach("one", log, 0);
  log.append(deltas(5));
  await connection.settle();
  connection.pump.attach("two", log, 0);
  log.append(deltas(5));
  await connection.settle();
  assert.deepEqual(connection.numbers("one"), upTo(10));
  assert.deepEqual(connection.numbers("two"), upTo(10));
});

test("thousands of events arrive in order, none left out, in batches under the bound", async () => {
  const connection = new Connection({ batch: 1000, unacknowledgedByReader: 1e6 });
  const log = newLog();
  connection.pump.attach("r", log, 0);
  for (let round = 0; round < 50; round += 1) {
    log.append(deltas(100, `token ${round}`));
    if (round % 7 === 0) await nextTurn();
  }
  await connection.settle();
  assert.deepEqual(connection.numbers("r"), upTo(5000));
  for (const { events } of connection.sent) {
    assert.ok(log.bytesBetween((events[0]?.seq ?? 1) - 1, events.at(-1)?.seq ?? 0) <= 1000);
  }
});

test("a long backlog does not hold up a short one: readers take turns", async () => {
  const connection = new Connection({ batch: 500 });
  const [long, short] = [newLog(), newLog()];
  long.append(deltas(1000));
  connection.pump.attach("long", long, 0);
  connection.pump.attach("short", short, 0);
  short.append(deltas(20));
  await connection.settle();
  const lastShort = connection.sent.findLastIndex((batch) => batch.reader === "short");
  const shortBatches = connection.sent.filter((batch) => batch.reader === "short").length;
  assert.deepEqual(connection.numbers("short"), upTo(20));
  assert.ok(shortBatches > 1);
  // One batch of the long one for each of the short one, and one more at most.
  assert.ok(lastShort <= 2 * shortBatches, `the last batch of the short one came as number ${lastShort}`);
  assert.deepEqual(connection.numbers("long"), upTo(1000));
});

test("what a reader has not acknowledged is bounded, and goes on with each acknowledgement", async () => {
  const connection = new Connection({ batch: 500, unacknowledgedByReader: 2000 });
  const log = newLog();
  log.append(deltas(500));
  connection.pump.attach("r", log, 0);
  await connection.settle();
  const before = connection.numbers("r").length;
  assert.ok(before > 10 && before < 100, `${before} were sent`);
  assert.ok(connection.pump.unacknowledged <= 2000 + oneEvent);
  connection.pump.acknowledge("r", before);
  await connection.settle();
  assert.ok(connection.numbers("r").length > before);
  while (connection.numbers("r").length < 500) {
    connection.acknowledgeAll();
    await connection.settle();
  }
  assert.deepEqual(connection.numbers("r"), upTo(500));
});

test("a stalled reader costs one cursor: nothing is sent to it, and the others go on", async () => {
  const connection = new Connection({ batch: 500, unacknowledgedByReader: 1000 });
  const [stalled, lively] = [newLog(), newLog()];
  connection.pump.attach("stalled", stalled, 0);
  connection.pump.attach("lively", lively, 0);
  for (let round = 0; round < 100; round += 1) {
    stalled.append(deltas(20));
    lively.append(deltas(2));
    await connection.settle();
    connection.pump.acknowledge("lively", connection.numbers("lively").at(-1) ?? 0);
  }
  assert.deepEqual(connection.numbers("lively"), upTo(200));
  const received = connection.numbers("stalled").length;
  assert.ok(stalled.bytesBetween(0, received) <= 1000 + oneEvent);
  connection.pump.acknowledge("stalled", received);
  await connection.settle();
  assert.ok(connection.numbers("stalled").length > received);
});

test("readers that stall and fill the connection do not stop one that acknowledges", async () => {
  const connection = new Connection({ batch: 500, smallBatch: 200, unacknowledgedByReader: 1000, unacknowledged: 3000 });
  for (const name of ["a", "b", "c", "d"]) {
    const log = newLog();
    log.append(deltas(200));
    connection.pump.attach(name, log, 0);
  }
  await connection.settle();
  assert.ok(connection.pump.unacknowledged >= 3000 && connection.pump.unacknowledged <= 3000 + 200 + oneEvent);
  const log = newLog();
  log.append(deltas(50));
  connection.pump.attach("lively", log, 0);
  await connection.settle();
  assert.ok(connection.numbers("lively").length > 1, "not even a small batch was sent");
  let received = 0;
  while (received < 50) {
    await connection.settle();
    assert.ok(connection.numbers("lively").length > received, "the lively reader stands still");
    received = connection.numbers("lively").length;
    connection.pump.acknowledge("lively", received);
  }
  // Once a stalled one is gone, its share is there for the others.
  const held = connection.numbers("b").length;
  connection.pump.detach("a");
  connection.acknowledgeAll();
  await connection.settle();
  assert.ok(connection.numbers("b").length > held);
});

test("readers held back by a full connection go on when another one leaves room", async () => {
  const connection = new Connection({ batch: 1000, smallBatch: 100, unacknowledgedByReader: 1000, unacknowledged: 1000 });
  const [first, second] = [newLog(), newLog()];
  first.append(deltas(15));
  second.append(deltas(60));
  connection.pump.attach("first", first, 0);
  connection.pump.attach("second", second, 0);
  await connection.settle();
  const held = connection.numbers("second").length;
  assert.ok(held < 20);
  connection.pump.detach("first");
  await connection.settle();
  assert.ok(connection.numbers("second").length > held);
});

test("a send is awaited: nothing queues up behind a connection that takes nothing", async () => {
  const connection = new Connection();
  const { promise, resolve } = Promise.withResolvers<void>();
  connection.blocked = promise;
  const log = newLog();
  connection.pump.attach("r", log, 0);
  await connection.settle();
  for (let round = 0; round < 20; round += 1) {
    log.append(deltas(10));
    await nextTurn();
  }
  assert.equal(connection.sent.length, 1);
  connection.blocked = undefined;
  resolve();
  await connection.settle();
  assert.equal(connection.sent.length, 2);
  assert.deepEqual(connection.numbers("r"), upTo(200));
});

test("a reader is closed when its end was acknowledged, and not before", async () => {
  const connection = new Connection();
  const log = newLog();
  connection.pump.attach("r", log, 0);
  log.append(deltas(2));
  end(log);
  await connection.settle();
  connection.pump.acknowledge("r", 2);
  assert.equal(connection.pump.readerCount, 1);
  connection.pump.acknowledge("r", 3);
  assert.equal(connection.pump.readerCount, 0);
  assert.equal(connection.pump.unacknowledged, 0);
  assert.deepEqual(connection.pump.attach("r", log, 3), { lastSeq: 3, ended: true });
  assert.equal(connection.pump.readerCount, 0);
  connection.pump.attach("r", log, 2);
  await connection.settle();
  assert.deepEqual(connection.numbers("r"), [1, 2, 3, 3]);
});

test("a detached reader gets nothing more, and the answer goes on", async () => {
  const connection = new Connection();
  const log = newLog();
  connection.pump.attach("r", log, 0);
  log.append(deltas(2));
  await connection.settle();
  connection.pump.detach("r");
  log.append(deltas(2));
  await connection.settle();
  assert.deepEqual(connection.numbers("r"), [1, 2]);
  assert.equal(log.lastSeq, 4);
  assert.equal(connection.pump.unacknowledged, 0);
});

test("acknowledgements that make no sense are passed over", async () => {
  const connection = new Connection();
  const log = newLog();
  connection.pump.attach("r", log, 0);
  log.append(deltas(3));
  await connection.settle();
  const before = connection.pump.unacknowledged;
  connection.pump.acknowledge("r", 99);
  connection.pump.acknowledge("r", -1);
  connection.pump.acknowledge("another", 1);
  assert.equal(connection.pump.unacknowledged, before);
  connection.pump.acknowledge("r", 2);
  connection.pump.acknowledge("r", 1);
  assert.equal(connection.pump.unacknowledged, log.bytesBetween(2, 3));
});

test("a name that is taken, a cursor past the end and too many readers are refused", () => {
  const connection = new Connection({ readers: 2 });
  const log = newLog();
  connection.pump.attach("a", log, 0);
  const checkRefused = (name: string, afterSeq: number, code: string): void =>
    assert.throws(
      () => connection.pump.attach(name, log, afterSeq),
      (error) => error instanceof Failure && error.code === code,
    );
  checkRefused("a", 0, "invalid-params");
  checkRefused("b", 1, "invalid-params");
  connection.pump.attach("b", log, 0);
  checkRefused("c", 0, "busy");
});

test("a pump whose connection breaks closes its readers and lets the logs go", async () => {
  const pump = new Pump(() => Promise.reject(new Error("broken pipe")));
  const log = newLog();
  pump.attach("r", log, 0);
  log.append(deltas(1));
  await nextTurn();
  await nextTurn();
  assert.equal(pump.readerCount, 0);
  assert.doesNotThrow(() => log.append(deltas(1)));
});
