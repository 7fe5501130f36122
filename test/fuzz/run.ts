// `npm run fuzz [-- --seconds N --seed S --streams N]`: damaged and hostile streams until the time is over, with a seed that is
// printed, and that repeats the run. Ends with 1 at the first failure, and says how to see it again. Before them the scenarios
// that are heavy, and afterwards so many streams through the whole library, whose memory may not grow: what each stage is
// and how long it took is printed, since the seconds asked for are those of one stage.

import { parseArgs } from "node:util";
import { setImmediate as nextTurn } from "node:timers/promises";
import { below, oneOf, seededRandom, type Random } from "../support/seeded-random.ts";
import { HostileServer } from "./answers.ts";
import { readCorpus, WIRES, type Corpus } from "./corpus.ts";
import { checkMutatedFrames } from "./frames.ts";
import { checkMutatedReading } from "./readings.ts";
import { checkMemory } from "./memory.ts";
import { mutate } from "./mutations.ts";
import { SCENARIOS } from "./scenarios.ts";
import { sideBySide } from "./side-by-side.ts";

const DEFAULT_SECONDS = 60;
const DEFAULT_STREAMS = 10_000;
/** Answers at once. */
const AT_ONCE = 150;
const ANSWERS_A_ROUND = 150;

interface Options {
  readonly seconds: number;
  readonly streams: number;
  readonly seed: number;
}

function readOptions(args: readonly string[]): Options {
  const number = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { seconds: number, seed: number, streams: number } });
  return {
    seconds: wholeNumber("seconds", values.seconds, DEFAULT_SECONDS),
    streams: wholeNumber("streams", values.streams, DEFAULT_STREAMS),
    seed: wholeNumber("seed", values.seed, Date.now() % 1_000_000_000),
  };
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a whole number, not ${text}.`);
  return value;
}

/** What a round does depends on its own seed alone, so that one round can be repeated by itself. */
async function round(corpus: Corpus, server: HostileServer, seed: number): Promise<void> {
  const random = seededRandom(seed);
  for (let done = 0; done < 200; done += 1) checkMutatedReading(corpus, random);
  for (let done = 0; done < 100; done += 1) await checkMutatedFrames(random);
  const seeds = Array.from({ length: ANSWERS_A_ROUND }, () => below(random, 2 ** 31));
  await sideBySide(ANSWERS_A_ROUND, AT_ONCE, (index) => hostileAnswer(corpus, server, seededRandom(seeds[index] ?? 0)));
  await server.checkNoSocketLeft();
}

/** `own` is the chance of this answer alone, so that answers side by side do not depend on each other's pace. */
function hostileAnswer(corpus: Corpus, server: HostileServer, own: Random): Promise<unknown> {
  const wire = oneOf(own, WIRES);
  const scenario = oneOf(
    own,
    SCENARIOS.filter(({ weight }) => weight === undefined),
  );
  const original = oneOf(own, corpus[wire]);
  return server.check(scenario, { wire, bytes: own() < 0.3 ? original : mutate(original, own).bytes, random: own });
}

async function stage(what: string, run: () => Promise<void>): Promise<void> {
  const started = performance.now();
  console.log(`→ ${what} …`);
  await run();
  console.log(`  done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

async function heavyScenarios(corpus: Corpus, server: HostileServer, seed: number): Promise<void> {
  for (const scenario of SCENARIOS.filter(({ weight }) => weight !== undefined))
    for (const wire of WIRES)
      await server.check(scenario, { wire, bytes: oneOf(seededRandom(seed), corpus[wire]), random: seededRandom(seed) });
}

interface Rounds {
  readonly corpus: Corpus;
  readonly server: HostileServer;
  readonly seed: number;
}

async function roundsFor(seconds: number, { corpus, server, seed }: Rounds): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  let rounds = 0;
  for (; rounds === 0 || Date.now() < deadline; rounds += 1) {
    await round(corpus, server, seed + rounds).catch((error: unknown) => {
      throw new Error(`round ${rounds}: npm run fuzz -- --seed ${seed + rounds} --seconds 0`, { cause: error });
    });
    await nextTurn();
  }
  console.log(`  ${rounds} rounds: ${rounds * 200} damaged streams, ${rounds * 100} of frames, ${server.asked} answers over sockets.`);
}

async function fuzz({ seconds, seed, streams }: Options): Promise<void> {
  const corpus = readCorpus(true);
  const server = await HostileServer.start();
  try {
    await stage("the heavy scenarios, once over each wire", () => heavyScenarios(corpus, server, seed));
    await stage(`rounds of damaged streams for ${seconds} s, one at least`, () => roundsFor(seconds, { corpus, server, seed }));
    if (streams === 0) return;
    const how = `${streams} streams whose memory may not grow, after some to warm up (--streams N takes fewer, 0 none)`;
    await stage(how, () => checkMemory(corpus, server, { seed, streams, atOnce: AT_ONCE }));
  } finally {
    await server.close();
  }
}

const options = readOptions(process.argv.slice(2));
const beyond = options.streams === 0 ? "" : `, and ${options.streams} streams for their memory, which may take minutes`;
console.log(`fuzz: --seed ${options.seed}, ${options.seconds} s of rounds; beyond them the heavy scenarios${beyond}`);
// Nothing may fail beside the answer that it belongs to.
process.on("unhandledRejection", (error) => {
  console.error("A promise was rejected, and nobody heard of it:", error);
  process.exit(1);
});
try {
  await fuzz(options);
  console.log("Nothing was found.");
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
