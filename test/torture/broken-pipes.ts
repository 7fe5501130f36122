// What comes over the pipe in mid-answer is cut, halved, too large or no message at all: the sidecar keeps what had come, closes
// the provider's socket, says why, and ends.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PROTOCOL_VERSION } from "../../sidecar/protocol.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { BuiltSidecar } from "../sidecar/built-sidecar.ts";
import { between, seededRandom, type Random } from "../support/seeded-random.ts";
import { readConversations } from "./kept-conversations.ts";
import { type Findings, limitMs, type Scenario, spread, type Trial } from "./scenario.ts";

const PROMISED_MS = 2000;

interface Fault {
  readonly name: string;
  readonly does: (sidecar: BuiltSidecar, random: Random) => void;
  /** In its log. */
  readonly says: RegExp;
}

const frame = (body: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`), Buffer.from(body)]);
const request = JSON.stringify({ jsonrpc: "2.0", id: 99, method: "session/list", params: {} });

const faults: readonly Fault[] = [
  { name: "ended", does: ({ pipe }) => pipe.end(), says: /its pipe has ended/ },
  { name: "destroyed", does: ({ pipe }) => pipe.destroy(), says: /its pipe has ended/ },
  {
    name: "half a frame, then its end",
    does: ({ pipe }, random) => pipe.end(frame(request).subarray(0, between(random, 1, frame(request).length - 1))),
    says: /its pipe has ended/,
  },
  { name: "a frame of 100 GB", does: ({ pipe }) => pipe.write("Content-Length: 100000000000\r\n\r\n{"), says: /pipe failed/ },
  { name: "a header without end", does: ({ pipe }) => pipe.write("X".repeat(100_000)), says: /pipe failed/ },
  {
    name: "random bytes",
    does: ({ pipe }, random) => pipe.write(Buffer.from(Array.from({ length: 50_000 }, () => between(random, 0, 255)))),
    says: /pipe failed/,
  },
  { name: "a frame that is no JSON", does: ({ pipe }) => pipe.write(frame('{"jsonrpc": "2.0", "method":')), says: /pipe failed/ },
  { name: "a frame that is no UTF-8", does: ({ pipe }) => pipe.write(frame(Buffer.from([0x22, 0xff, 0xfe, 0x22]))), says: /pipe failed/ },
  { name: "JSON that is no message", does: ({ pipe }) => pipe.write(frame("[[1, 2], 3]")), says: /pipe failed/ },
];

export const brokenPipes: Scenario = {
  name: "broken-pipes",
  title: "The pipe breaks, or carries what is no message, in the middle of an answer",
  rounds: 90,
  run,
};

async function run(trial: Trial): Promise<Findings> {
  const { rounds, seed, folder, bundle } = trial;
  const random = seededRandom(seed);
  const endedAfter: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const fault = faults[round % faults.length];
    assert.ok(fault !== undefined);
    const store = join(folder, String(round));
    mkdirSync(store);
    try {
      endedAfter.push(await breakOne({ fault, store, bundle, random, trial }));
    } catch (error) {
      throw new Error(`With the fault "${fault.name}": ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  await refuseWrongVersion(bundle);
  return [
    ["faults", `${rounds}: ${faults.map(({ name }) => name).join("; ")}`],
    ["from the fault to the end of the sidecar", `${spread(endedAfter)} (promised: 2 s)`],
    ["the answer", "its text kept, marked as cut; the provider's socket closed; the reason in the log, every time"],
    ["another version of the protocol", "refused as `wrong-version`; the right one is answered afterwards"],
  ];
}

async function breakOne(broken: {
  readonly fault: Fault;
  readonly store: string;
  readonly bundle: string;
  readonly random: Random;
  readonly trial: Trial;
}): Promise<number> {
  const { fault, store, bundle, random, trial } = broken;
  const fake = await FakeProvider.start();
  fake.respond({ steps: [{ text: "so far" }, { gate: "never" }] });
  const sidecar = new BuiltSidecar([], bundle);
  try {
    await sidecar.shakeHands({ storeFolder: store, baseUrl: fake.baseUrl("openai-chat") });
    await sidecar.ask("Hello?");
    await sidecar.untilText("so far");
    const startedAt = performance.now();
    fault.does(sidecar, random);
    assert.deepEqual(await sidecar.exited, { code: 0, signal: null });
    const ms = performance.now() - startedAt;
    assert.ok(ms <= limitMs(trial, PROMISED_MS), `It ended after ${Math.round(ms)} ms.`);
    await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the provider's socket to be closed");
    await sidecar.logged;
    assert.match(sidecar.output, fault.says);
    const answers = Array.from(readConversations(store).messages.values()).filter(({ status }) => status !== null);
    assert.deepEqual(
      answers.map(({ status, text }) => [status, text]),
      [["incomplete", "so far"]],
    );
    assert.match(answers[0]?.outcome ?? "", /"sidecar-ended"/);
    return ms;
  } finally {
    sidecar.child.kill("SIGKILL");
    await sidecar.exited;
    await fake.close();
  }
}

async function refuseWrongVersion(bundle: string): Promise<void> {
  const sidecar = new BuiltSidecar([], bundle);
  try {
    await assert.rejects(sidecar.shakeHands({ protocolVersion: PROTOCOL_VERSION + 1 }), { data: { code: "wrong-version" } });
    assert.equal((await sidecar.shakeHands()).protocolVersion, PROTOCOL_VERSION);
  } finally {
    sidecar.child.kill("SIGKILL");
    await sidecar.exited;
  }
}
