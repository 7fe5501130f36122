// The client process of the second benchmark: starts a sidecar, asks it through the pipe, measures. Its argument is the job; the
// result goes to whoever forked it.

import { setTimeout as delay } from "node:timers/promises";
import { median } from "../median.ts";
import { cpuMsOf, rssMbOf } from "../process-facts.ts";
import { STEP_MS } from "../server/pacer.ts";
import { streamAddress } from "../server/stream-path.ts";
import { HopConnection } from "./hop-connection.ts";
import type {
  HopFirstTokenJob,
  HopFirstTokenResult,
  HopFloodJob,
  HopFloodResult,
  HopJob,
  HopReply,
  HopResults,
  HopStallJob,
  HopStallResult,
} from "./hop-jobs.ts";

const WARM_UP_PIECES = 8192;
const STALL_TOKENS_PER_SECOND = 5000;
const STALL_EACH_STEP = (STALL_TOKENS_PER_SECOND * STEP_MS) / 1000;
/** One each step. */
const OTHER_TOKENS_PER_SECOND = 1000 / STEP_MS;
/** Seconds for which the answers go on after the stall. */
const AFTER_STALL = 2;

function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function start(job: HopJob, servers: Readonly<Record<string, string>>, storeFolder: string | null = null): Promise<HopConnection> {
  const { sidecar, sidecarFlags, origin } = job;
  const warmUp = streamAddress(origin, { pieces: WARM_UP_PIECES });
  const hop = await HopConnection.start({ sidecar, sidecarFlags, storeFolder, servers: { ...servers, "warm-up": warmUp } });
  for (let time = 0; time < 4; time += 1) await (await hop.ask(await hop.converse("warm-up"), WARM_UP_PIECES)).ended;
  return hop;
}

async function flood(job: HopFloodJob): Promise<HopFloodResult> {
  const hop = await start(job, { flood: streamAddress(job.origin, job) });
  const sessions = await Promise.all(Array.from({ length: job.streams }, () => hop.converse("flood")));
  const [own, sidecar, at] = [ownCpuMs(), cpuMsOf(hop.pid), performance.now()];
  await Promise.all(sessions.map(async (session) => (await hop.ask(session, job.pieces)).ended));
  const seconds = (performance.now() - at) / 1000;
  const thousands = (job.streams * job.pieces) / 1000;
  const result = {
    tokensPerSecond: (thousands * 1000) / seconds,
    sidecarCpuMsPer1000: (cpuMsOf(hop.pid) - sidecar) / thousands,
    clientCpuMsPer1000: (ownCpuMs() - own) / thousands,
  };
  await hop.close();
  return result;
}

async function firstToken(job: HopFirstTokenJob): Promise<HopFirstTokenResult> {
  const pieces = 4;
  const hop = await start(job, { short: streamAddress(job.origin, { pieces }) }, job.storeFolder);
  const times: number[] = [];
  for (let request = -Math.ceil(job.requests / 4); request < job.requests; request += 1) {
    const session = await hop.converse("short");
    const asked = performance.now();
    const answer = await hop.ask(session, pieces);
    await answer.ended;
    if (request >= 0) times.push(answer.firstTextAt - asked);
  }
  await hop.close();
  return { firstTokenMs: median(times) };
}

async function stall(job: HopStallJob): Promise<HopStallResult> {
  const seconds = job.seconds + AFTER_STALL;
  const pieces = STALL_TOKENS_PER_SECOND * seconds;
  const otherPieces = OTHER_TOKENS_PER_SECOND * seconds;
  const hop = await start(job, {
    fast: streamAddress(job.origin, { pieces, eachStep: STALL_EACH_STEP }),
    other: streamAddress(job.origin, { pieces: otherPieces, eachStep: 1 }),
  });
  const [one, two] = await Promise.all([hop.converse("fast"), hop.converse("other")]);
  const [stalled, other] = await Promise.all([hop.ask(one, pieces), hop.ask(two, otherPieces)]);
  while (stalled.tokens === 0 || other.tokens === 0) await delay(5);
  const rssBefore = rssMbOf(hop.pid);
  let rss = rssBefore;
  const sampling = setInterval(() => (rss = Math.max(rss, rssMbOf(hop.pid))), 50);
  const tokensBefore = other.tokens;
  if (job.what === "reader") stalled.stalled = true;
  if (job.what === "pipe") hop.pipe.pause();
  await delay(job.seconds * 1000);
  const otherTokens = other.tokens - tokensBefore;
  if (job.what === "reader") stalled.resume();
  if (job.what === "pipe") hop.pipe.resume();
  // Fails where a single token is missing.
  await Promise.all([stalled.ended, other.ended]);
  clearInterval(sampling);
  await hop.close();
  return { grownMb: rss - rssBefore, otherPart: otherTokens / (OTHER_TOKENS_PER_SECOND * job.seconds) };
}

function run(job: HopJob): Promise<HopResults[keyof HopResults]> {
  if (job.figure === "hop-flood") return flood(job);
  return job.figure === "hop-first-token" ? firstToken(job) : stall(job);
}

process.once("disconnect", () => process.exit(0));
const job: HopJob = JSON.parse(process.argv[2] ?? "");
const reply = await run(job).then(
  (result): HopReply => ({ type: "result", result }),
  (error: unknown): HopReply => ({ type: "failed", why: error instanceof Error ? error.message : String(error) }),
);
process.send?.(reply);
