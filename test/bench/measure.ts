// One client, one figure, in a process of its own, so that processor time and memory are the client's alone. Its argument is the
// job; the result goes to whoever forked it.

import { setImmediate as nextTurn } from "node:timers/promises";
import type { BenchClient, ReadStream } from "./clients/client.ts";
import { clock } from "./clock.ts";
import type {
  CancelJob,
  CancelResult,
  ConcurrentJob,
  ConcurrentResult,
  FirstTokenJob,
  FirstTokenResult,
  FloodJob,
  FloodResult,
  ImportJob,
  ImportResult,
  Job,
  Reply,
  Results,
} from "./jobs.ts";
import { median } from "./median.ts";
import { streamAddress, type StreamShape } from "./server/stream-path.ts";
import { BLOCK_PIECES } from "./server/wires.ts";

const WARM_UP_PIECES = 1024 * BLOCK_PIECES;
const MOST_PIECES = 64 * WARM_UP_PIECES;
const RSS_EVERY_MS = 250;
/** Pieces of a stream that is not meant to end by itself. */
const ENDLESS = 1_000_000;
/** A tenth of a second from piece to piece: faster, and the slowest of the clients never gets to begin the last of its streams. */
const CANCEL_STEPS = 5;

const never = new AbortController().signal;

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function load({ module }: Exclude<Job, ImportJob>): Promise<BenchClient> {
  const { client }: { readonly client: BenchClient } = await import(new URL(`clients/${module}.js`, import.meta.url).href);
  return client;
}

function open(client: BenchClient, { origin, wire }: Exclude<Job, ImportJob>, shape: StreamShape, atOnce = 1): ReadStream {
  return client.open({ baseUrl: streamAddress(origin, shape), wire, atOnce });
}

/** Reads one stream to its end and fails where something is missing. */
async function readWhole(read: ReadStream, pieces: number, readsText: boolean): Promise<void> {
  let texts = 0;
  await read(() => (texts += 1), never);
  if (readsText ? texts !== pieces : texts === 0) throw new Error(`${texts} of ${pieces} pieces of text came.`);
}

async function flood(client: BenchClient, job: FloodJob): Promise<FloodResult> {
  const warmUp = open(client, job, { pieces: WARM_UP_PIECES });
  await readWhole(warmUp, WARM_UP_PIECES, job.readsText);
  const before = performance.now();
  await readWhole(warmUp, WARM_UP_PIECES, job.readsText);
  const wanted = (WARM_UP_PIECES / (performance.now() - before)) * job.ms;
  const pieces = Math.min(MOST_PIECES, Math.max(1, Math.ceil(wanted / WARM_UP_PIECES)) * WARM_UP_PIECES);
  const read = open(client, job, { pieces });
  const [cpu, at] = [cpuMs(), performance.now()];
  await readWhole(read, pieces, job.readsText);
  return { chunksPerSecond: (pieces / (performance.now() - at)) * 1000, cpuMsPer1000: ((cpuMs() - cpu) / pieces) * 1000 };
}

async function firstToken(client: BenchClient, job: FirstTokenJob): Promise<FirstTokenResult> {
  const read = open(client, job, { pieces: 4 });
  const times: number[] = [];
  for (let request = -Math.ceil(job.requests / 4); request < job.requests; request += 1) {
    const asked = performance.now();
    let first = 0;
    await read(() => (first ||= performance.now()), never);
    if (first === 0) throw new Error("A stream brought no text.");
    if (request >= 0) times.push(first - asked);
    // Clients that keep connections have them back by then.
    await nextTurn();
    await nextTurn();
  }
  return { firstTokenMs: median(times) };
}

async function concurrent(client: BenchClient, job: ConcurrentJob): Promise<ConcurrentResult> {
  const warmUp = open(client, job, { pieces: BLOCK_PIECES }, job.streams);
  await Promise.all(Array.from({ length: 20 }, async () => readWhole(warmUp, BLOCK_PIECES, job.readsText)));
  const read = open(client, job, { pieces: job.pieces, eachStep: 1 }, job.streams);
  let rss = 0;
  const sampling = setInterval(() => (rss = Math.max(rss, process.memoryUsage.rss())), RSS_EVERY_MS);
  const [cpu, at] = [cpuMs(), performance.now()];
  await Promise.all(Array.from({ length: job.streams }, async () => readWhole(read, job.pieces, job.readsText)));
  const result = { wallMs: performance.now() - at, cpuMs: cpuMs() - cpu };
  clearInterval(sampling);
  return { ...result, rssMb: Math.max(rss, process.memoryUsage.rss()) / 1e6 };
}

async function cancel(client: BenchClient, job: CancelJob): Promise<CancelResult> {
  const read = open(client, job, { pieces: ENDLESS, eachStep: 1, steps: CANCEL_STEPS }, job.streams);
  const { promise: allBegun, resolve, reject } = Promise.withResolvers<void>();
  let begun = 0;
  let late = 0;
  const aborts = Array.from({ length: job.streams }, () => {
    const abort = new AbortController();
    let texts = 0;
    const onText = (): void => {
      texts += 1;
      if (abort.signal.aborted) late += 1;
      else if (texts === 1 && ++begun === job.streams) resolve();
    };
    const ended = (error: unknown): void => {
      if (!abort.signal.aborted) reject(error instanceof Error ? error : new Error("A stream ended that has no end."));
    };
    read(onText, abort.signal).then(ended, ended);
    return abort;
  });
  await allBegun;
  // As a person's click comes: in a turn of its own, when nothing is half handed over.
  await nextTurn();
  const abortedAt = clock();
  for (const abort of aborts) abort.abort();
  // Longer than anything takes that was on its way.
  for (let turn = 0; turn < 200; turn += 1) await new Promise((next) => setTimeout(next, 1));
  return { abortedAt, late };
}

async function importing({ specifiers }: ImportJob): Promise<ImportResult> {
  const at = performance.now();
  for (const specifier of specifiers) await import(specifier);
  return { importMs: performance.now() - at };
}

async function run(job: Job): Promise<Results[keyof Results]> {
  if (job.figure === "import") return importing(job);
  const client = await load(job);
  if (job.figure === "flood") return flood(client, job);
  if (job.figure === "first-token") return firstToken(client, job);
  return job.figure === "concurrent" ? concurrent(client, job) : cancel(client, job);
}

process.once("disconnect", () => process.exit(0));
const job: Job = JSON.parse(process.argv[2] ?? "");
const reply = await run(job).then(
  (result): Reply => ({ type: "result", result }),
  (error: unknown): Reply => ({ type: "failed", why: error instanceof Error ? error.message : String(error) }),
);
process.send?.(reply);
