// The extension's own client beside a sidecar that is killed again and again: how soon the next one is ready. The crash limit is
// set aside by the client's option; it has tests of its own.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { RestartPolicy } from "../../extension/client/restart-policy.ts";
import { SidecarClient, type SidecarStatus } from "../../extension/sidecar-client.ts";
import { PROTOCOL_VERSION } from "../../sidecar/protocol.ts";
import { productVersion } from "../../sidecar/product-version.ts";
import { between, seededRandom } from "../support/seeded-random.ts";
import { type Findings, limitMs, type Scenario, spread, type Trial } from "./scenario.ts";

const PROMISED_MS = 500;
/** Milliseconds. One that is not ready by then does not come. */
const PATIENCE_MS = 60_000;
/** Milliseconds that a sidecar lives before the next kill, at most. */
const LONGEST_LIFE = 300;

export const restart: Scenario = {
  name: "restart",
  title: "The extension's client starts a killed sidecar again",
  rounds: 100,
  run,
};

async function run(trial: Trial): Promise<Findings> {
  const { rounds, seed, folder, bundle } = trial;
  const random = seededRandom(seed);
  const ready = new EventEmitter();
  const quiet = (): void => {};
  const client = new SidecarClient({
    executable: process.execPath,
    bundle,
    environment: { PATH: process.env["PATH"] },
    log: { info: quiet, warn: quiet, error: quiet, sidecar: quiet },
    initialize: () => ({
      protocolVersion: PROTOCOL_VERSION,
      client: { name: "torture", version: productVersion() },
      parentPid: process.pid,
      storeFolder: folder,
      settings: { providers: {}, concurrency: 4, localModels: [] },
    }),
    // Each crash is the first one of its window.
    policy: new RestartPolicy({ limit: Infinity, windowMs: 0 }),
  });
  client.onDidChangeStatus((status: SidecarStatus) => {
    if (status.state === "ready") ready.emit("ready", status.info?.pid);
  });
  const took: number[] = [];
  try {
    const tooLate = delay(PATIENCE_MS, undefined, { ref: false }).then(() => Promise.reject(new Error(client.status.reason)));
    let { pid } = (await Promise.race([client.start(), tooLate])).info;
    for (let round = 1; round <= rounds; round += 1) {
      await delay(between(random, 0, LONGEST_LIFE));
      const next = once(ready, "ready", { signal: AbortSignal.timeout(PATIENCE_MS) });
      const killedAt = performance.now();
      process.kill(pid, "SIGKILL");
      const [now]: unknown[] = await next;
      took.push(performance.now() - killedAt);
      assert.ok(typeof now === "number" && now !== pid);
      pid = now;
    }
  } finally {
    await client.stop();
  }
  // One of many may meet a moment in which the machine does something else.
  const typical = took.toSorted((a, b) => a - b)[Math.floor(took.length / 2)] ?? 0;
  assert.ok(typical <= limitMs(trial, PROMISED_MS), `Half of the restarts took ${Math.round(typical)} ms and more.`);
  return [
    ["kills", `${rounds}; each time the next sidecar was ready by itself`],
    ["from the kill to the next sidecar that is ready", `${spread(took)} (promised: 500 ms)`],
  ];
}
