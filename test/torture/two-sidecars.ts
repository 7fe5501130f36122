// Two windows on one store: both write at once, and each sees all that the other has written. And a window that opens while
// another one is being answered touches nothing of that answer.

import assert from "node:assert/strict";
import { ResponseError } from "vscode-jsonrpc/node";
import { type ChatAnswer, CreateSession, GetSession, ListSessions, SendChat, UpdateSession } from "../../sidecar/protocol.ts";
import type { StoredMessage } from "../../sidecar/types.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { lastUserText } from "../support/fake-provider-script.ts";
import { between, seededRandom, type Random } from "../support/seeded-random.ts";
import { until } from "../support/until.ts";
import { readConversations } from "./kept-conversations.ts";
import { type Findings, type Scenario, type Trial } from "./scenario.ts";
import { TortureClient } from "./torture-client.ts";

/** Writes under way at once from each window. */
const AT_ONCE = 4;

export const twoSidecars: Scenario = {
  name: "two-sidecars",
  title: "Two sidecars on one store",
  rounds: 10_000,
  run,
};

async function run(trial: Trial): Promise<Findings> {
  const fake = await FakeProvider.start();
  fake.respond(({ body }) => {
    const question = lastUserText(body);
    if (!question.startsWith("Halt at ")) return { text: "A whole answer" };
    return { steps: [{ text: "so far" }, { gate: question }, { text: ", so good" }, { finish: "stop" }] };
  });
  const windows: TortureClient[] = [];
  const open = async (): Promise<TortureClient> => {
    const window = new TortureClient(trial.bundle);
    windows.push(window);
    const { persistence } = await window.sidecar.shakeHands({ storeFolder: trial.folder, baseUrl: fake.baseUrl("openai-chat") });
    assert.deepEqual(persistence, { available: true });
    return window;
  };
  try {
    const [one, two] = await Promise.all([open(), open()]);
    const interleaved = await writeInterleaved(trial, one, two);
    await secondInMidAnswer(fake, one, open);
    await killedBesideAnother(fake, one, two);
    return [
      ...interleaved,
      ["a second sidecar that starts while the first is answering", "leaves the answer alone, refuses a turn as `busy`, sees the end"],
      ["a sidecar killed while another one runs", "its answer is cut and marked for the other one, which goes on in that conversation"],
    ];
  } finally {
    await Promise.all(windows.map((window) => window.kill()));
    await fake.close();
  }
}

interface Written {
  readonly title: string;
  readonly questions: readonly string[];
}

async function writeInterleaved(trial: Trial, ...windows: readonly TortureClient[]): Promise<Findings> {
  const { rounds, seed, folder, say } = trial;
  const written = new Map<string, Written>();
  let writes = 0;
  const startedAt = performance.now();
  const lanes = windows.flatMap((window, index) => Array.from({ length: AT_ONCE }, (_, lane) => ({ window, name: `${index}-${lane}` })));
  await Promise.all(
    lanes.map(async ({ window, name }, index) => {
      const random = seededRandom(seed + index);
      while (writes < rounds) {
        const { id, conversation, count } = await writeConversation(window, name, random);
        written.set(id, conversation);
        writes += count;
        if (Math.floor(writes / 1000) > Math.floor((writes - count) / 1000)) say(`${Math.floor(writes / 1000)} thousand writes`);
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  for (const { sidecar } of windows) {
    const { sessions } = await sidecar.connection.sendRequest(ListSessions, { limit: 10_000 });
    const titles = new Map(sessions.map(({ id, title }) => [id, title]));
    assert.deepEqual(titles, new Map(Array.from(written, ([id, { title }]) => [id, title])), "one of the windows sees something else");
  }
  const kept = readConversations(folder);
  const questions = Array.from(kept.messages.values(), ({ session, text }) => `${session} ${text}`);
  const known = new Set(questions);
  for (const [id, { questions: asked }] of written) {
    for (const text of asked) assert.ok(known.has(`${id} ${text}`), `The question "${text}" was acknowledged and is lost.`);
  }
  return [
    ["interleaved writes", `${writes} acknowledged, ${AT_ONCE} at once from each; lost: 0; both see all; \`integrity_check\` ok`],
    ["writes a second", `${Math.round(writes / seconds)}`],
  ];
}

/** One conversation with one to three questions, each acknowledged before the next, and a title or two. */
async function writeConversation(
  { sidecar: { connection } }: TortureClient,
  name: string,
  random: Random,
): Promise<{ readonly id: string; readonly conversation: Written; readonly count: number }> {
  const { session } = await connection.sendRequest(CreateSession, { model: "openai-compatible/fake-model" });
  const questions: string[] = [];
  let count = 1;
  for (let turn = between(random, 1, 3); turn > 0; turn -= 1) {
    const text = `${name} asks ${between(random, 1, 1e9)}`;
    // Each branches off from nothing, so that it need not wait for the answer's end in the same branch.
    await retryWhileBusy(() => connection.sendRequest(SendChat, { session: session.id, content: [{ type: "text", text }], parent: null }));
    questions.push(text);
    count += 1;
  }
  let title = "";
  for (let renamed = between(random, 1, 2); renamed > 0; renamed -= 1) {
    title = `${name} ${between(random, 1, 1e9)}`;
    await connection.sendRequest(UpdateSession, { session: session.id, title });
    count += 1;
  }
  return { id: session.id, conversation: { title, questions }, count };
}

/** One turn at a time: the answer to the question before has to end. */
async function retryWhileBusy(ask: () => Promise<unknown>): Promise<void> {
  await until(async () => {
    try {
      await ask();
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    }
  }, "the place for the next question");
}

const isBusy = (error: unknown): boolean => error instanceof ResponseError && Object(error.data)["code"] === "busy";

async function secondInMidAnswer(fake: FakeProvider, first: TortureClient, open: () => Promise<TortureClient>): Promise<void> {
  const answer = await askHalting(fake, first, "Halt at one");
  const second = await open();
  const seen = await shownAnswer(second, answer);
  assert.equal(seen?.status, "streaming");
  await assert.rejects(ask(second, answer.user.session), isBusy);
  fake.gate("Halt at one").open();
  await until(async () => (await shownAnswer(second, answer))?.status === "complete", "the end of the answer, seen from the other window");
  assert.deepEqual((await shownAnswer(second, answer))?.message.content, [{ type: "text", text: "so far, so good" }]);
  await ask(second, answer.user.session);
}

async function killedBesideAnother(fake: FakeProvider, first: TortureClient, second: TortureClient): Promise<void> {
  const answer = await askHalting(fake, first, "Halt at two");
  await assert.rejects(ask(second, answer.user.session), isBusy);
  await first.kill();
  await ask(second, answer.user.session);
  const cut = await shownAnswer(second, answer);
  assert.deepEqual([cut?.status, cut?.error?.providerCode], ["incomplete", "sidecar-ended"]);
  assert.deepEqual(cut?.message.content, [{ type: "text", text: "so far" }]);
}

function ask({ sidecar: { connection } }: TortureClient, session: string, text = "And now?"): Promise<ChatAnswer> {
  return connection.sendRequest(SendChat, { session, content: [{ type: "text", text }] });
}

/** In a new conversation, up to where the answer halts and what has come is in the database. */
async function askHalting(fake: FakeProvider, window: TortureClient, question: string): Promise<ChatAnswer> {
  const { session } = await window.sidecar.connection.sendRequest(CreateSession, { model: "openai-compatible/fake-model" });
  const answer = await ask(window, session.id, question);
  await fake.waitFor(({ waitingAt }) => waitingAt.includes(question), "the answer to halt");
  const shown = async (): Promise<string> => JSON.stringify((await shownAnswer(window, answer))?.message.content);
  await until(async () => (await shown()).includes("so far"), "the text so far in the store");
  return answer;
}

async function shownAnswer({ sidecar: { connection } }: TortureClient, { assistant }: ChatAnswer): Promise<StoredMessage | undefined> {
  const { session } = await connection.sendRequest(GetSession, { session: assistant.session });
  return session.messages.find(({ id }) => id === assistant.id);
}
