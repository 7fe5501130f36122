import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Limiter, type Place } from "../../sidecar/limiter.ts";

const never = new AbortController().signal;

/** Asks for a place and notes when it comes. */
function asks(limiter: Limiter, workClass: "foreground" | "batch", admitted: string[], name: string): Promise<Place> {
  return limiter.acquire(workClass, never).then((place) => {
    admitted.push(name);
    return place;
  });
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the limiter of an endpoint", () => {
  it("gives as many places as its size and no more", () => {
    const limiter = new Limiter(2);
    assert.ok(limiter.tryAcquire("batch"));
    assert.ok(limiter.tryAcquire("batch"));
    assert.equal(limiter.tryAcquire("batch"), undefined);
    assert.equal(limiter.active, 2);
  });

  it("admits those who wait in the order in which they came", async () => {
    const limiter = new Limiter(1);
    const first = await limiter.acquire("batch", never);
    const admitted: string[] = [];
    const waiting = ["a", "b", "c"].map((name) => asks(limiter, "batch", admitted, name));
    first.release();
    for (const place of waiting) (await place).release();
    assert.deepEqual(admitted, ["a", "b", "c"]);
    assert.equal(limiter.active, 0);
  });

  it("keeps one place beside a batch for the foreground, also at size 1", () => {
    const limiter = new Limiter(1);
    assert.ok(limiter.tryAcquire("batch"));
    assert.ok(limiter.tryAcquire("foreground"));
    assert.equal(limiter.tryAcquire("foreground"), undefined);
    assert.equal(limiter.tryAcquire("batch"), undefined);
  });

  it("never exceeds its size for foreground work alone", () => {
    const limiter = new Limiter(2);
    assert.ok(limiter.tryAcquire("foreground"));
    assert.ok(limiter.tryAcquire("foreground"));
    assert.equal(limiter.tryAcquire("foreground"), undefined);
  });

  it("admits waiting foreground work before batch work that came earlier", async () => {
    const limiter = new Limiter(1);
    const batch = await limiter.acquire("batch", never);
    const chat = await limiter.acquire("foreground", never);
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
    const limiter = new Limiter(1);
    const place = await limiter.acquire("batch", never);
    const abort = new AbortController();
    const given = limiter.acquire("batch", abort.signal);
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
    const limiter = new Limiter(1);
    await assert.rejects(limiter.acquire("batch", AbortSignal.abort(new Error("before"))), { message: "before" });
    assert.equal(limiter.active, 0);
  });

  it("takes a place back once, however often it is released", async () => {
    const limiter = new Limiter(1);
    const place = await limiter.acquire("batch", never);
    place.release();
    place.release();
    assert.equal(limiter.active, 0);
    assert.ok(limiter.tryAcquire("batch"));
    assert.equal(limiter.tryAcquire("batch"), undefined);
  });

  it("admits those who wait when it grows, and takes nothing away when it shrinks", async () => {
    const limiter = new Limiter(1);
    await limiter.acquire("batch", never);
    const waiting = limiter.acquire("batch", never);
    limiter.resize(2);
    await waiting;
    limiter.resize(1);
    assert.equal(limiter.active, 2);
    assert.equal(limiter.tryAcquire("batch"), undefined);
  });

  it("stays correct through thousands of waiters of which every other one is aborted", async () => {
    const limiter = new Limiter(3);
    let running = 0;
    let most = 0;
    let served = 0;
    const abort = new AbortController();
    const work = Array.from({ length: 4000 }, async (_, index) => {
      const place = await limiter.acquire("batch", index % 2 === 0 ? never : abort.signal).catch(() => null);
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
