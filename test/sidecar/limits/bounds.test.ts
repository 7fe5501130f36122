// How many may run at an endpoint at most belongs to who asks; what is learned of it belongs to all.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Place } from "../../../sidecar/limits/place.ts";
import { EndpointLimiter } from "../../../sidecar/limits/endpoint-limiter.ts";
import { acquire } from "./acquire.ts";
import { HeldClock } from "./held-clock.ts";
import { asks, held, policy, refusal, settled, taken } from "./held-limiter.ts";

describe("a limiter that is asked with a bound", () => {
  it("lets somebody with a bound begin only while fewer run there, whoever's they are, and nobody of its class before it", async () => {
    const limiter = new EndpointLimiter(64, { start: 4 });
    const narrow = limiter.within(() => 2);
    const wide = [taken(limiter), taken(limiter), taken(limiter)];
    assert.equal(narrow.tryAcquire("batch"), undefined, "three are more than two");
    const admitted: string[] = [];
    const waiting = [asks(narrow, "batch", admitted, "narrow"), asks(limiter, "batch", admitted, "wide")];
    await settled();
    assert.deepEqual(admitted, [], "nor does the one behind it begin");
    wide.pop()?.release();
    await settled();
    assert.deepEqual(admitted, []);
    wide.pop()?.release();
    await settled();
    assert.deepEqual(admitted, ["narrow", "wide"]);
    assert.deepEqual([limiter.size, limiter.active], [4, 3], "and others have what they had");
    for (const place of waiting) (await place).release();
  });

  it("lets chats with a bound go beside a batch that is full by it, and not more of them than that", () => {
    const limiter = new EndpointLimiter(64, { start: 4 });
    const narrow = limiter.within(() => 2);
    for (let batch = 0; batch < 2; batch++) assert.ok(narrow.tryAcquire("batch"));
    assert.equal(narrow.tryAcquire("batch"), undefined);
    for (let chats = 0; chats < 2; chats++) assert.ok(narrow.tryAcquire("foreground"));
    assert.equal(narrow.tryAcquire("foreground"), undefined);
  });

  it("follows a bound that is changed, also for those who wait, and takes nothing away", async () => {
    const limiter = new EndpointLimiter(64, { start: 8 });
    let bound = 1;
    const bounded = limiter.within(() => bound);
    const first = await acquire(bounded, "batch");
    const admitted: string[] = [];
    for (const name of ["a", "b", "c"]) void asks(bounded, "batch", admitted, name);
    await settled();
    assert.deepEqual(admitted, []);
    bound = 3;
    limiter.boundsChanged();
    await settled();
    assert.deepEqual(admitted, ["a", "b"]);
    bound = 1;
    first.release();
    await settled();
    assert.deepEqual([admitted, limiter.active], [["a", "b"], 2]);
  });

  it("lets those go on who waited behind somebody with a narrower bound when that one gives up", async () => {
    const limiter = new EndpointLimiter(64, { start: 4 });
    taken(limiter);
    const abort = new AbortController();
    const narrow = acquire(
      limiter.within(() => 1),
      "batch",
      abort.signal,
    );
    const admitted: string[] = [];
    const wide = asks(limiter, "batch", admitted, "wide");
    await settled();
    assert.deepEqual(admitted, []);
    abort.abort(new Error("enough"));
    await assert.rejects(narrow, { message: "enough" });
    await settled();
    assert.deepEqual(admitted, ["wide"]);
    (await wide).release();
  });

  it("learns from a crowd that is refused, also where the first of it has a narrower bound than others", () => {
    const { limiter } = held(8);
    const narrow = limiter.within(() => 2).tryAcquire("batch");
    const wide = Array.from({ length: 7 }, () => taken(limiter));
    for (const place of [narrow, ...wide]) place?.refused(refusal(), policy);
    assert.equal(limiter.size, 4);
  });

  it("goes on growing whatever bounds those have who go there", () => {
    const clock = new HeldClock();
    const limiter = new EndpointLimiter(64, { start: 4, clock });
    const narrow = limiter.within(() => 1);
    for (let round = 0; round < 4; round++) {
      const places: Place[] = [];
      for (let place = limiter.tryAcquire("batch"); place !== undefined; place = limiter.tryAcquire("batch")) places.push(place);
      clock.pass(1000);
      for (const place of places) {
        assert.equal(narrow.tryAcquire("batch"), undefined);
        place.accepted();
        place.answered();
      }
      for (const place of places) place.release();
    }
    assert.equal(limiter.size, 64);
  });
});
