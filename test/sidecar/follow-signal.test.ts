import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { followSignal } from "../../sidecar/abort.ts";

describe("a signal that many follow", () => {
  it("has one listener as long as anybody follows it, and none afterwards", () => {
    const { signal } = new AbortController();
    const ends = [1, 2, 3].map(() => followSignal(signal, () => {}));
    assert.equal(getEventListeners(signal, "abort").length, 1);
    for (const end of ends.slice(1)) end();
    assert.equal(getEventListeners(signal, "abort").length, 1);
    ends[0]?.();
    assert.equal(getEventListeners(signal, "abort").length, 0);
    followSignal(signal, () => {});
    assert.equal(getEventListeners(signal, "abort").length, 1);
  });

  it("tells each of those that follow it then, once and in order, and nobody who leaves while it does", () => {
    const abort = new AbortController();
    const told: string[] = [];
    const ends: (() => void)[] = [];
    followSignal(abort.signal, () => {
      told.push("first");
      for (const end of ends) end();
    });
    followSignal(abort.signal, () => told.push("second"));
    ends.push(followSignal(abort.signal, () => told.push("third")));
    abort.abort();
    abort.abort();
    assert.deepEqual(told, ["first", "second"]);
  });
});
