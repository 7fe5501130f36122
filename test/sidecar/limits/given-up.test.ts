import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gather } from "../../../sidecar/gather.ts";
import type { Limiter } from "../../../sidecar/limits/limiter.ts";
import { ProviderError } from "../../../sidecar/providers/provider.ts";
import { answers, fails, scriptedLlm } from "../scripted-provider.ts";
import { acquire } from "./acquire.ts";
import { held, policy, refusal, settled, taken } from "./held-limiter.ts";

/** Asks until it is told that nothing goes any more, and is refused each time it is let in. */
async function refusedForEver(limiter: Limiter, refused: () => void): Promise<ProviderError> {
  for (;;) {
    let place;
    try {
      place = await acquire(limiter, "batch");
    } catch (error) {
      assert.ok(error instanceof ProviderError);
      return error;
    }
    refused();
    place.refused(refusal(), policy);
    const error = limiter.givenUp("batch");
    place.release();
    if (error !== undefined) return error;
  }
}

/** One request of a batch after the pause that the last one brought on. */
function refuseOne({ clock, limiter }: ReturnType<typeof held>): void {
  clock.pass(policy.capMs);
  const place = taken(limiter);
  place.refused(refusal(), policy);
  place.release();
}

describe("a batch at an endpoint that refuses for ever", () => {
  it("ends for a thousand items after nine refusals in a row, within the time of their pauses", async () => {
    const { clock, limiter } = held(1);
    let refusals = 0;
    const items = Array.from({ length: 1000 }, () => refusedForEver(limiter, () => refusals++));
    // Half a second, doubled each time up to a minute: what the nine refusals take together, and no more.
    let pauses = 0;
    for (const ms of [0, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]) {
      clock.pass(ms);
      await settled();
      assert.equal(refusals, ++pauses);
    }
    const errors = await Promise.all(items);
    assert.deepEqual([refusals, limiter.active, limiter.waiting, clock.timers], [9, 0, 0, 0]);
    assert.deepEqual(
      [...new Set(errors.map(({ kind, message }) => `${kind}: ${message}`))],
      ["rate-limit: Nothing was taken on for 9 times in a row, with a pause before each. slow down"],
    );
  });

  it("is told for a minute what those were told who waited, and may then try as often", () => {
    const under = held(1);
    for (let refusals = 0; refusals < 9; refusals++) refuseOne(under);
    under.clock.pass(policy.capMs - 1);
    assert.ok(under.limiter.givenUp("batch") !== undefined);
    assert.equal(under.limiter.tryAcquire("batch"), undefined);
    for (let refusals = 0; refusals < 8; refusals++) refuseOne(under);
    assert.equal(under.limiter.givenUp("batch"), undefined);
    refuseOne(under);
    assert.ok(under.limiter.givenUp("batch") !== undefined);
  });

  it("goes on where one answer came between the refusals", () => {
    const under = held(2);
    for (let refusals = 0; refusals < 8; refusals++) refuseOne(under);
    under.clock.pass(policy.capMs);
    const place = taken(under.limiter);
    place.accepted();
    place.answered();
    place.release();
    for (let refusals = 0; refusals < 8; refusals++) refuseOne(under);
    assert.equal(under.limiter.givenUp("batch"), undefined);
  });

  it("goes on where an answer that was asked for before the first refusal came between them", () => {
    const under = held(4);
    const long = taken(under.limiter);
    long.accepted();
    refuseOne(under);
    long.answered();
    long.release();
    for (let refusals = 0; refusals < 8; refusals++) refuseOne(under);
    assert.equal(under.limiter.givenUp("batch"), undefined);
  });

  it("does not end for the refusals of chats, and ends none of them", () => {
    const under = held(4);
    for (let refusals = 0; refusals < 20; refusals++) {
      const chat = taken(under.limiter, "foreground");
      chat.refused(refusal(), policy);
      chat.release();
    }
    assert.equal(under.limiter.givenUp("batch"), undefined);
    for (let refusals = 0; refusals < 9; refusals++) refuseOne(under);
    assert.ok(under.limiter.givenUp("batch") !== undefined);
    assert.equal(under.limiter.givenUp("foreground"), undefined);
    taken(under.limiter, "foreground").release();
  });

  it("has a result for each of its items, in their order", async () => {
    const retry = { retries: 2, batchRefusals: 8, baseMs: 1, capMs: 60_000, loadingMs: 1, loadingCapMs: 1000 };
    const { llm, provider } = scriptedLlm({ size: 1, endpoint: { retry } });
    provider.enqueue(answers("the first"));
    provider.otherwise(fails({ kind: "rate-limit", status: 429, retryable: true, message: "slow down" }));
    const results = await gather(Array.from({ length: 200 }, (_, index) => () => llm.generate(`${index}`)));
    assert.deepEqual(
      results.map(({ index }) => index),
      Array.from({ length: 200 }, (_, index) => index),
    );
    assert.deepEqual([results[0]?.status, results[0]?.content, provider.requests.length], ["complete", "the first", 10]);
    for (const { status, error } of results.slice(1)) {
      assert.ok(error instanceof ProviderError);
      assert.deepEqual([status, error.kind], ["error", "rate-limit"]);
      assert.match(error.message, /9 times in a row/u);
    }
  });
});
