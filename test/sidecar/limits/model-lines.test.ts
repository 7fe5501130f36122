// What one model of a provider refuses says nothing about the others.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { defaultSettings, Engine } from "../../../sidecar/engine.ts";
import { gather } from "../../../sidecar/gather.ts";
import { KeyRing } from "../../../sidecar/keys.ts";
import type { Place } from "../../../sidecar/limits/place.ts";
import type { Learned, Limiter } from "../../../sidecar/limits/limiter.ts";
import { EndpointLimiter } from "../../../sidecar/limits/endpoint-limiter.ts";
import { FakeProvider } from "../../support/fake-provider.ts";
import { ScriptedProvider } from "../scripted-provider.ts";
import { HeldClock, noChance } from "./held-clock.ts";
import { asks, policy, refusal, settled } from "./held-limiter.ts";

interface TwoModels {
  readonly clock: HeldClock;
  readonly limiter: EndpointLimiter;
  readonly one: Limiter;
  readonly other: Limiter;
}

const unbounded = (): number => Infinity;

function twoModels(size: number, learned: Learned[] = []): TwoModels {
  const clock = new HeldClock();
  const limiter = new EndpointLimiter(64, { start: size, clock, random: noChance, learned: (what) => learned.push(what) });
  return { clock, limiter, one: limiter.within(unbounded, "one"), other: limiter.within(unbounded, "other") };
}

/** A place for a batch that must be free. */
function placeOf(limiter: Limiter): Place {
  const place = limiter.tryAcquire("batch");
  assert.ok(place !== undefined);
  return place;
}

function refuse(limiter: Limiter, retryAfterMs?: number, workClass: "foreground" | "batch" = "batch"): void {
  const place = limiter.tryAcquire(workClass);
  assert.ok(place !== undefined);
  place.refused(refusal(retryAfterMs), policy);
  place.release();
}

describe("at an endpoint with several models", () => {
  it("a wait that one of them names holds for nobody who asks another one, batch or chat", () => {
    const { limiter, one, other } = twoModels(8);
    refuse(one, 5000);
    assert.equal(one.tryAcquire("batch"), undefined);
    assert.equal(one.tryAcquire("foreground"), undefined);
    assert.ok(other.tryAcquire("batch"));
    assert.ok(other.tryAcquire("foreground"));
    assert.equal(limiter.size, 1, "how many may run is learned of the endpoint");
  });

  it("whoever waits for one of them is passed by those who ask another one, and keeps its turn", async () => {
    const { clock, one, other } = twoModels(2);
    refuse(one, 5000);
    const admitted: string[] = [];
    const waits = asks(one, "batch", admitted, "one");
    const goes = await asks(other, "batch", admitted, "other");
    const behind = asks(other, "batch", admitted, "behind");
    await settled();
    assert.deepEqual(admitted, ["other"]);
    clock.pass(5000);
    await settled();
    assert.deepEqual(admitted, ["other"], "there is one place");
    goes.release();
    await settled();
    assert.deepEqual(admitted, ["other", "one"]);
    (await waits).release();
    (await behind).release();
    assert.deepEqual(admitted, ["other", "one", "behind"]);
  });

  it("those who wait for places alone are served in the order in which they came, whatever they ask", async () => {
    const { one, other, limiter } = twoModels(1);
    const first = limiter.tryAcquire("batch");
    const admitted: string[] = [];
    const waiting = [one, other, other, one].map((asked, index) => asks(asked, "batch", admitted, `${index}`));
    await settled();
    assert.equal(other.tryAcquire("batch"), undefined, "nobody comes before those who wait");
    first?.release();
    for (const place of waiting) (await place).release();
    assert.deepEqual(admitted, ["0", "1", "2", "3"]);
  });

  it("a wait too long to be waited for ends those who ask that model, and no others", async () => {
    const { clock, one, other, limiter } = twoModels(1);
    const held = one.tryAcquire("batch");
    const admitted: string[] = [];
    const doomed = asks(one, "batch", admitted, "doomed");
    const fine = asks(other, "batch", admitted, "fine");
    await settled();
    held?.refused(refusal(3_600_000), policy);
    held?.release();
    await assert.rejects(doomed, /slow down/u);
    (await fine).release();
    await assert.rejects(asks(one, "batch", admitted, "late"), /slow down/u);
    assert.deepEqual([admitted, limiter.active, limiter.waiting, clock.timers], [["fine"], 0, 0, 0]);
  });

  it("nine refusals of one in a row give up the batch of that one", () => {
    const { clock, one, other } = twoModels(4);
    for (let refusals = 0; refusals < 9; refusals++) {
      clock.pass(policy.capMs);
      refuse(one);
    }
    assert.ok(one.givenUp("batch") !== undefined);
    assert.equal(other.givenUp("batch"), undefined);
    assert.ok(other.tryAcquire("batch"));
  });

  it("refusals of two of them under way together count once for the size, and once for each of them", () => {
    const { limiter, one, other } = twoModels(8);
    const places = [one, one, other, other].map((asked) => asked.tryAcquire("batch"));
    for (const place of places) place?.refused(refusal(), policy);
    for (const place of places) place?.release();
    assert.equal(limiter.size, 2, "half of the four that were under way");
    assert.equal(one.tryAcquire("batch"), undefined);
    assert.equal(other.tryAcquire("batch"), undefined);
  });

  it("what one is refused for while others are served lowers its own number alone, which grows again with its answers", async () => {
    const { clock, limiter, one, other } = twoModels(16);
    const served = placeOf(other);
    served.accepted();
    const places = Array.from({ length: 4 }, () => placeOf(one));
    for (const place of places) place.refused(refusal(), policy);
    for (const place of places) place.release();
    assert.equal(limiter.size, 16);
    clock.pass(policy.capMs);
    placeOf(one).accepted();
    const second = placeOf(one);
    second.accepted();
    assert.equal(one.tryAcquire("batch"), undefined, "half of the four that were under way");
    const admitted: string[] = [];
    const waits = asks(one, "batch", admitted, "waits");
    const chat = one.tryAcquire("foreground");
    assert.ok(chat !== undefined, "a chat does not wait for a batch");
    chat.release();
    for (let more = 0; more < 10; more++) placeOf(other).accepted();
    await settled();
    assert.deepEqual(admitted, [], "those who ask the other one pass it");
    second.answered();
    second.release();
    (await waits).release();
  });

  it("what two of them are refused for while others are served is the endpoint's", () => {
    const { clock, limiter, one, other } = twoModels(8);
    const [served, servedToo] = [placeOf(other), placeOf(one)];
    served.accepted();
    servedToo.accepted();
    refuse(one);
    assert.equal(limiter.size, 8);
    refuse(other);
    assert.equal(limiter.size, 1, "half of three");
    served.release();
    servedToo.release();
    clock.pass(policy.capMs);
    placeOf(one).accepted();
    assert.equal(limiter.size, 1);
  });

  it("a chat that is refused while a batch of the other one is served lowers the endpoint's number, so that it is let in", () => {
    const { limiter, one, other } = twoModels(8);
    for (let served = 0; served < 3; served++) placeOf(other).accepted();
    refuse(one, undefined, "foreground");
    assert.equal(limiter.size, 2, "half of the four that were under way");
  });

  it("one whose answers all wait for their readers is asked once more, whatever was refused of it", () => {
    const { clock, one, other } = twoModels(8);
    const served = placeOf(other);
    served.accepted();
    refuse(one);
    clock.pass(policy.capMs);
    const unread = placeOf(one);
    unread.accepted();
    assert.equal(one.tryAcquire("batch"), undefined);
    served.release();
    unread.heldBack(true);
    assert.ok(one.tryAcquire("batch"), "its reader may be waiting for this one");
  });

  it("others are told whose wait it is, and of a size that it is everybody's", () => {
    const learned: Learned[] = [];
    const { limiter, one, other } = twoModels(8, learned);
    refuse(one, 2000);
    assert.deepEqual(learned, [{ type: "wait", model: "one", waitMs: 2000 }]);
    limiter.learnFromOthers({ type: "wait", model: "other", waitMs: 3000 });
    assert.equal(other.tryAcquire("foreground"), undefined);
  });

  it("models that nobody asks any more are forgotten, one of whom something holds is not", () => {
    const met: string[] = [];
    const limiter = new EndpointLimiter(64, { clock: new HeldClock(), random: noChance, met: (model) => met.push(model) });
    refuse(limiter.within(unbounded, "refused"), 5000);
    for (let index = 0; index < 400; index++) limiter.within(unbounded, `m${index}`).tryAcquire("foreground")?.release();
    assert.equal(met.length, 401);
    assert.equal(limiter.within(unbounded, "refused").tryAcquire("foreground"), undefined);
    limiter.within(unbounded, "m399").tryAcquire("foreground")?.release();
    limiter.within(unbounded, "m0").tryAcquire("foreground")?.release();
    assert.deepEqual(met.slice(401), ["m0"]);
  });
});

describe("a run over two models of a provider", () => {
  let fake: FakeProvider;
  let engine: Engine;
  before(async () => {
    fake = await FakeProvider.start();
  });
  beforeEach(() => {
    const settings = { ...defaultSettings, providers: { box: { baseUrl: fake.baseUrl("openai-chat") } } };
    engine = new Engine({ settings, keys: new KeyRing(), local: new ScriptedProvider() });
  });
  after(async () => {
    await engine.close();
    await fake.close();
  });

  it("has every answer of the one where the other one's limit is used up for an hour, and errors that name it for the other one alone", async () => {
    const refused = {
      status: 429,
      headers: { "retry-after": "3600" },
      body: { error: { message: "Rate limit reached for model `used-up`", code: "rate_limit_exceeded" } },
    };
    fake.respond(({ body }) => (body?.["model"] === "used-up" ? refused : { text: "Fine." }));
    const asked = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? "box/used-up" : "box/fine"));
    const results = await gather(asked.map((ref, index) => () => engine.llm(ref).generate(`${index}`)));
    for (const { index, status, error } of results) {
      assert.equal(status, index % 2 === 0 ? "error" : "complete", String(error));
      if (index % 2 === 0) assert.match(String(error), /used-up/u);
    }
  });
});
