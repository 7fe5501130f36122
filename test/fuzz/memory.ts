// Ten thousand hostile answers may not cost more memory than one: what an answer held is given back with its end.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { oneOf, seededRandom } from "../support/seeded-random.ts";
import type { HostileServer } from "./answers.ts";
import { WIRES, type Corpus } from "./corpus.ts";
import { mutate } from "./mutations.ts";
import { SCENARIOS } from "./scenarios.ts";
import { sideBySide } from "./side-by-side.ts";

/** Promise 5. */
const MOST_GROWTH_BYTES = 50 * 1024 * 1024;
/** What leaks grows each time; once V8 may have taken more for what is new, 64 MB at most, and keeps that. */
const MOST_PASSES = 2;
/** Of the streams, before the first measurement: code is compiled, pools and caches have their size. */
const WARM_UP = 0.2;

export interface MemoryRun {
  readonly seed: number;
  readonly streams: number;
  readonly atOnce: number;
}

/** Throws when the process has grown by more. Scenarios that wait are left out, or it would take hours. */
export async function checkMemory(corpus: Corpus, server: HostileServer, { seed, streams, atOnce }: MemoryRun): Promise<void> {
  const scenarios = SCENARIOS.filter(({ weight, limits, ends }) => weight === undefined && limits === undefined && ends === undefined);
  const run = async (from: number, count: number): Promise<void> => {
    await sideBySide(count, atOnce, (index) => {
      const random = seededRandom(seed + from + index);
      const wire = oneOf(random, WIRES);
      const [plain] = scenarios;
      const scenario = plain === undefined || random() < 0.05 ? oneOf(random, scenarios) : plain;
      return server.check(scenario, { wire, bytes: mutate(oneOf(random, corpus[wire]), random).bytes, random });
    });
    await server.checkNoSocketLeft();
  };
  const warmUp = Math.ceil(streams * WARM_UP);
  await run(0, warmUp);
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const before = residentBytes();
    await run(warmUp + pass * streams, streams);
    const growth = residentBytes() - before;
    console.log(`  ${streams} streams: resident memory ${megabytes(before)} → ${megabytes(before + growth)} MB.`);
    if (growth <= MOST_GROWTH_BYTES) return;
  }
  throw new Error(`Memory has grown by more than ${megabytes(MOST_GROWTH_BYTES)} MB in ${streams} streams, and again in as many.`);
}

/** After everything that nobody holds was collected. */
function residentBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  collect();
  collect();
  return process.memoryUsage.rss();
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
