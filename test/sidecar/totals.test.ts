import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { totalsOf } from "../../sidecar/answers/totals.ts";
import type { CostSource } from "../../sidecar/types.ts";

const cost = (amount: number): { readonly amount: number; readonly currency: "USD" } => ({ amount, currency: "USD" });

describe("what many answers took together", () => {
  it("is the sum of what each tells", () => {
    const { usage } = totalsOf([
      { usage: { inputTokens: 1, outputTokens: 2, cachedTokens: 1 } },
      { usage: { inputTokens: 10, outputTokens: 20, reasoningTokens: 5 } },
      { usage: null },
    ]);
    assert.deepEqual(usage, { inputTokens: 11, outputTokens: 22, cachedTokens: 1, reasoningTokens: 5 });
  });

  it("counts what was written into a cache", () => {
    const { usage } = totalsOf([
      { usage: { inputTokens: 9, outputTokens: 1, cacheWriteTokens: 4 } },
      { usage: { inputTokens: 9, outputTokens: 1, cacheWriteTokens: 5, cacheWriteHourTokens: 2 } },
    ]);
    assert.deepEqual(usage, { inputTokens: 18, outputTokens: 2, cacheWriteTokens: 9, cacheWriteHourTokens: 2 });
  });

  it("says where its cost comes from as long as that is one place", () => {
    const used = (amount: number, source: CostSource) => ({
      usage: { inputTokens: 1, outputTokens: 1 },
      cost: { ...cost(amount), source },
    });
    assert.deepEqual(totalsOf([used(1, "bundled"), used(2, "bundled")]).cost, { ...cost(3), source: "bundled" });
    assert.deepEqual(totalsOf([used(1, "bundled"), used(2, "charged")]).cost, cost(3));
  });

  it("is an estimate as soon as one part of it is", () => {
    const { usage } = totalsOf([
      { usage: { inputTokens: 1, outputTokens: 1, estimated: true } },
      { usage: { inputTokens: 1, outputTokens: 1 } },
    ]);
    assert.deepEqual(usage, { inputTokens: 2, outputTokens: 2, estimated: true });
  });

  it("has a cost only when every answer that used anything has one", () => {
    const one = { inputTokens: 1, outputTokens: 1 };
    assert.deepEqual(totalsOf([{ usage: one, cost: cost(0.25) }, { usage: one, cost: cost(0.5) }, { usage: null }]).cost, cost(0.75));
    assert.equal(totalsOf([{ usage: one, cost: cost(0.25) }, { usage: one }]).cost, undefined);
    assert.deepEqual(totalsOf([{ usage: null }]), { usage: null });
  });
});
