import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { totalsOf } from "../../sidecar/answers/totals.ts";

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
