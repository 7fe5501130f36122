import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Place } from "../../../sidecar/limits/place.ts";
import { EndpointLimiter } from "../../../sidecar/limits/endpoint-limiter.ts";
import type { WaitEnd } from "../../../sidecar/limits/limiter.ts";
import { acquire } from "./acquire.ts";
import { HeldClock, noChance } from "./held-clock.ts";
import { asks, held, policy, refusal, settled, taken } from "./held-limiter.ts";

const never = new AbortController().signal;

describe("the limiter of an endpoint", () => {
  it("gives as many places as its size and no more", () => {
    const limiter = new EndpointLimiter(2);
    assert.ok(limiter.tryAcquire("batch"));
    assert.ok(limiter.tryAcquire("batch"));
    assert.equal(limiter.tryAcquire("batch"), undefined);
    assert.equal(limiter.active, 2);
  });

  it("admits those who wait in the order in which they came", async () => {
    const limiter = new EndpointLimiter(1);
    const first = await acquire(limiter, "batch");
    const admitted: string[] = [];
    const waiting = ["a", "b", "c"].map((name) => asks(limiter, "batch", admitted, name));
    first.release();
    for (const place of waiting) (await place).release();
    assert.deepEqual(admitted, ["a", "b", "c"]);
    assert.equal(limiter.active, 0);
  });

  it("keeps one place beside a batch for the foreground, also at size 1", () => {
    const limiter = new EndpointLimiter(1);
    assert.ok(limiter.tryAcquire("batch"));
    assert.ok(limiter.tryAcquire("foreground"));
    assert.equal(limiter.tryAcquire("foreground"), undefined);
    assert.equal(limiter.tryAcquire("batch"), undefined);
  });

  it("never exceeds its size for foreground work alone", () => {
    const limiter = new EndpointLimiter(2);
    assert.ok(limiter.tryAcquire("foreground"));
    assert.ok(limiter.tryAcquire("foreground"));
    assert.equal(limiter.tryAcquire("foreground"), undefined);
  });

  it("admits waiting foreground work before batch work that came earlier", async () => {
    const limiter = new EndpointLimiter(1);
    const batch = await acquire(limiter, "batch");
    const chat = await acquire(limiter, "foreground");
    const admitted: string[] = [];
    const later = [asks(limiter, "batch", admitted, "batch"), asks(limiter, "foreground", admitted, "chat")];
    batch.release();
    await settled();
    assert.deepEqual(admitted, [], "the one place is still taken by the first chat");
    chat.release();
    await settled();
    assert.deepEqual(admitted, ["chat"]);
    (await later[1])?.release();
    (await later[0])?.release();
    assert.deepEqual(admitted, ["chat", "batch"]);
  });

  it("lets go of a waiter whose signal is aborted, and serves the next one", async () => {
    const limiter = new EndpointLimiter(1);
    const place = await acquire(limiter, "batch");
    const abort = new AbortController();
    const given = acquire(limiter, "batch", abort.signal);
    const admitted: string[] = [];
    const next = asks(limiter, "batch", admitted, "next");
    abort.abort(new Error("stopped"));
    await assert.rejects(given, { message: "stopped" });
    assert.equal(limiter.waiting, 1);
    place.release();
    (await next).release();
    assert.deepEqual([limiter.active, limiter.waiting], [0, 0]);
  });

  it("refuses a signal that was aborted before", async () => {
    const limiter = new EndpointLimiter(1);
    await assert.rejects(limiter.wait("batch", AbortSignal.abort(new Error("before")), String).next(), { message: "before" });
    assert.equal(limiter.active, 0);
  });

  it("takes a place back once, however often it is released", async () => {
    const limiter = new EndpointLimiter(1);
    const place = await acquire(limiter, "batch");
    place.release();
    place.release();
    assert.equal(limiter.active, 0);
    assert.ok(limiter.tryAcquire("batch"));
    assert.equal(limiter.tryAcquire("batch"), undefined);
  });

  it("admits those who wait when it grows", async () => {
    const limiter = new EndpointLimiter(4, { start: 1, askPlaces: () => Promise.resolve(2) });
    await acquire(limiter, "batch");
    await acquire(limiter, "batch");
    assert.deepEqual([limiter.active, limiter.tryAcquire("batch")], [2, undefined]);
  });

  it("stays correct through thousands of waiters of which every other one is aborted", async () => {
    const limiter = new EndpointLimiter(3);
    let running = 0;
    let most = 0;
    let served = 0;
    const abort = new AbortController();
    const work = Array.from({ length: 4000 }, async (_, index) => {
      const place = await acquire(limiter, "batch", index % 2 === 0 ? never : abort.signal).catch(() => null);
      if (place === null) return;
      most = Math.max(most, ++running);
      await settled();
      running--;
      served++;
      place.release();
    });
    abort.abort();
    await Promise.all(work);
    assert.equal(most, 3);
    assert.ok(served >= 2000 && served <= 2003, `${served} were served`);
    assert.deepEqual([limiter.active, limiter.waiting], [0, 0]);
  });
});

describe("a limiter that is refused", () => {
  it("halves once for all requests that were under way together, and again for one that went out after", () => {
    const { clock, limiter } = held(8);
    const crowd = Array.from({ length: 8 }, () => taken(limiter));
    for (const place of crowd) place.refused(refusal(), policy);
    assert.equal(limiter.size, 4);
    for (const place of crowd) place.release();
    clock.pass(500);
    const next = taken(limiter);
    next.accepted();
    taken(limiter).accepted();
    taken(limiter).accepted();
    next.refused(refusal(), policy);
    assert.equal(limiter.size, 1, "three were under way");
  });

  it("tells everybody who waits the one end that the provider named, and lets nobody through before it", async () => {
    const { clock, limiter } = held(2);
    const running = [taken(limiter), taken(limiter)];
    const told: WaitEnd[][] = [[], [], []];
    const admitted: number[] = [];
    const waiting = told.map((ends, index) =>
      acquire(limiter, "batch", never, (end) => ends.push(end)).then((place) => {
        admitted.push(index);
        return place;
      }),
    );
    await settled();
    clock.pass(100);
    for (const place of running) {
      place.refused(refusal(7_000), policy);
      place.release();
    }
    await settled();
    assert.deepEqual(told, [
      [null, 7_000],
      [null, 7_000],
      [null, 7_000],
    ]);
    clock.pass(6_999);
    await settled();
    assert.deepEqual([admitted, limiter.active], [[], 0]);
    clock.pass(1);
    await settled();
    assert.deepEqual(admitted, [0], "one at first");
    assert.deepEqual(told[2], [null, 7_000, null], "the others wait for places again");
    (await waiting[0])?.release();
    await settled();
    assert.deepEqual(admitted, [0, 1]);
    (await waiting[1])?.release();
    (await waiting[2])?.release();
    assert.equal(clock.timers, 0);
  });

  it("lets twice as many go out with each round that is accepted after the wait, up to its size", () => {
    const { clock, limiter } = held(16);
    const crowd = Array.from({ length: 16 }, () => taken(limiter));
    crowd[0]?.refused(refusal(1_000), policy);
    for (const place of crowd) place.release();
    clock.pass(1_000);
    const rounds: number[] = [];
    for (let round = 0; round < 4; round++) {
      const places: Place[] = [];
      for (let place = limiter.tryAcquire("batch"); place !== undefined; place = limiter.tryAcquire("batch")) places.push(place);
      rounds.push(places.length);
      for (const place of places) place.accepted();
      for (const place of places) place.release();
    }
    assert.deepEqual(rounds, [1, 2, 4, 8]);
    assert.equal(limiter.size, 8);
  });

  it("does not count what was accepted before the refusal for a sign that it is over", () => {
    const { clock, limiter } = held(8);
    const crowd = Array.from({ length: 8 }, () => taken(limiter));
    crowd[0]?.refused(refusal(1_000), policy);
    for (const place of crowd) place.accepted();
    for (const place of crowd) place.release();
    clock.pass(1_000);
    assert.ok(limiter.tryAcquire("batch"));
    assert.equal(limiter.tryAcquire("batch"), undefined);
  });

  it("waits longer when a later refusal of the same crowd names a later time", () => {
    const { clock, limiter } = held(2);
    const [a, b] = [taken(limiter), taken(limiter)];
    a.refused(refusal(1_000), policy);
    b.refused(refusal(5_000), policy);
    a.release();
    b.release();
    clock.pass(4_999);
    assert.equal(limiter.tryAcquire("foreground"), undefined);
    clock.pass(1);
    assert.ok(limiter.tryAcquire("foreground"));
  });

  it("lets a chat go first when the wait is over, also while the first of a batch has no answer yet", async () => {
    const { clock, limiter } = held(4);
    const first = taken(limiter);
    first.refused(refusal(1_000), policy);
    first.release();
    const admitted: string[] = [];
    const waiting = [
      asks(limiter, "batch", admitted, "batch"),
      asks(limiter, "batch", admitted, "batch"),
      asks(limiter, "foreground", admitted, "chat"),
    ];
    await settled();
    assert.deepEqual(admitted, [], "a chat waits too where the provider names the time");
    clock.pass(1_000);
    await settled();
    assert.deepEqual(admitted, ["chat"]);
    (await waiting[2])?.release();
    await settled();
    assert.deepEqual(admitted, ["chat", "batch"]);
    assert.ok(limiter.tryAcquire("foreground"), "another chat need not wait for the batch to be accepted");
    assert.equal(limiter.tryAcquire("batch"), undefined);
  });

  it("waits a guessed time where none is named, longer with each refusal in a row, and lets chats through meanwhile", () => {
    const { clock, limiter } = held(4);
    const waits: number[] = [];
    for (let refusals = 0; refusals < 9; refusals++) {
      const place = taken(limiter);
      place.refused(refusal(), policy);
      place.release();
      taken(limiter, "foreground").release();
      let waited = 0;
      let free = limiter.tryAcquire("batch");
      for (; free === undefined; free = limiter.tryAcquire("batch")) {
        clock.pass(100);
        waited += 100;
      }
      free.release();
      waits.push(waited);
    }
    assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it("fails a wait over the cap at once for everybody who waits, with the time that is left, and for a batch that comes later", async () => {
    const { clock, limiter } = held(1);
    const place = taken(limiter);
    const waiting = [acquire(limiter, "batch"), acquire(limiter, "batch")];
    const failures = Promise.allSettled(waiting);
    await settled();
    place.refused(refusal(3_600_000), policy);
    place.release();
    for (const failure of await failures) {
      assert.ok(failure.status === "rejected");
      assert.deepEqual([failure.reason.kind, failure.reason.retryAfterMs], ["rate-limit", 3_600_000]);
    }
    assert.deepEqual([limiter.waiting, limiter.active, clock.timers], [0, 0, 0]);
    clock.pass(600_000);
    await assert.rejects(acquire(limiter, "batch"), { name: "ProviderError", retryAfterMs: 3_000_000, message: "slow down" });
    const chat = taken(limiter, "foreground");
    chat.accepted();
    chat.release();
    taken(limiter, "batch").release();
  });

  it("asks again by itself when a wait over the cap has passed", async () => {
    const { clock, limiter } = held(1);
    const place = taken(limiter);
    place.refused(refusal(3_600_000), policy);
    place.release();
    clock.pass(3_600_000);
    taken(limiter).release();
  });

  it("admits nobody for as long as an answer said that nothing is left of a limit", async () => {
    const { clock, limiter } = held(4);
    const first = taken(limiter);
    first.accepted(2_500);
    const ends: WaitEnd[] = [];
    const next = acquire(limiter, "foreground", never, (end) => ends.push(end));
    await settled();
    assert.deepEqual(ends, [2_500]);
    assert.equal(limiter.size, 4, "nothing was refused");
    clock.pass(2_500);
    (await next).release();
    assert.equal(clock.timers, 0);
  });

  it("has no timer when the last one who waited has gone", async () => {
    const { clock, limiter } = held(1);
    const place = taken(limiter);
    place.refused(refusal(10_000), policy);
    place.release();
    const abort = new AbortController();
    const waiting = Array.from({ length: 500 }, () => acquire(limiter, "batch", abort.signal));
    await settled();
    assert.equal(clock.timers, 1);
    abort.abort(new Error("enough"));
    const left = await Promise.allSettled(waiting);
    assert.ok(left.every(({ status }) => status === "rejected"));
    assert.deepEqual([clock.timers, limiter.waiting], [0, 0]);
  });

  it("lets nobody wait on whose wait ends while it is looked at", async () => {
    for (let looks = 0; looks < 12; looks++) {
      const clock = new HeldClock();
      const limiter = new EndpointLimiter(1, { start: 1, clock, random: noChance });
      const place = taken(limiter);
      place.refused(refusal(1000), policy);
      place.release();
      clock.pass(999);
      clock.passAfter(looks, 1);
      const next = acquire(limiter, "batch");
      await settled();
      clock.pass(2000);
      await settled();
      assert.equal(limiter.active, 1, `after ${looks} looks`);
      (await next).release();
    }
  });

  it("gives a place that came too late for its reader to the next one", async () => {
    const { limiter } = held(1);
    const place = taken(limiter);
    const wait = limiter.wait("batch", never, String);
    await wait.next();
    const next = acquire(limiter, "batch");
    await settled();
    place.release();
    await settled();
    assert.equal(limiter.active, 1, "the first in the line has it");
    await wait.return(place);
    (await next).release();
    assert.equal(limiter.active, 0);
  });
});
