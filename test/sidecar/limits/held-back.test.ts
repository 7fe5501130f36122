// Places whose answers wait for their readers, who may be waiting for a place themselves.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Budget } from "../../../sidecar/limits/budget.ts";
import { EndpointLimiter } from "../../../sidecar/limits/endpoint-limiter.ts";
import { asks, settled, taken } from "./held-limiter.ts";

const never = new AbortController().signal;

describe("a place whose answer waits for its reader", () => {
  it("lets one more go out where all do, whoever asked last, until that one waits for its reader as well", async () => {
    const limiter = new EndpointLimiter(2);
    const places = [taken(limiter), taken(limiter)];
    const admitted: string[] = [];
    const [first, second, third] = ["first", "second", "third"].map((name) => asks(limiter, "batch", admitted, name));
    places[0]?.heldBack(true);
    places[0]?.heldBack(true);
    await settled();
    assert.deepEqual(admitted, [], "the other one goes on");
    places[1]?.heldBack(true);
    const beside = await third;
    await settled();
    assert.deepEqual([admitted, limiter.active], [["third"], 3]);
    beside?.heldBack(true);
    const more = await second;
    await settled();
    assert.deepEqual([admitted, limiter.active], [["third", "second"], 4]);
    for (const place of [...places, beside, more]) place?.release();
    (await first)?.release();
    assert.equal(limiter.active, 0);
  });

  it("counts as any other once it is read on, or was released", async () => {
    const limiter = new EndpointLimiter(1);
    const place = taken(limiter);
    place.heldBack(true);
    place.heldBack(false);
    assert.equal(limiter.tryAcquire("batch"), undefined);
    place.heldBack(true);
    const beside = taken(limiter);
    place.release();
    place.heldBack(true);
    assert.equal(limiter.tryAcquire("batch"), undefined, "one runs that nobody holds back");
    beside.release();
    assert.equal(limiter.active, 0);
    taken(limiter).release();
  });

  it("lets whoever has begun go before who begins, and no chat wait for it", async () => {
    const limiter = new EndpointLimiter(1);
    const admitted: string[] = [];
    const place = taken(limiter);
    const begins = asks(limiter, "batch", admitted, "begins");
    const wait = limiter.wait("batch", never, String, "begun");
    assert.equal((await wait.next()).done, false);
    const begun = wait.next();
    place.heldBack(true);
    const step = await begun;
    assert.ok(step.done === true && step.value !== undefined);
    taken(limiter, "foreground").release();
    assert.deepEqual(admitted, []);
    for (const one of [place, step.value]) one.release();
    (await begins).release();
    assert.equal(limiter.active, 0);
  });
});

describe("a reservation whose answer waits for its reader", () => {
  const need = { inputTokens: 10, outputTokens: undefined, tariff: undefined, model: "scripted/m" };

  it("is not waited for where nobody knows yet how long answers are", async () => {
    const budget = new Budget({ tokens: 100_000 });
    const open = [1, 2, 3, 4].map(() => budget.tryReserve(need));
    const waits = budget.reserve(need, never);
    open[0]?.heldBack(true);
    const fifth = await waits;
    assert.equal(budget.tryReserve(need), undefined, "four go on");
    open[0]?.heldBack(false);
    fifth.heldBack(true);
    assert.equal(budget.tryReserve(need), undefined, "four go on");
  });

  it("leaves out what has room beside it alone, and has the rest refused, without ending the run", async () => {
    const budget = new Budget({ tokens: 100 });
    const large = { ...need, outputTokens: 50 };
    const held = budget.tryReserve(large);
    const waits = budget.reserve(large, never);
    held?.heldBack(true);
    await assert.rejects(waits, { providerCode: "larger-than-budget" });
    const small = budget.tryReserve({ ...need, outputTokens: 30 });
    assert.ok(small !== undefined);
    assert.equal(budget.exhausted.aborted, false);
    held?.settle({ inputTokens: 10, outputTokens: 1 });
    assert.equal(budget.tryReserve({ ...large }), undefined, "the small one goes on");
    small.settle({ inputTokens: 10, outputTokens: 1 });
    assert.ok(budget.tryReserve(large) !== undefined);
  });
});
