import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SharedWait } from "../../../sidecar/limits/shared-wait.ts";
import type { ErrorInfo } from "../../../sidecar/types.ts";

const policy = { baseMs: 500, capMs: 60_000, batchRefusals: 8 };

function refusal(retryAfterMs?: number): ErrorInfo {
  const words = { kind: "rate-limit", message: "slow down", phase: "before-headers", retryable: true, status: 429 } as const;
  return { ...words, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** When a batch may go on after each of three refusals at the time 0, and when a chat may after the last one. */
function endsAfter(error: ErrorInfo): readonly (number | undefined)[] {
  const wait = new SharedWait(() => 0);
  const ends = [1, 2, 3].map(() => {
    wait.refused(0, error, policy, true);
    return wait.end("batch", 0);
  });
  return [...ends, wait.end("foreground", 0)];
}

describe("The wait of an endpoint", () => {
  it("is for a batch no shorter where the provider names a time of no length than where it names none, and grows alike", () => {
    assert.deepEqual(endsAfter(refusal()), [250, 500, 1000, undefined]);
    assert.deepEqual(endsAfter(refusal(0)), [250, 500, 1000, undefined]);
  });

  it("is as long as the provider names where that is longer, for a chat too", () => {
    assert.deepEqual(endsAfter(refusal(700)), [700, 700, 1000, 700]);
  });

  it("is lengthened once by a crowd that was refused together", () => {
    const wait = new SharedWait(() => 0);
    for (const first of [true, false, false]) wait.refused(0, refusal(0), policy, first);
    assert.equal(wait.end("batch", 0), 250);
  });
});
