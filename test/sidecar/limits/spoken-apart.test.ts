// What the size of an endpoint comes to, in simulated time, where answers never meet for another reason than that the server gives
// one after the other: a gateway that lets one request through in a while, prompts that are read one by one.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AdaptiveSize } from "../../../sidecar/limits/adaptive-size.ts";
import { Speaking } from "../../../sidecar/limits/overlap.ts";

interface Paced {
  /** Milliseconds between two requests that are let through. */
  readonly pace: number;
  /** Milliseconds from then to the first token, and from there to the end. */
  readonly silent: number;
  readonly spoken: number;
  readonly start: number;
  readonly answers: number;
}

interface Running {
  readonly at: number;
  readonly first: number;
  readonly end: number;
  isSpoken: boolean;
}

/** A batch without end. Gives the answers of each ten seconds. */
function answersOf({ pace, silent, spoken, start, answers }: Paced): readonly number[] {
  const size = new AdaptiveSize(10_000, start);
  const speaking = new Speaking<Running>();
  let [now, nextStart] = [0, 0];
  let running: Running[] = [];
  const came: number[] = [];
  for (let answered = 0; answered < answers;) {
    while (running.length < Math.min(size.size, 64)) {
      const begun = Math.max(now, nextStart);
      nextStart = begun + pace;
      running.push({ at: now, first: begun + silent, end: begun + silent + spoken, isSpoken: false });
      if (running.length >= size.size) size.full(now);
    }
    now = Math.min(...running.map(({ isSpoken, first, end }) => (isSpoken ? end : first)));
    const one = running.find(({ isSpoken, first, end }) => now === (isSpoken ? end : first));
    assert.ok(one !== undefined);
    if (one.isSpoken) {
      size.answered(now, running.length >= size.size, now - one.at, speaking.end(one, now));
      running = running.filter((other) => other !== one);
      answered++;
      const span = Math.floor(now / 10_000);
      came[span] = (came[span] ?? 0) + 1;
    } else {
      one.isSpoken = true;
      speaking.begin(one, now);
    }
  }
  return came;
}

describe("the growth of an endpoint's size where something else keeps answers apart", () => {
  for (const [what, paced] of [
    ["a gateway that lets eight a second through", { pace: 120, silent: 600, spoken: 80 }],
    ["a gateway that lets five a second through", { pace: 200, silent: 500, spoken: 150 }],
    ["prompts of a tenth of a second that are read one by one", { pace: 100, silent: 100, spoken: 80 }],
  ] as const) {
    for (const start of [2, 4, 16]) {
      it(`comes to nearly as many answers as that lets through, within 20 seconds: ${what}, begun with ${start}`, () => {
        const came = answersOf({ ...paced, start, answers: 600 });
        const most = 10_000 / paced.pace;
        const spans = came.slice(2, -1);
        assert.ok(spans.length >= 3 && spans.every((count) => count >= 0.7 * most), `${came.join(" ")} of ${most}`);
      });
    }
  }
});
