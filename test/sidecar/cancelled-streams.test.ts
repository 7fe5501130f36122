// Five hundred answers called off at once leave nothing: no socket, no timer, no word that comes later. In a file of its own,
// since it counts everything that the process holds.

import assert from "node:assert/strict";
import { createHook } from "node:async_hooks";
import { after, before, it } from "node:test";
import { Engine, defaultSettings } from "../../sidecar/engine.ts";
import { KeyRing } from "../../sidecar/keys.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { until } from "../support/until.ts";
import { ScriptedProvider } from "./scripted-provider.ts";

const STREAMS = 500;
/** They are promised to be gone within 250 ms, which the benchmark prints; a busy machine has ten times as long. */
const GONE_WITHIN_MS = 2_500;

let fake: FakeProvider;
let engine: Engine;
before(async () => {
  fake = await FakeProvider.start();
  const settings = { ...defaultSettings, providers: { "openai-compatible": { baseUrl: fake.baseUrl("openai-chat"), concurrency: 400 } } };
  engine = new Engine({ settings, keys: new KeyRing(), local: new ScriptedProvider() });
});
after(async () => {
  await engine.close();
  await fake.close();
});

/** Sockets of this process, those of the server among them. */
function heldSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
}

/** Timers that our own code has set and that are running, also those that do not keep the process alive. */
function watchTimers(): { readonly ours: () => number; readonly stop: () => void } {
  const running = new Set<number>();
  const hook = createHook({
    init: (id, type) => {
      const setBy = type === "Timeout" ? (new Error("set here").stack ?? "").split("\n") : [];
      if (setBy.some((line) => line.includes("/sidecar/") && !line.includes("/test/"))) running.add(id);
    },
    destroy: (id) => void running.delete(id),
  }).enable();
  return { ours: () => running.size, stop: () => void hook.disable() };
}

it("five hundred streams, in the body, before their headers and in line, are cancelled and leave no socket, no timer and no later word", async () => {
  fake.respond(({ index }) =>
    index % 2 === 0
      ? { steps: [{ text: "so far" }, { gate: "later" }, { text: " too late" }, { finish: "stop" }] }
      : { holdHeaders: "later", text: "too late" },
  );
  const llm = engine.llmAt("openai-compatible", "m", { startConcurrency: 400 });
  const timers = watchTimers();
  const abort = new AbortController();
  let aborted = false;
  const late: string[] = [];
  const statuses: string[] = [];
  const read = async (): Promise<void> => {
    for await (const { event } of llm.stream("hi", { signal: abort.signal })) {
      if (event.type === "end") statuses.push(event.status);
      else if (aborted) late.push(event.type);
    }
  };
  const streams = Array.from({ length: STREAMS }, read);
  await fake.waitFor(({ waitingAt }) => waitingAt.length === 400, "four hundred answers under way");
  assert.ok(heldSockets() >= 2 * 400, "client's and server's sockets are seen by the count");
  assert.ok(timers.ours() >= 400, "and their timers");
  aborted = true;
  const deadline = Date.now() + GONE_WITHIN_MS;
  const left = (): number => Math.max(0, deadline - Date.now());
  abort.abort();
  fake.gate("later").open();
  await Promise.all(streams);
  assert.deepEqual(
    [statuses.length, statuses.filter((status) => status === "cancelled").length],
    [STREAMS, STREAMS],
    "each has one end, and it is cancelled",
  );
  assert.deepEqual(late, []);
  await until(() => fake.state().openSockets === 0, "the server to see every socket closed", left());
  await until(() => heldSockets() === 0, "the client's sockets to be gone", left());
  await until(() => timers.ours() === 0, "the timers to be gone", left());
  timers.stop();
  assert.equal(fake.requests.length, 400, "those in line were never sent");
});
