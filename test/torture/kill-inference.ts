// kill -9 of the inference process at random moments: while it starts, loads the model, reads the prompt, writes. The answer of
// the local model fails with what had come; an answer from a server beside it does not notice; the next question to the local
// model is answered.

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { CreateSession, GetSession, SendChat } from "../../sidecar/protocol.ts";
import type { StoredMessage } from "../../sidecar/types.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { between, seededRandom } from "../support/seeded-random.ts";
import { until } from "../support/until.ts";
import { processesWith } from "./process-table.ts";
import { type Findings, type Scenario, spread, type Trial } from "./scenario.ts";
import { type Ending, TortureClient } from "./torture-client.ts";

/** Milliseconds from the question to the kill, at most: start and load take about half of it. */
const LONGEST_MS = 1500;
/** What the demo model is asked for an answer without end, and for a short one. */
const ENDLESS = "^# for ever";
const SHORT = "Hello";

export const killInference: Scenario = {
  name: "kill-inference",
  title: "The inference process is killed (`kill -9`) at random moments",
  rounds: 100,
  run,
};

interface Asked {
  readonly session: string;
  readonly message: string;
  readonly ended: Promise<Ending>;
}

async function run(trial: Trial): Promise<Findings> {
  const { rounds, seed, folder, bundle, say } = trial;
  const random = seededRandom(seed);
  const fake = await FakeProvider.start();
  const client = new TortureClient(bundle);
  const recovered: number[] = [];
  const counts = { before: 0, during: 0 };
  try {
    await client.sidecar.shakeHands({ storeFolder: folder, baseUrl: fake.baseUrl("openai-chat") });
    for (let round = 1; round <= rounds; round += 1) {
      if (round % 20 === 0) say(`${round} of ${rounds} kills`);
      fake.enqueue({ steps: [{ text: "one" }, { gate: `round-${round}` }, { text: " two" }, { finish: "stop" }] });
      const beside = await ask(client, "openai-compatible/fake-model", "Hello?");
      const local = await ask(client, "local/demo", ENDLESS);
      await delay(between(random, 0, LONGEST_MS));
      process.kill(await inferencePid(bundle), "SIGKILL");
      const { status, text } = await local.ended;
      assert.equal(status, "error", "the answer of the process that was killed");
      const kept = await read(client, local);
      assert.equal(kept?.error?.providerCode, "inference-crashed");
      assert.equal(textOf(kept), text, "what had come is kept");
      if (text === "") counts.before += 1;
      else counts.during += 1;
      fake.gate(`round-${round}`).open();
      assert.deepEqual(await beside.ended, { status: "complete", text: "one two" });
      // The other half of the rounds begins with the start of a process, and may be killed in it.
      if (round < rounds && random() < 0.5) continue;
      const startedAt = performance.now();
      assert.equal((await (await ask(client, "local/demo", SHORT)).ended).status, "complete");
      recovered.push(performance.now() - startedAt);
    }
    assert.equal(client.isGone, false);
  } finally {
    await client.kill();
    await fake.close();
  }
  return [
    ["kills", `${rounds}; ${counts.before} before the first token, ${counts.during} in the middle of an answer`],
    ["answers of the killed process", `${rounds} failed as \`inference-crashed\`, each with the text that had come`],
    ["answers from a server beside them", `${rounds} complete`],
    [
      "the next question to the local model",
      `answered ${recovered.length} times of ${recovered.length}, model loaded anew: ${spread(recovered)}`,
    ],
  ];
}

async function ask(client: TortureClient, model: string, text: string): Promise<Asked> {
  const { connection } = client.sidecar;
  const { session } = await connection.sendRequest(CreateSession, { model });
  const { assistant } = await connection.sendRequest(SendChat, { session: session.id, content: [{ type: "text", text }] });
  const { stream } = assistant;
  assert.ok(stream !== undefined);
  return { session: session.id, message: assistant.id, ended: new Promise((resolve) => client.read(stream, resolve)) };
}

async function inferencePid(bundle: string): Promise<number> {
  const program = bundle.replace("sidecar.mjs", "inference.mjs");
  let pid = 0;
  await until(() => (pid = processesWith(program)[0]?.pid ?? 0) !== 0, "the inference process");
  return pid;
}

async function read({ sidecar }: TortureClient, { session, message }: Asked): Promise<StoredMessage | undefined> {
  const { messages } = (await sidecar.connection.sendRequest(GetSession, { session })).session;
  return messages.find(({ id }) => id === message);
}

function textOf(message: StoredMessage | undefined): string {
  return (message?.message.content ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");
}
