// kill -9 of the process that started the sidecar, while a server and a local model are answering, or while all of it starts.

import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { FakeProvider } from "../support/fake-provider.ts";
import { between, seededRandom, type Random } from "../support/seeded-random.ts";
import { readConversations } from "./kept-conversations.ts";
import { processesWith, untilGone } from "./process-table.ts";
import { type Findings, limitMs, type Scenario, spread, type Trial } from "./scenario.ts";

const PROMISED_MS = 2000;
/** Every so many-th kill comes while sidecar and model start; milliseconds that this takes. */
const AT_START = 3;
const START_MS = 1500;
const STEADY_MS = 600;
/** In this share of the rounds the sidecar is killed with its host, so that nobody is left to end the inference process. */
const SIDECAR_TOO = 0.25;
/** A host that does not get so far is broken, not slow. */
const PATIENCE_MS = 60_000;

export const killHost: Scenario = {
  name: "kill-host",
  title: "The process that started the sidecar is killed (`kill -9`) in the middle of two answers",
  rounds: 200,
  run,
};

type Host = ChildProcessByStdio<null, Readable, Readable>;

async function run(trial: Trial): Promise<Findings> {
  const { rounds, seed, folder, bundle, say } = trial;
  const random = seededRandom(seed);
  const program = dirname(dirname(bundle));
  const fake = await FakeProvider.start();
  fake.respond({ steps: Array.from({ length: 4000 }, (_, index) => [{ text: ` ${index}` }, { pauseMs: 5 }]).flat() });
  const goneAfter: number[] = [];
  const counts = { sidecars: 0, inference: 0, marked: 0, sidecarToo: 0 };
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const store = join(folder, `store-${round}`);
      mkdirSync(store);
      const steady = round % AT_START !== 0;
      const running = await killOne({ host: startHost(bundle, store, fake), program, random, steady });
      counts.sidecars += running.sidecars;
      counts.inference += running.inference;
      const ms = await untilGone(program, PATIENCE_MS);
      goneAfter.push(ms);
      assert.ok(ms <= limitMs(trial, PROMISED_MS), `Round ${round}: they were gone only after ${Math.round(ms)} ms.`);
      if (running.sidecarToo) counts.sidecarToo += 1;
      else counts.marked += checkMarked(store);
      if (round % 25 === 0) say(`${round} of ${rounds} kills`);
    }
    await fake.waitFor(({ openAnswers }) => openAnswers === 0, "the provider's sockets to be closed");
  } finally {
    await fake.close();
  }
  assert.ok(counts.inference >= rounds / 2, `An inference process ran in only ${counts.inference} of ${rounds} rounds.`);
  return [
    [
      "kills",
      `${rounds}, in ${counts.sidecarToo} of them together with the sidecar; at the moment of the kill ${counts.sidecars} sidecars and ${counts.inference} inference processes ran`,
    ],
    ["left over, by the system's list of processes", "0"],
    ["from the kill until all were gone", `${spread(goneAfter)} (promised: 2 s)`],
    ["answers that were cut, kept and marked by the sidecar's own last act", String(counts.marked)],
  ];
}

function startHost(bundle: string, store: string, fake: FakeProvider): Host {
  const environment = { PATH: process.env["PATH"], BUNDLE: bundle, STORE: store, BASE_URL: fake.baseUrl("openai-chat") };
  const file = fileURLToPath(new URL("stand-in-host.ts", import.meta.url));
  return spawn(process.execPath, [file], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
}

interface Kill {
  readonly host: Host;
  readonly program: string;
  readonly random: Random;
  /** Both answers have begun. */
  readonly steady: boolean;
}

async function killOne({ host, program, random, steady }: Kill): Promise<{
  readonly sidecars: number;
  readonly inference: number;
  readonly sidecarToo: boolean;
}> {
  let said = "";
  host.stderr.on("data", (text) => (said += String(text)));
  const exited = once(host, "exit");
  try {
    if (!steady) await delay(between(random, 0, START_MS));
    else {
      const early = exited.then(() => Promise.reject(new Error(`The stand-in host ended by itself:\n${said}`)));
      await Promise.race([once(host.stdout, "data"), early, late(said)]);
      await delay(between(random, 0, STEADY_MS));
    }
    const running = processesWith(program);
    const sidecars = running.filter(({ commandLine }) => commandLine.includes("sidecar.mjs"));
    const sidecarToo = sidecars.length > 0 && random() < SIDECAR_TOO;
    if (sidecarToo) for (const { pid } of sidecars) process.kill(pid, "SIGKILL");
    return {
      sidecars: sidecars.length,
      sidecarToo,
      inference: running.filter(({ commandLine }) => commandLine.includes("inference.mjs")).length,
    };
  } finally {
    host.kill("SIGKILL");
    await exited;
  }
}

async function late(said: string): Promise<never> {
  await delay(PATIENCE_MS, undefined, { ref: false });
  throw new Error(`The stand-in host did not get so far as two answers:\n${said}`);
}

/** How many answers are marked as cut. None may be called running, since nobody is there who could run it. */
function checkMarked(store: string): number {
  // Killed before anything was opened.
  if (!existsSync(join(store, "conversations.sqlite"))) return 0;
  const statuses = Array.from(readConversations(store).messages.values(), ({ status }) => status);
  assert.ok(!statuses.includes("streaming"), "An answer is called running, and nobody runs it.");
  return statuses.filter((status) => status === "incomplete").length;
}
