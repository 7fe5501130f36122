import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Budget, type Need, type Reservation } from "../../../sidecar/limits/budget.ts";
import { ProviderError } from "../../../sidecar/providers/provider.ts";
import type { Usage } from "../../../sidecar/types.ts";

const never = new AbortController().signal;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A dollar for a thousand tokens. */
const tariff = { costOf: ({ inputTokens, outputTokens }: Usage) => ({ amount: (inputTokens + outputTokens) / 1000 }) };
const need = (inputTokens: number, outputTokens?: number): Need => ({ inputTokens, outputTokens, tariff, model: "p/m" });
const used = (inputTokens: number, outputTokens: number): Usage => ({ inputTokens, outputTokens });

function reserved(budget: Budget, of: Need): Reservation {
  const reservation = budget.tryReserve(of);
  assert.ok(reservation !== undefined, "there is room");
  return reservation;
}

const exhausted = { name: "ProviderError", kind: "quota", providerCode: "budget-exhausted", retryable: false };
const tooLarge = { ...exhausted, providerCode: "larger-than-budget" };

describe("a budget", () => {
  it("holds back what requests under way may take at most, and counts what they took instead when they are over", () => {
    const budget = new Budget({ tokens: 1000 });
    const first = reserved(budget, need(100, 400));
    const second = reserved(budget, need(100, 400));
    assert.equal(budget.tryReserve(need(1, 1)), undefined, "all of it is held back");
    first.settle(used(100, 50));
    const third = reserved(budget, need(100, 200));
    second.settle(used(100, 400));
    third.settle(used(100, 200));
    assert.equal(budget.exhausted.aborted, false);
    reserved(budget, need(25, 25)).settle(used(25, 25));
    assert.throws(() => budget.tryReserve(need(1, 1)), exhausted);
    assert.equal(budget.exhausted.aborted, true);
  });

  it("lets those who wait go in order, as room comes, and refuses the one for which none will come", async () => {
    const budget = new Budget({ tokens: 1000 });
    const first = reserved(budget, need(0, 1000));
    const order: string[] = [];
    const waiting = [need(0, 600), need(0, 100), need(0, 600)].map((of, index) =>
      budget.reserve(of, never).then((reservation) => {
        order.push(`${index}`);
        return reservation;
      }),
    );
    await settled();
    assert.deepEqual(order, []);
    assert.equal(budget.tryReserve(need(0, 1)), undefined, "nobody overtakes");
    first.settle(used(0, 300));
    await settled();
    assert.deepEqual(order, ["0", "1"]);
    (await waiting[0])?.settle(used(0, 600));
    (await waiting[1])?.settle(used(0, 100));
    await assert.rejects(waiting[2] ?? Promise.resolve(), tooLarge);
  });

  it("gives back what was reserved for a request that did not go out, and what a refused one did not take", () => {
    const budget = new Budget({ tokens: 100, requests: 2 });
    reserved(budget, need(50, 50)).cancel();
    reserved(budget, need(50, 50)).settle(null);
    const last = reserved(budget, need(50, 50));
    last.settle(null);
    last.settle(used(50, 50));
    assert.throws(() => budget.tryReserve(need(1, 1)), exhausted, "two requests were sent");
  });

  it("lets go of a waiter whose signal is aborted, and serves the next one", async () => {
    const budget = new Budget({ requests: 1 });
    const first = reserved(budget, need(1, 1));
    const abort = new AbortController();
    const left = budget.reserve(need(1, 1), abort.signal);
    const next = budget.reserve(need(1, 1), never);
    abort.abort(new Error("stopped"));
    await assert.rejects(left, { message: "stopped" });
    first.cancel();
    (await next).settle(null);
  });

  it("reserves what answers take as a rule where nobody knows their length, one at a time as long as it has seen none", () => {
    const budget = new Budget({ tokens: 1200 });
    const first = reserved(budget, need(100));
    assert.equal(budget.tryReserve(need(100)), undefined, "two answers of a thousand tokens could be too many");
    first.settle(used(100, 100));
    const more = [reserved(budget, need(100)), reserved(budget, need(100)), reserved(budget, need(100)), reserved(budget, need(100))];
    assert.equal(budget.tryReserve(need(100)), undefined, "each may take a hundred and a half as many again");
    for (const reservation of more) reservation.settle(used(100, 100));
    const last = reserved(budget, need(100));
    last.settle(used(100, 150));
    assert.throws(() => budget.tryReserve(need(100)), exhausted);
  });

  it("lets four go at once as long as nothing has told what answers take, and only where that counts", () => {
    const budget = new Budget({ tokens: 100_000 });
    const first = Array.from({ length: 4 }, () => reserved(budget, need(10)));
    assert.equal(budget.tryReserve(need(10)), undefined);
    first[0]?.settle(null);
    first[1]?.settle(used(10, 8000));
    for (let more = 0; more < 7; more++) reserved(budget, need(10));
    assert.equal(budget.tryReserve(need(10)), undefined, "each of them may take twelve thousand");
    const requests = new Budget({ requests: 10 });
    for (let more = 0; more < 10; more++) reserved(requests, need(10));
  });

  it("expects as much more of each prompt as those before took beyond the estimates of them", () => {
    const budget = new Budget({ tokens: 1000 });
    reserved(budget, need(10, 10)).settle(used(210, 10));
    reserved(budget, need(10, 90)).settle(used(210, 90));
    reserved(budget, need(10, 270));
    assert.equal(budget.tryReserve(need(10, 1)), undefined, "all that is left is held back: 210 and 270");
  });

  it("sends a request of unknown length as long as anything is left, and none when nothing is", () => {
    const budget = new Budget({ tokens: 50 });
    reserved(budget, need(10)).settle(used(10, 20));
    reserved(budget, need(10)).settle(used(10, 300));
    assert.throws(() => budget.tryReserve(need(0)), exhausted);
  });

  it("refuses by itself what is too large for the rest, and sends on what is as small as what went out before", () => {
    const budget = new Budget({ tokens: 1000 });
    assert.throws(() => budget.tryReserve(need(9000, 10)), tooLarge, "larger than all of it");
    const first = reserved(budget, need(100, 100));
    assert.throws(() => budget.tryReserve(need(9000)), tooLarge, "at once, whatever is under way may leave");
    first.settle(used(100, 100));
    reserved(budget, need(100, 600)).settle(used(100, 500));
    assert.throws(() => budget.tryReserve(need(100, 200)), tooLarge);
    reserved(budget, need(100, 100)).settle(used(100, 50));
    assert.equal(budget.exhausted.aborted, false);
    assert.throws(() => budget.tryReserve(need(100, 200)), exhausted, "fifty are left, and nothing has taken so little");
    assert.throws(() => budget.tryReserve(need(10, 10)), exhausted);
  });

  it("is used up where one after the other is too large, since there may be no end of them", () => {
    const budget = new Budget({ tokens: 1000 });
    const codes = Array.from({ length: 25 }, () => {
      try {
        budget.tryReserve(need(9000));
        return "sent";
      } catch (error) {
        return error instanceof ProviderError ? error.providerCode : error;
      }
    });
    assert.deepEqual(codes, [...Array(19).fill("larger-than-budget"), ...Array(6).fill("budget-exhausted")]);
  });

  it("counts money by the model's price, and takes what the provider charged where it says so", () => {
    const budget = new Budget({ amount: 1 });
    reserved(budget, need(200, 300)).settle(used(200, 100));
    reserved(budget, need(200, 300)).settle(used(200, 300), { amount: 0.1, currency: "USD" });
    assert.throws(() => budget.tryReserve(need(301, 300)), tooLarge);
  });

  it("expects of each answer that it is paid for beyond its tokens as those before were", () => {
    const budget = new Budget({ amount: 10 });
    const dear = { amount: 2.1, currency: "USD" } as const;
    const first = [need(50, 50), need(50, 50), need(50, 50)].map((of) => reserved(budget, of));
    first[0]?.settle(used(50, 50), dear);
    const last = reserved(budget, need(50, 50));
    assert.equal(budget.tryReserve(need(50, 1550)), undefined, "two dollars more for each that is under way, whenever it went out");
    for (const one of [...first.slice(1), last]) one.settle(used(50, 50), dear);
    assert.throws(() => budget.tryReserve(need(50, 50)), exhausted, "a dollar and sixty cents are left");
  });

  it("expects the mean of what was paid beyond the tokens", () => {
    const budget = new Budget({ amount: 10 });
    reserved(budget, need(50, 50)).settle(used(50, 50), { amount: 4.1, currency: "USD" });
    reserved(budget, need(50, 50)).settle(used(50, 50));
    reserved(budget, need(50, 1650));
    assert.equal(budget.tryReserve(need(50, 60)), undefined);
    reserved(budget, need(50, 50));
  });

  it("holds back the price of writing what is marked to be written into a cache, for an hour if need be, and no more than the prompt", () => {
    const writing = ({ inputTokens, cacheWriteTokens = 0, cacheWriteHourTokens = 0 }: Usage) => ({
      amount: (inputTokens + cacheWriteTokens + 2 * cacheWriteHourTokens) / 1000,
    });
    const priced = { ...need(1000, 0), tariff: { costOf: writing } };
    for (const [writes, amount] of [
      [undefined, 1],
      [{ tokens: 500, hour: false }, 1.5],
      [{ tokens: Infinity, hour: false }, 2],
      [{ tokens: 500, hour: true }, 2.5],
    ] as const) {
      const of: Need = writes === undefined ? priced : { ...priced, writes };
      reserved(new Budget({ amount }), of).cancel();
      assert.throws(() => new Budget({ amount: amount - 0.01 }).tryReserve(of), tooLarge);
    }
  });

  it("expects no answer to be cheaper than its tokens, since caches need not have what comes next", () => {
    const budget = new Budget({ amount: 1 });
    reserved(budget, need(50, 50)).settle(used(50, 50), { amount: 0, currency: "USD" });
    reserved(budget, need(400, 600));
    assert.equal(budget.tryReserve(need(1, 1)), undefined);
  });

  it("refuses a model without a price where it counts money, and only there", () => {
    const unknown: Need = { ...need(1, 1), tariff: undefined };
    assert.throws(() => new Budget({ amount: 1 }).tryReserve(unknown), { providerCode: "price-unknown", message: /p\/m costs/u });
    reserved(new Budget({ tokens: 10 }), unknown).cancel();
  });

  it("ends a run of twenty requests in a row that have no price, and tells that; what has one begins to count anew", () => {
    const unknown: Need = { ...need(1, 1), tariff: undefined };
    const budget = new Budget({ amount: 1 });
    const refuse = (times: number): void => {
      for (let time = 0; time < times; time++) assert.throws(() => budget.tryReserve(unknown), { providerCode: "price-unknown" });
    };
    refuse(19);
    reserved(budget, need(1, 1)).cancel();
    refuse(19);
    assert.equal(budget.exhausted.aborted, false);
    refuse(1);
    assert.equal(budget.exhausted.aborted, true);
    assert.throws(() => budget.tryReserve(need(1, 1)), { providerCode: "price-unknown", message: /p\/m costs/u });
  });

  it("of nothing sends nothing", () => {
    assert.throws(() => new Budget({ requests: 0 }).tryReserve(need(0, 0)), exhausted);
    assert.throws(() => new Budget({ tokens: 0 }).tryReserve(need(0)), exhausted);
  });

  it("says what is wrong with limits that are none", () => {
    assert.throws(() => new Budget({ tokens: -1 }), { message: /"tokens" must be a number, 0 or more; it is -1/u });
    assert.throws(() => new Budget({ amount: Number.NaN }), { providerCode: "invalid-parameter" });
    // As a program in JavaScript would call it.
    assert.throws(() => new Budget(JSON.parse('{ "usd": 5 }')), { message: /no "usd"; it has tokens, amount, requests/u });
  });
});
