// A server that goes away in the middle of a batch, and one that answers with errors of its own alone.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gather } from "../../../sidecar/gather.ts";
import { LastAnswer, ServerFaults } from "../../../sidecar/limits/server-faults.ts";
import type { ModelRequest } from "../../../sidecar/providers/provider.ts";
import type { ErrorInfo } from "../../../sidecar/types.ts";
import { answers, fails, scriptedLlm } from "../scripted-provider.ts";
import { asks, held, policy, settled, taken } from "./held-limiter.ts";

const away: ErrorInfo = {
  kind: "network",
  providerCode: "ECONNREFUSED",
  message: "nobody is there",
  phase: "before-headers",
  retryable: false,
};
const broken: ErrorInfo = { kind: "server", status: 500, message: "it broke", phase: "before-headers", retryable: true };

const MINUTE = 60_000;

describe("what went wrong with a request is the server's trouble", () => {
  /** Each failure is of a request of its own, unless it is called `again`: that is always the same. Times are minutes that pass. */
  const after = (...said: readonly (ErrorInfo | { readonly again: ErrorInfo } | "accepted" | number)[]): boolean => {
    const faults = new ServerFaults(new LastAnswer());
    const always = {};
    let now = 0;
    let isItsTrouble = false;
    for (const one of said) {
      if (one === "accepted") faults.answered(now);
      else if (typeof one === "number") now += one * MINUTE;
      else isItsTrouble = "again" in one ? faults.failed(always, one.again, now) : faults.failed({}, one, now);
    }
    return isItsTrouble;
  };

  it("where nobody is there who has answered before", () => {
    assert.equal(after("accepted", away), true);
    assert.equal(after(away), false);
    assert.equal(after(away, away, away), false, "what was never there is not waited for");
  });

  it("where nothing but failures came since its last answer, and not for one of them", () => {
    assert.equal(after("accepted", broken), false, "it may be the request's own");
    assert.equal(after("accepted", broken, broken), true);
    assert.equal(after("accepted", broken, "accepted", broken), false);
    assert.equal(after("accepted", { ...broken, kind: "network", providerCode: "ECONNRESET" }, broken), true);
  });

  it("not where one request fails over and over, nor where it does so beside another one after others were taken on", () => {
    const again = { again: broken };
    assert.equal(after("accepted", again, again, again), false);
    assert.equal(after("accepted", again, "accepted", broken, again), false);
    assert.equal(after("accepted", again, "accepted", broken, broken, again), true, "where others fail as well, it is");
    assert.equal(after("accepted", broken, again, again), true);
    assert.equal(after("accepted", broken, again, again, again), false, "two that fail three times are the reason themselves");
    assert.equal(after("accepted", broken, broken, again, again, again), true, "the more fail, the longer it may be the server");
  });

  it("only where it has answered lately", () => {
    assert.equal(after("accepted", 14, away), true);
    assert.equal(after("accepted", 16, away), false);
    assert.equal(after("accepted", 16, broken, broken), false);
    assert.equal(after("accepted", 16, { ...broken, phase: "mid-stream" }, away), true, "it was answering all the time");
  });

  it("not where it is that of one model, which has never answered, while the others do", () => {
    const server = new LastAnswer();
    const [one, other] = [new ServerFaults(server), new ServerFaults(server)];
    other.answered(0);
    assert.deepEqual([one.failed({}, broken, 0), one.failed({}, broken, 0)], [false, false]);
    assert.equal(one.failed({}, away, 0), true, "nobody is there for any of them");
    one.answered(0);
    one.failed({}, broken, 0);
    other.answered(0);
    assert.equal(one.failed({}, broken, 0), true, "what others are answered changes nothing");
  });

  it("never where the request was wrong, or the answer had begun", () => {
    const wrong: ErrorInfo = { ...broken, kind: "invalid-request", status: 400, retryable: false };
    assert.equal(after("accepted", wrong, wrong, wrong), false);
    const begun: ErrorInfo = { ...broken, phase: "mid-stream" };
    assert.equal(after("accepted", begun, begun, begun), false);
    const certificate: ErrorInfo = { ...away, providerCode: "CERT_HAS_EXPIRED" };
    assert.equal(after("accepted", certificate, certificate, certificate), false);
  });
});

describe("a batch whose server is away", () => {
  /** One answer came, so that the server is known. */
  function answered(size: number): ReturnType<typeof held> {
    const under = held(size);
    const place = taken(under.limiter);
    place.accepted();
    place.answered();
    place.release();
    return under;
  }

  it("waits together, sends one request after the pause, and as many as before once that is taken on", () => {
    const { clock, limiter } = answered(4);
    const crowd = Array.from({ length: 4 }, () => taken(limiter));
    assert.deepEqual(
      crowd.map((place) => place.failed(away, policy, {})),
      [true, true, true, true],
    );
    for (const place of crowd) place.release();
    assert.equal(limiter.tryAcquire("batch"), undefined);
    clock.pass(policy.baseMs);
    const first = taken(limiter);
    assert.equal(limiter.tryAcquire("batch"), undefined, "one alone, until it is known that somebody is there");
    first.accepted();
    assert.equal(limiter.size, 4, "nothing was learned of how many may run");
    for (let more = 0; more < 2; more++) taken(limiter).accepted();
    taken(limiter);
  });

  it("keeps no chat waiting, which is told at once", () => {
    const { limiter } = answered(4);
    const place = taken(limiter);
    assert.equal(place.failed(away, policy, {}), true);
    place.release();
    const chat = taken(limiter, "foreground");
    assert.equal(chat.failed(away, policy, {}), false);
    chat.release();
  });

  it("ends after nine pauses in vain for all that wait, and whoever comes later may ask, and is told at once", async () => {
    const { clock, limiter } = answered(1);
    for (let pauses = 0; pauses < 8; pauses++) {
      clock.pass(policy.capMs);
      const place = taken(limiter);
      assert.equal(place.failed(away, policy, {}), true);
      place.release();
    }
    clock.pass(policy.capMs);
    const last = taken(limiter);
    const waiting = ["one", "other"].map((name) => asks(limiter, "batch", [], name));
    await settled();
    assert.equal(last.failed(away, policy, {}), false);
    last.release();
    for (const place of waiting) await assert.rejects(place, /9 times in a row.*nobody is there/u);
    assert.equal(limiter.givenUp("batch"), undefined);
    assert.equal(taken(limiter).failed(away, policy, {}), false, "nobody waits for it again before it has answered");
  });

  const retry = { retries: 2, batchRefusals: 8, baseMs: 1, capMs: 60_000, loadingMs: 1, loadingCapMs: 1000 };
  for (const [what, error] of [
    ["nobody is there", away],
    ["there is an error of the server's own", broken],
  ] as const) {
    it(`loses no item where ${what} for a while`, async () => {
      const { llm, provider } = scriptedLlm({ size: 4, endpoint: { retry } });
      provider.enqueue(...Array.from({ length: 4 }, () => answers("before")), ...Array.from({ length: 7 }, () => fails(error)));
      provider.otherwise(answers("after"));
      const results = await gather(Array.from({ length: 40 }, (_, index) => () => llm.generate(`${index}`)));
      assert.deepEqual([...new Set(results.map(({ status }) => status))], ["complete"]);
      assert.equal(provider.requests.length, 47);
    });
  }

  it("is told of each item at once where nobody has ever answered", async () => {
    const { llm, provider } = scriptedLlm({ size: 4, endpoint: { retry } });
    provider.otherwise(fails(away));
    const results = await gather(Array.from({ length: 20 }, (_, index) => () => llm.generate(`${index}`)));
    assert.deepEqual([...new Set(results.map(({ status }) => status))], ["error"]);
    assert.equal(provider.requests.length, 20, "each was sent once");
  });

  for (const [what, poisoned] of [
    ["one item that makes the server fail", [5]],
    ["several items that make the server fail one after the other", [5, 6, 7]],
    ["the last two, when nobody is asked beside them any more,", [28, 29]],
  ] as const) {
    for (const isFunction of [false, true]) {
      const how = isFunction ? "whose prompts are functions" : "whose prompts are texts";
      it(`${how} goes on beside ${what}, and those end with the server's words after three tries`, async () => {
        const { llm, provider } = scriptedLlm({ size: 2, endpoint: { retry } });
        const isPoison = (request: ModelRequest): boolean => JSON.stringify(request.messages).includes("poison");
        provider.otherwise((request, context) => (isPoison(request) ? fails(broken) : answers("fine"))(request, context));
        const prompts = Array.from({ length: 30 }, (_, index) => (poisoned.some((at) => at === index) ? "poison" : `${index}`));
        const results = await gather(prompts.map((prompt) => () => llm.generate(isFunction ? async () => prompt : prompt)));
        const failed = results.filter(({ status }) => status !== "complete");
        assert.deepEqual(
          failed.map(({ index }) => index),
          poisoned,
        );
        for (const { error } of failed) assert.match(String(error), /it broke/u);
        assert.equal(provider.requests.filter(isPoison).length, 3 * poisoned.length);
        assert.equal(provider.requests.length, 30 + 2 * poisoned.length);
        const next = await gather(prompts.map((_, index) => () => llm.generate(`later ${index}`)));
        assert.deepEqual([...new Set(next.map(({ status }) => status))], ["complete"], "the run after it");
      });
    }
  }
});
