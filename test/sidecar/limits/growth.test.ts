// What the size of an endpoint comes to, in simulated time, at servers of several kinds and with work that scatters and changes.
// Chance is seeded, so each run is the same.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AdaptiveSize } from "../../../sidecar/limits/adaptive-size.ts";
import { Speaking } from "../../../sidecar/limits/overlap.ts";

interface Simulated {
  /** How many requests the server works on at once; the others lie in its queue. */
  readonly slots: number;
  readonly answers: number;
  /** Milliseconds that an answer takes in a slot. */
  readonly work: (index: number) => number;
  /** The part of that for which it is spoken; the rest of it is silence before. Default: it comes in one piece. */
  readonly spoken?: number;
  /** Requests at once to begin with. */
  readonly start?: number;
}

interface Simulation {
  readonly size: number;
  readonly peak: number;
  readonly ms: number;
}

interface Active {
  /** Milliseconds in a slot until it is spoken, and after that. */
  silent: number;
  spoken: number;
  readonly at: number;
}

/** A batch with at most 64 at once, all there from the beginning. */
function simulate({ slots, answers, work, spoken = 0, start = 4 }: Simulated): Simulation {
  const most = 64;
  const size = new AdaptiveSize(10_000, start);
  const speaking = new Speaking<Active>();
  const active: Active[] = [];
  let [now, begun, peak] = [0, 0, 0];
  for (;;) {
    while (active.length < Math.min(size.size, most) && begun < answers) {
      const ms = work(begun++);
      active.push({ silent: ms * (1 - spoken), spoken: ms * spoken, at: now });
      if (active.length >= size.size) size.full(now);
    }
    peak = Math.max(peak, active.length);
    const served = active.slice(0, slots);
    if (served.length === 0) return { size: Math.min(size.size, most), peak, ms: now };
    const passed = Math.min(...served.map((one) => (one.silent > 0 ? one.silent : one.spoken)));
    now += passed;
    const ended = served.filter((one) => serve(one, passed, now, speaking))[0];
    if (ended === undefined) continue;
    size.answered(now, active.length >= size.size, now - ended.at, speaking.end(ended, now));
    active.splice(active.indexOf(ended), 1);
  }
}

/** Whether it has ended. */
function serve(one: Active, ms: number, now: number, speaking: Speaking<Active>): boolean {
  if (one.silent === 0) one.spoken = Math.max(0, one.spoken - ms);
  else {
    one.silent = Math.max(0, one.silent - ms);
    if (one.silent === 0) speaking.begin(one, now);
  }
  return one.silent === 0 && one.spoken === 0;
}

/** Between 0 and 1, and the same sequence for each seed (a linear congruential generator, read from its upper bits). */
function chances(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
    return (Number(state >> 12n) + 0.5) / 2 ** 52;
  };
}

/** Times around a second whose logarithm has this standard deviation: with 1, one in six takes more than 2.7 s. */
function scattered(deviation: number, chance: () => number): () => number {
  return () => 1000 * Math.exp(deviation * Math.sqrt(-2 * Math.log(chance())) * Math.cos(2 * Math.PI * chance()));
}

const unlimited = 10_000;

describe("the growth of an endpoint's size", () => {
  for (const deviation of [0.3, 1]) {
    it(`reaches the most in at least 95 of 100 batches whose answers scatter by ${deviation}, where the server bears any number`, () => {
      const chance = chances(1);
      const runs = Array.from({ length: 100 }, () => simulate({ slots: unlimited, answers: 300, work: scattered(deviation, chance) }));
      const grown = runs.filter(({ size }) => size === 64).length;
      assert.ok(grown >= 95, `${grown} of 100`);
    });
  }

  for (const quick of [4, 10, 24, 40]) {
    it(`is not held up by ${quick} quick answers before the slow ones`, () => {
      const work = (index: number): number => (index < quick ? 20 : 300);
      const { size, ms } = simulate({ slots: unlimited, answers: 300 + quick, work });
      assert.deepEqual([size, ms < 5000], [64, true], `${ms} ms`);
    });
  }

  it("is not held up by quick and slow answers in turn, nor by answers that take longer and longer", () => {
    assert.equal(simulate({ slots: unlimited, answers: 300, work: (index) => (index % 2 === 0 ? 400 : 20) }).size, 64);
    assert.equal(simulate({ slots: unlimited, answers: 300, work: (index) => 20 + 10 * index }).size, 64);
  });

  for (const slots of [1, 2, 4, 8, 16]) {
    it(`stops at ${slots} where a server works on ${slots} at once and queues the others, after one look at twice as many and one at half of it`, () => {
      const { size, peak } = simulate({ slots, answers: 400, work: () => 100 });
      assert.deepEqual([size, peak], [slots, Math.max(slots, 4) * 2]);
    });
  }

  for (const [slots, deviation, held, least] of [
    [1, 0.3, 1, 90],
    [1, 0.6, 2, 85],
    [1, 1, 8, 70],
    [2, 0.3, 2, 85],
    [8, 0.3, 8, 90],
    [8, 0.6, 8, 85],
  ] as const) {
    it(`comes to at most ${held} in ${least} of 100 batches at a server that works on ${slots} at once, where answers scatter by ${deviation}`, () => {
      const chance = chances(2);
      const runs = Array.from({ length: 100 }, () => simulate({ slots, answers: 1000, work: scattered(deviation, chance) }));
      const few = runs.filter(({ size }) => size <= held).length;
      assert.ok(few >= least, `${few} of 100`);
    });
  }

  for (const slots of [2, 4, 16]) {
    it(`gives up nothing of the ${slots} that a server bears in at least 90 of 100 batches, though fewer at once are tried`, () => {
      const chance = chances(3);
      const runs = Array.from({ length: 100 }, () => simulate({ slots, answers: 1000, work: scattered(0.6, chance) }));
      const kept = runs.filter(({ size }) => size >= slots).length;
      assert.ok(kept >= 90, `${kept} of 100`);
    });
  }
});

describe("the growth of an endpoint's size where answers are spoken for most of their time", () => {
  const spoken = 0.9;

  for (const [slots, start, most] of [
    [1, 2, 2],
    [1, 4, 4],
    [2, 2, 8],
    [4, 4, 16],
  ] as const) {
    for (const [deviation, least] of [
      [0.3, 95],
      [1, 80],
    ] as const) {
      it(`never has more than ${most} at a server that works on ${slots} at once, begun with ${start}, in ${least} of 100 batches that scatter by ${deviation}`, () => {
        const chance = chances(4);
        const runs = Array.from({ length: 100 }, () =>
          simulate({ slots, answers: 300, work: scattered(deviation, chance), spoken, start }),
        );
        const within = runs.filter(({ peak }) => peak <= most).length;
        assert.ok(within >= least, `${within} of 100`);
      });
    }
  }

  it("comes down to one at a server with one slot within ten answers", () => {
    const { size, peak } = simulate({ slots: 1, answers: 10, work: () => 1000, spoken, start: 2 });
    assert.deepEqual([size, peak], [1, 2]);
  });

  for (const part of [0.1, 0.5, 0.9]) {
    it(`reaches the most in at least 95 of 100 batches where the server bears any number, and answers are spoken for ${part} of their time`, () => {
      const chance = chances(5);
      const runs = Array.from({ length: 100 }, () =>
        simulate({ slots: unlimited, answers: 300, work: scattered(0.3, chance), spoken: part }),
      );
      const grown = runs.filter(({ size }) => size === 64).length;
      assert.ok(grown >= 95, `${grown} of 100`);
    });
  }

  it("takes no longer for it where the server bears any number", () => {
    const chance = chances(6);
    const times = Array.from({ length: 100 }, () => Array.from({ length: 300 }, scattered(0.6, chance)));
    const took = (part: number): number =>
      times
        .map((ms) => simulate({ slots: unlimited, answers: 300, work: (index) => ms[index] ?? 0, spoken: part }).ms)
        .reduce((sum, ms) => sum + ms);
    const ratio = took(spoken) / took(0);
    assert.ok(ratio < 1.05, `${ratio} times as long as where nothing is known of when they are spoken`);
  });
});
