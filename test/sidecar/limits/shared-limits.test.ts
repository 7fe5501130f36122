// What one window has learned of an endpoint holds in the others: two engines over one store, as two windows have it.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Engine, defaultSettings } from "../../../sidecar/engine.ts";
import { KeyRing } from "../../../sidecar/keys.ts";
import { AdaptiveSize } from "../../../sidecar/limits/adaptive-size.ts";
import type { Place } from "../../../sidecar/limits/place.ts";
import { EndpointLimiter } from "../../../sidecar/limits/endpoint-limiter.ts";
import type { Learned } from "../../../sidecar/limits/limiter.ts";
import { endpointName, SharedLimits } from "../../../sidecar/limits/shared-limits.ts";
import { MemoryStore } from "../../../sidecar/sessions/memory-store.ts";
import type { StreamEvent } from "../../../sidecar/types.ts";
import { FakeProvider } from "../../support/fake-provider.ts";
import { until } from "../../support/until.ts";
import { ScriptedProvider } from "../scripted-provider.ts";
import { acquire } from "./acquire.ts";
import { HeldClock, noChance } from "./held-clock.ts";

let fake: FakeProvider;
const closing: (() => Promise<void>)[] = [];
before(async () => {
  fake = await FakeProvider.start();
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  fake.reset();
});
after(() => fake.close());

function windowOver(limitStore: MemoryStore, baseUrl = fake.baseUrl("openai-chat")): Engine {
  const settings = { ...defaultSettings, providers: { box: { baseUrl } } };
  const engine = new Engine({ settings, keys: new KeyRing(), local: new ScriptedProvider(), limitStore });
  closing.push(() => engine.close());
  return engine;
}

type Status = Extract<StreamEvent, { type: "status" }>;

/** Asks until it waits for something, then leaves. */
async function waitsFor(engine: Engine): Promise<Status | undefined> {
  const leave = new AbortController();
  let found: Status | undefined;
  for await (const batch of engine.llm("box/m").streamBatches("Hello", { signal: leave.signal })) {
    found ??= batch.find((event): event is Status => event.type === "status" && event.untilMs !== undefined);
    if (found !== undefined) leave.abort();
  }
  return found;
}

const refusal = (seconds: number) => ({
  status: 429,
  headers: { "retry-after": String(seconds) },
  body: { error: { message: "slow down", code: "rate_limit_exceeded" } },
});

describe("limits that windows share", () => {
  it("hold in another window: it waits for the end that the provider told the first one, and sends nothing before", async () => {
    const store = new MemoryStore();
    const first = windowOver(store);
    fake.enqueue(refusal(40));
    assert.ok((await waitsFor(first)) !== undefined);
    await until(async () => (await store.knownLimits()).length === 1, "the limit in the store");

    const { requests } = fake.state();
    const second = windowOver(store);
    // The store answers in order: what was learned is known before a question is kept, which takes a turn of the event loop.
    await nextTurn();
    const ms = ((await waitsFor(second))?.untilMs ?? 0) - Date.now();
    assert.ok(ms > 20_000 && ms <= 40_000, `It waits ${ms} ms.`);
    assert.equal(fake.state().requests, requests);
  });

  it("do not hold for another address, nor for another model", async () => {
    const store = new MemoryStore();
    fake.enqueue(refusal(40));
    await waitsFor(windowOver(store));
    await until(async () => (await store.knownLimits()).length === 1, "the limit in the store");
    const another = await windowOver(store).llm("box/another").generate("Hello");
    assert.equal(another.status, "complete");
    const other = await FakeProvider.start();
    closing.push(() => other.close());
    const answer = await windowOver(store, other.baseUrl("openai-chat")).llm("box/m").generate("Hello");
    assert.equal(answer.status, "complete");
  });

  it("are kept under a name that tells nothing of the key", async () => {
    const name = endpointName(["https://api.example.com", "sk-canary-0815"]);
    assert.match(name, /^[0-9a-f]{12}$/);
    assert.notEqual(name, endpointName(["https://api.example.com", "sk-canary-0816"]));
    assert.equal(name, endpointName(["https://api.example.com", "sk-canary-0815"]));
  });
});

describe("what a limiter hears from others", () => {
  const newLimiter = (learned: Learned[] = []): { readonly limiter: EndpointLimiter; readonly clock: HeldClock } => {
    const clock = new HeldClock();
    return { limiter: new EndpointLimiter(64, { start: 8, clock, random: noChance, learned: (what) => learned.push(what) }), clock };
  };

  it("is a wait that holds for those who wait already and for those who come", async () => {
    const { limiter, clock } = newLimiter();
    limiter.learnFromOthers({ type: "wait", model: "", waitMs: 5000 });
    assert.equal(limiter.tryAcquire("foreground"), undefined);
    const place = acquire(limiter, "foreground");
    await new Promise(setImmediate);
    clock.pass(4999);
    assert.equal(limiter.active, 0);
    clock.pass(1);
    (await place).release();
  });

  it("is told on to nobody", async () => {
    const learned: Learned[] = [];
    const { limiter, clock } = newLimiter(learned);
    limiter.learnFromOthers({ type: "wait", model: "", waitMs: 5000 });
    limiter.learnFromOthers({ type: "size", size: 3 });
    clock.pass(5000);
    const place = await acquire(limiter, "batch");
    place.accepted();
    place.answered();
    place.release();
    assert.deepEqual(learned, []);
  });

  it("is refused to a batch at once where the wait is longer than anybody would wait, and tried by a person", async () => {
    const { limiter } = newLimiter();
    limiter.learnFromOthers({ type: "wait", model: "", waitMs: 3 * 3_600_000 });
    await assert.rejects(acquire(limiter, "batch"), /asked another window to wait/);
    assert.ok(limiter.tryAcquire("foreground"));
  });

  it("is a size to hold, where nothing was found out here", () => {
    const fresh = new AdaptiveSize(64, 8);
    fresh.learnFromOthers(0, 3);
    assert.deepEqual([fresh.size, fresh.phase], [3, "holding"]);
    const refused = new AdaptiveSize(64, 8);
    refused.refused(0, 8);
    refused.learnFromOthers(0, 40);
    assert.deepEqual([refused.size, refused.phase], [4, "climbing"]);
  });

  it("and what it tells is a wait that the provider named, and a size once it has proved right", async () => {
    const learned: Learned[] = [];
    const { limiter, clock } = newLimiter(learned);
    const policy = { baseMs: 1, capMs: 60_000, batchRefusals: 8 };
    const error = { kind: "rate-limit", message: "slow down", phase: "before-headers", retryable: true } as const;
    const places = await Promise.all([1, 2, 3, 4].map(() => acquire(limiter, "batch")));
    places[0]?.refused({ ...error, retryAfterMs: 2000 }, policy);
    assert.deepEqual(learned.splice(0), [{ type: "wait", model: "", waitMs: 2000 }]);
    for (const place of places) place.release();
    clock.pass(2000);
    // Four were too many: from two it climbs to three, and holds there.
    const taken: Place[] = [];
    for (let answers = 0; answers < 40 && learned.length === 0; answers += 1) {
      for (let place = limiter.tryAcquire("batch"); place !== undefined; place = limiter.tryAcquire("batch")) {
        place.accepted();
        taken.push(place);
      }
      clock.pass(10);
      const first = taken.shift();
      first?.answered();
      first?.release();
    }
    assert.deepEqual(learned, [{ type: "size", size: 3 }]);
  });
});

describe("shared limits", () => {
  it("leave out what no longer holds, and survive a store that cannot be read", async () => {
    const long = 2 * 3_600_000;
    const heard: string[] = [];
    const shared = new SharedLimits(
      {
        rememberLimit: () => Promise.reject(new Error("no disk")),
        knownLimits: () =>
          Promise.resolve([
            { endpoint: "old", until: Date.now() - 1, size: 4, learnedAt: Date.now() - long },
            { endpoint: "new", until: Date.now() + long, size: 5, learnedAt: Date.now() },
          ]),
      },
      ({ endpoint }) => heard.push(endpoint),
    );
    await shared.look();
    assert.deepEqual(heard, ["old", "new"]);
    assert.deepEqual(shared.of("old"), {});
    assert.equal(shared.of("new").size, 5);
    assert.deepEqual(shared.of("unknown"), {});
    shared.tell("new", { size: 6 });
    assert.equal(shared.of("new").size, 6);
    assert.ok((shared.of("new").until ?? 0) > Date.now());
    const broken = new SharedLimits(
      { rememberLimit: () => Promise.reject(new Error("no disk")), knownLimits: () => Promise.reject(new Error("no disk")) },
      () => {},
    );
    await broken.look();
  });
});
