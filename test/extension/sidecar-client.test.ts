import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CancellationTokenSource } from "vscode-jsonrpc/node";
import { SidecarUnavailable, isCancelled, requestFailure } from "../../extension/client/request-failure.ts";
import { RestartPolicy } from "../../extension/client/restart-policy.ts";
import { Emitter } from "../../extension/event.ts";
import { SidecarClient, type SidecarClientOptions, type SidecarStatus } from "../../extension/sidecar-client.ts";
import type { SidecarState } from "../../media/protocol.ts";
import { DeleteSession, GetSession, PROTOCOL_VERSION, SetKey } from "../../sidecar/protocol.ts";
import { until } from "../support/until.ts";

interface Started {
  readonly client: SidecarClient;
  readonly states: SidecarState[];
  readonly lines: string[];
  /** Resolves with the first status, from now on, of this state. */
  readonly reached: (state: SidecarState) => Promise<SidecarStatus>;
}

function start(t: TestContext, script: string, options: Partial<SidecarClientOptions> = {}): Started {
  const lines: string[] = [];
  const client = new SidecarClient({
    executable: process.execPath,
    bundle: fileURLToPath(new URL("../support/scripted-sidecar.ts", import.meta.url)),
    environment: { SCRIPT: script },
    log: {
      info: (line) => lines.push(line),
      warn: (line) => lines.push(line),
      error: (line) => lines.push(line),
      sidecar: (line) => lines.push(line),
    },
    initialize: () => ({
      protocolVersion: PROTOCOL_VERSION,
      client: { name: "test", version: "1.2.3" },
      parentPid: process.pid,
      storeFolder: null,
      settings: { providers: {}, concurrency: 1, localModels: [] },
    }),
    policy: new RestartPolicy({ delaysMs: [1] }),
    ...options,
  });
  const states: SidecarState[] = [];
  client.onDidChangeStatus((status) => states.push(status.state));
  t.after(() => client.stop());
  return {
    client,
    states,
    lines,
    reached: (state) =>
      new Promise((resolve) => {
        const listener = client.onDidChangeStatus((status) => {
          if (status.state !== state) return;
          listener.dispose();
          resolve(status);
        });
      }),
  };
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const LIMIT = { timeout: 60_000 };
/** Milliseconds. A sidecar has thirty of them to answer when it is asked for a sign of life: three seconds, also on a busy machine. */
const STEP_MS = 100;

test("nothing runs before the first request, which starts the sidecar", LIMIT, async (t) => {
  const { client, states } = start(t, "normal");
  assert.deepEqual(client.status, { state: "stopped" });
  await client.request(GetSession, { session: "environment" });
  assert.deepEqual(states, ["starting", "ready"]);
});

test("requests made at once share one process", LIMIT, async (t) => {
  const { client, states } = start(t, "normal");
  await Promise.all([1, 2, 3].map(() => client.request(GetSession, { session: "environment" })));
  assert.deepEqual(states, ["starting", "ready"]);
});

test("the sidecar sees no more of the environment than it was given", LIMIT, async (t) => {
  process.env["PARLEY_TEST_CANARY"] = "secret";
  t.after(() => delete process.env["PARLEY_TEST_CANARY"]);
  const { client } = start(t, "normal");
  const { session } = await client.request(GetSession, { session: "environment" });
  assert.equal(session.title, "SCRIPT");
});

test("what must be known first is said before any other request", LIMIT, async (t) => {
  const { client } = start(t, "normal", {
    prepare: async (sidecar) => {
      await sidecar.request(SetKey, { provider: "openai", origin: "https://api.openai.com", key: "k" });
    },
  });
  const { session } = await client.request(GetSession, { session: "keys" });
  assert.equal(session.title, "openai");
});

test("a trace names the messages, and says nothing of what is in them", LIMIT, async (t) => {
  const traced: string[] = [];
  const changed = new Emitter<boolean>();
  const { client } = start(t, "normal", {
    trace: { enabled: true, onDidChange: changed.event, write: (line) => traced.push(line) },
  });
  await client.request(SetKey, { provider: "openai", origin: "https://api.openai.com", key: "canary" });
  assert(traced.some((line) => line.includes("key/set")));
  assert(!traced.join().includes("canary"));
  changed.fire(false);
  const before = traced.length;
  await client.request(GetSession, { session: "keys" });
  assert.equal(traced.length, before);
});

test("the sidecar's own error arrives with its code", LIMIT, async (t) => {
  const { client } = start(t, "normal");
  const error: unknown = await client.request(DeleteSession, { session: "x" }).catch((error: unknown) => error);
  assert.equal(requestFailure(error)?.code, "session-not-found");
});

for (const [how, expected] of [
  ["crash", /signal SIGKILL/],
  ["exit", /exit code 3: TypeError: the last words/],
  ["garbage", /connection broke/],
  ["close-pipe", /closed the connection/],
] as const) {
  test(`when the sidecar ends by ${how}, every pending request is rejected with the reason and the next one works`, LIMIT, async (t) => {
    const { client, states } = start(t, "normal");
    const pending = ["never", "never", how].map((session) => client.request(GetSession, { session }));
    for (const result of await Promise.allSettled(pending)) {
      assert(result.status === "rejected" && result.reason instanceof SidecarUnavailable);
      assert.equal(result.reason.unavailable, "ended");
      assert.match(result.reason.message, expected);
    }
    await client.request(GetSession, { session: "environment" });
    assert.deepEqual(states, ["starting", "ready", "restarting", "ready"]);
  });
}

test("a crashed sidecar is started again though nobody asks, with another epoch", LIMIT, async (t) => {
  const { client, reached } = start(t, "normal");
  const first = (await client.start()).info;
  const again = reached("ready");
  process.kill(first.pid, "SIGKILL");
  const status = await again;
  assert.notEqual(status.info?.epoch, first.epoch);
});

test("the fifth crash ends it with the reason, and a restart that is asked for brings it back", LIMIT, async (t) => {
  const { client, states, reached } = start(t, "normal");
  const failed = reached("failed");
  for (let crash = 1; crash <= 5; crash += 1) {
    await assert.rejects(client.request(GetSession, { session: "crash" }), SidecarUnavailable);
  }
  const status = await failed;
  assert.equal(status.crashes, 5);
  assert.equal(states.filter((state) => state === "ready").length, 5);
  const refused: unknown = await client.request(GetSession, { session: "environment" }).catch((error: unknown) => error);
  assert(refused instanceof SidecarUnavailable && refused.unavailable === "failed");
  assert.match(refused.message, /SIGKILL/);

  await client.restart();
  await client.request(GetSession, { session: "environment" });
  assert.equal(client.status.state, "ready");
});

test("while a restart that was asked for is under way, requests wait for the one sidecar that comes", LIMIT, async (t) => {
  const { client, states } = start(t, "normal");
  const { pid } = (await client.start()).info;
  const restarted = client.restart();
  const [sidecar] = await Promise.all([client.start(), client.request(GetSession, { session: "environment" }), restarted]);
  assert.notEqual(sidecar.pid, pid);
  assert(!alive(pid));
  assert.deepEqual(states, ["starting", "ready", "restarting", "ready"]);
});

test("a sidecar that ends at its start counts as crashed, and its last words are the reason", LIMIT, async (t) => {
  const { client, states } = start(t, "exit-at-start");
  await assert.rejects(client.start(), /exit code 7: no disk left on this planet/);
  assert.deepEqual(client.status.state, "failed");
  assert.equal(states.filter((state) => state === "restarting").length, 4);
});

test("an executable that does not exist is a failure with its name", LIMIT, async (t) => {
  const { client } = start(t, "normal", { executable: "/nowhere/node", policy: new RestartPolicy({ limit: 1 }) });
  await assert.rejects(client.start(), /could not be started .*\/nowhere\/node/);
});

for (const [script, expected] of [
  ["wrong-version", /Another version is needed/],
  ["other-version", /version \d+ of the protocol, the extension version/],
  ["other-product", /is of version 0\.0\.1, the extension of version 1\.2\.3.*Reload the window/],
] as const) {
  test(`a sidecar with ${script} is not started again`, LIMIT, async (t) => {
    const { client, states } = start(t, script);
    await assert.rejects(client.start(), (error) => error instanceof SidecarUnavailable && expected.test(error.message));
    assert.deepEqual(states, ["starting", "failed"]);
    assert.equal(client.status.crashes, undefined);
  });
}

test("a handshake that is not answered in time ends the process", LIMIT, async (t) => {
  const { client } = start(t, "silent", { handshakeMs: 500, policy: new RestartPolicy({ limit: 1 }) });
  await assert.rejects(client.start(), /did not answer within 0.5 s/);
});

test("a sidecar that lives and gives no sign of life is ended and started again", LIMIT, async (t) => {
  const { client, states } = start(t, "normal", { healthStepMs: STEP_MS });
  const hung = client.request(GetSession, { session: "hang" });
  await assert.rejects(hung, /gave no sign of life any more/);
  await client.request(GetSession, { session: "environment" });
  assert.deepEqual(states, ["starting", "ready", "restarting", "ready"]);
});

test("a sidecar that has nothing to say is asked for a sign of life, and left alone when it gives one", LIMIT, async (t) => {
  const { client, lines, states } = start(t, "normal", { healthStepMs: STEP_MS });
  const { pid } = (await client.start()).info;
  // One comes every ten steps: longer than a silent sidecar would have had.
  await until(() => lines.filter((line) => line.includes("asked for a sign of life")).length > 5, "six signs of life");
  assert.deepEqual(states, ["starting", "ready"]);
  assert(alive(pid));
});

test(
  "an extension host that stands still far beyond the limit ends no sidecar that is well, and says that it stood still",
  LIMIT,
  async (t) => {
    const stepMs = 40;
    const { client, lines, states } = start(t, "normal", { healthStepMs: stepMs });
    const { pid } = (await client.start()).info;
    const still = (): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60 * stepMs);
    for (let times = 0; times < 3; times += 1) {
      still();
      await new Promise(setImmediate);
    }
    await until(() => lines.some((line) => /The extension host stood still for [1-9]\d*\.\d s/.test(line)), "the word about it");
    await client.request(GetSession, { session: "environment" });
    assert.deepEqual(states, ["starting", "ready"]);
    assert(alive(pid));
  },
);

test("each change of the state stands in the log", LIMIT, async (t) => {
  const { client, lines } = start(t, "normal");
  await client.start();
  await client.restart();
  await client.stop();
  const told = lines.flatMap((line) => /^State of the sidecar: (\w+)\.$/.exec(line)?.[1] ?? []);
  assert.deepEqual(told, ["starting", "ready", "restarting", "ready", "stopped"]);
});

test("a cancelled request is told to the sidecar and rejects as cancelled", LIMIT, async (t) => {
  const { client } = start(t, "normal");
  await client.start();
  const source = new CancellationTokenSource();
  const pending = client.request(GetSession, { session: "wait" }, source.token);
  // The connection is ordered: this answer comes after the request above has arrived.
  await client.request(GetSession, { session: "environment" });
  source.cancel();
  assert(isCancelled(await pending.catch((error: unknown) => error)));
});

test("waiting for the start can be cancelled", LIMIT, async (t) => {
  const { client } = start(t, "silent");
  const source = new CancellationTokenSource();
  const pending = client.request(GetSession, { session: "wait" }, source.token);
  source.cancel();
  assert(isCancelled(await pending.catch((error: unknown) => error)));
});

for (const script of ["normal", "deaf"]) {
  test(`stop ends a ${script} sidecar, and nothing starts afterwards`, LIMIT, async (t) => {
    const { client, states } = start(t, script);
    const { pid } = (await client.start()).info;
    await client.stop();
    assert(!alive(pid));
    assert.deepEqual(states, ["starting", "ready", "stopped"]);
    await assert.rejects(client.start(), SidecarUnavailable);
  });
}

test("stop during the handshake ends the process at once", LIMIT, async (t) => {
  const { client, lines } = start(t, "silent");
  const starting = client.start();
  starting.catch(() => {});
  const pid = await new Promise<number>((resolve) => {
    lines.push = (line) => {
      resolve(Number(/process (\d+) is silent/.exec(line)?.[1]));
      return 0;
    };
  });
  assert(alive(pid));
  await client.stop();
  assert(!alive(pid));
  await assert.rejects(starting, SidecarUnavailable);
  assert.equal(client.status.state, "stopped");
});
