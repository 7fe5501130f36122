import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EndpointLimiter } from "../../../sidecar/limits/endpoint-limiter.ts";
import type { WaitEnd } from "../../../sidecar/limits/limiter.ts";
import { acquire } from "./acquire.ts";
import { HeldClock } from "./held-clock.ts";
import { asks, settled, taken } from "./held-limiter.ts";

describe("the places that a server tells", () => {
  it("are waited for by a batch before anything of it goes out, and by no chat", async () => {
    const clock = new HeldClock();
    const told = Promise.withResolvers<number | undefined>();
    const limiter = new EndpointLimiter(64, { start: 2, clock, askPlaces: () => told.promise });
    const admitted: string[] = [];
    const ends: WaitEnd[] = [];
    const batch = ["a", "b", "c"].map((name) => asks(limiter, "batch", admitted, name));
    const fourth = acquire(limiter, "batch", undefined, (end) => ends.push(end));
    await settled();
    assert.deepEqual([admitted, ends], [[], []]);
    taken(limiter, "foreground").release();
    told.resolve(3);
    await settled();
    assert.deepEqual([admitted, ends, limiter.size, clock.timers], [["a", "b", "c"], [null], 3, 0]);
    for (const place of batch) (await place).release();
    (await fourth).release();
  });

  it("are waited for no longer than two seconds, and taken when they come later", async () => {
    const clock = new HeldClock();
    const told = Promise.withResolvers<number | undefined>();
    const limiter = new EndpointLimiter(64, { start: 2, clock, askPlaces: () => told.promise });
    const admitted: string[] = [];
    for (const name of ["a", "b", "c"]) void asks(limiter, "batch", admitted, name);
    clock.pass(1_999);
    await settled();
    assert.deepEqual(admitted, []);
    clock.pass(1);
    await settled();
    assert.deepEqual(admitted, ["a", "b"]);
    told.resolve(3);
    await settled();
    assert.deepEqual([admitted, clock.timers], [["a", "b", "c"], 0]);
  });

  it("are waited for by nobody who has been called off", async () => {
    const limiter = new EndpointLimiter(64, { askPlaces: () => new Promise(() => {}), clock: new HeldClock() });
    const abort = new AbortController();
    const waiting = acquire(limiter, "batch", abort.signal);
    await settled();
    abort.abort(new Error("stopped"));
    await assert.rejects(waiting, { message: "stopped" });
    assert.deepEqual([limiter.active, limiter.waiting], [0, 0]);
  });

  it("are asked for again, soon where they were not told, when a request has to wait", async () => {
    const clock = new HeldClock();
    const answers = [undefined, 2];
    const limiter = new EndpointLimiter(64, { start: 1, clock, askPlaces: async () => answers.shift() });
    const first = await acquire(limiter, "batch");
    const second = acquire(limiter, "batch");
    await settled();
    assert.deepEqual([limiter.size, answers.length], [1, 1]);
    clock.pass(15_000);
    const third = acquire(limiter, "batch");
    await settled();
    assert.deepEqual([limiter.size, answers.length, limiter.active], [2, 0, 2]);
    first.release();
    (await second).release();
    (await third).release();
  });

  it("are asked for again with the first answer where they were not told, and then no more often than each quarter of a minute", async () => {
    const clock = new HeldClock();
    let asked = 0;
    const askPlaces = async (): Promise<undefined> => void asked++;
    const limiter = new EndpointLimiter(64, { start: 2, clock, askPlaces });
    const chat = taken(limiter, "foreground");
    chat.accepted();
    chat.release();
    assert.equal(asked, 0, "nobody has had to wait");
    const counts: number[] = [];
    for (const ms of [0, 0, 14_999, 1, 14_999, 1]) {
      clock.pass(ms);
      const place = await acquire(limiter, "batch");
      place.accepted();
      place.accepted();
      place.release();
      await settled();
      counts.push(asked);
    }
    assert.deepEqual(counts, [2, 2, 2, 3, 3, 4]);
  });

  it("are those of a server that was loading its model, for all who wait since then", async () => {
    const clock = new HeldClock();
    const answers = [undefined, 3];
    const limiter = new EndpointLimiter(64, { start: 1, clock, askPlaces: async () => answers.shift() });
    const admitted: string[] = [];
    const batch = ["a", "b", "c", "d"].map((name) => asks(limiter, "batch", admitted, name));
    const first = await batch[0];
    assert.deepEqual(admitted, ["a"]);
    first?.accepted();
    await settled();
    assert.deepEqual([admitted, limiter.size], [["a", "b", "c"], 3]);
    for (const place of batch) (await place).release();
  });

  it("are asked for when a request has to wait, once in five minutes, and taken at once", async () => {
    const clock = new HeldClock();
    let asked = 0;
    const askPlaces = async (): Promise<number> => {
      asked++;
      return 3;
    };
    const limiter = new EndpointLimiter(64, { start: 1, clock, askPlaces });
    const first = taken(limiter, "foreground");
    assert.equal(asked, 0, "a chat did not have to wait");
    const admitted: string[] = [];
    const waiting = Array.from({ length: 4 }, (_, index) => asks(limiter, "batch", admitted, `${index}`));
    await settled();
    assert.deepEqual([asked, limiter.size, admitted.length], [1, 3, 2]);
    first.release();
    for (const place of waiting) (await place).release();
    clock.pass(5 * 60_000);
    const more = Array.from({ length: 4 }, () => acquire(limiter, "batch"));
    await settled();
    assert.equal(asked, 2);
    for (const place of more) (await place).release();
  });

  it("are done without where the server does not tell", async () => {
    const limiter = new EndpointLimiter(64, { start: 1, askPlaces: () => Promise.resolve(undefined) });
    const first = await acquire(limiter, "batch");
    const next = acquire(limiter, "batch");
    await settled();
    assert.equal(limiter.size, 1);
    first.release();
    (await next).release();
  });
});
