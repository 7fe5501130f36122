// Places whose holders wait for other requests before their own can be sent.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EndpointLimiter } from "../../../sidecar/limits/endpoint-limiter.ts";
import { held, policy, refusal, settled, taken } from "./held-limiter.ts";

const never = new AbortController().signal;

describe("a parked place", () => {
  it("is free for what has begun, and not for what would begin, until it is released", () => {
    const limiter = new EndpointLimiter(2);
    const [parked, active] = [taken(limiter), taken(limiter)];
    assert.equal(limiter.tryAcquire("batch", "begun"), undefined, "both are active");
    parked.park();
    assert.deepEqual([parked.isParked, limiter.active, limiter.parked], [true, 1, 1]);
    assert.equal(limiter.tryAcquire("batch"), undefined);
    const begun = limiter.tryAcquire("batch", "begun");
    assert.ok(begun !== undefined);
    assert.equal(limiter.tryAcquire("batch", "begun"), undefined, "no more than two are ever active");
    for (const place of [active, begun]) place.release();
    assert.ok(limiter.tryAcquire("batch"));
    assert.equal(limiter.tryAcquire("batch"), undefined);
    parked.release();
    parked.release();
    assert.equal(limiter.parked, 0);
    assert.ok(limiter.tryAcquire("batch"));
  });

  it("of a batch keeps no chat from beginning; of a chat it does", () => {
    for (const [workClass, expected] of [
      ["batch", true],
      ["foreground", false],
    ] as const) {
      const limiter = new EndpointLimiter(1);
      taken(limiter, workClass).park();
      assert.equal(limiter.tryAcquire("foreground") !== undefined, expected);
      assert.equal(limiter.tryAcquire("batch"), undefined);
    }
  });

  it("lets what has begun come before all that waited earlier of its class, also within a narrower bound", async () => {
    const limiter = new EndpointLimiter(3);
    const places = [taken(limiter), taken(limiter), taken(limiter)];
    const admitted: string[] = [];
    const asks = async (
      name: string,
      ...how: readonly ["begins" | "begun", () => number] | readonly ["begins" | "begun"]
    ): Promise<void> => {
      const [standing, bound] = how;
      const wait = limiter.wait("batch", never, String, standing, bound);
      for (let step = await wait.next(); ; step = await wait.next()) {
        if (step.done !== true) continue;
        admitted.push(name);
        step.value.release();
        return;
      }
    };
    const all = [asks("begins", "begins"), asks("begun", "begun", () => 2), asks("begun later", "begun")];
    places[0]?.release();
    await settled();
    assert.deepEqual(admitted, [], "two run, and nobody comes before who is bound to two");
    assert.equal(limiter.tryAcquire("batch", "begun"), undefined);
    places[1]?.release();
    await Promise.all(all);
    assert.deepEqual(admitted, ["begun", "begun later", "begins"]);
    assert.equal(limiter.waiting, 0);
  });

  it("is left out of those that are without an answer, and tells nothing more of itself", () => {
    const { limiter, clock } = held(4);
    const all = Array.from({ length: 4 }, () => taken(limiter));
    all[0]?.refused(refusal(1000), policy);
    for (const place of all) place.release();
    clock.pass(1000);
    const first = taken(limiter);
    assert.equal(limiter.tryAcquire("batch", "begun"), undefined, "after a wait one goes out first");
    first.park();
    assert.ok(limiter.tryAcquire("batch", "begun"));
    first.refused(refusal(), policy);
    first.accepted();
    assert.equal(limiter.size, 2);
    assert.equal(limiter.tryAcquire("batch", "begun"), undefined, "the second one has no answer yet");
  });
});
