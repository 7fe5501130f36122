import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { CancelStream, GetSession, ListModels, ListSessions, SetKey, Shutdown } from "../../sidecar/protocol.ts";
import type { StoredMessage } from "../../sidecar/types.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { until } from "../support/until.ts";
import { type BuiltSidecar, startSidecar } from "./built-sidecar.ts";

async function startProvider(context: TestContext, key?: string): Promise<FakeProvider> {
  const fake = await FakeProvider.start(key === undefined ? {} : { key });
  context.after(() => fake.close());
  return fake;
}

async function newFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-built-"));
  context.after(() => rm(folder, { recursive: true, maxRetries: 5 }));
  return folder;
}

/** What another process finds in the database at this moment. */
function keptMessages(folder: string): string[] {
  const database = new DatabaseSync(join(folder, "conversations.sqlite"), { readOnly: true });
  try {
    const rows = database.prepare("SELECT message FROM messages").all();
    return rows.map(({ message }) => String(message));
  } finally {
    database.close();
  }
}

/** Whether it holds what somebody was told of a provider's limit. */
function knowsLimit(folder: string): boolean {
  const database = new DatabaseSync(join(folder, "conversations.sqlite"), { readOnly: true });
  try {
    return database.prepare("SELECT 1 FROM endpoint_limits").get() !== undefined;
  } finally {
    database.close();
  }
}

/** An answer that stops in the middle until the gate `more` is opened. */
const halting = { steps: [{ text: "so far" }, { gate: "more" }, { text: ", so good" }, { finish: "stop" }] } as const;

test("the built sidecar shakes hands on its pipe, and ends when the pipe does", async (context) => {
  const startedAt = performance.now();
  const sidecar = startSidecar(context);
  const { pid, version, persistence } = await sidecar.shakeHands({ storeFolder: await newFolder(context) });
  const readyMs = Math.round(performance.now() - startedAt);
  assert.equal(pid, sidecar.child.pid);
  const manifest: unknown = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  assert.ok(typeof manifest === "object" && manifest !== null && "version" in manifest);
  assert.equal(version, manifest.version);
  assert.deepEqual(persistence, { available: true });
  assert.deepEqual(await sidecar.connection.sendRequest(ListSessions, {}), { sessions: [] });
  const memory = sidecar.memory;
  const endingAt = performance.now();
  sidecar.pipe.end();
  assert.deepEqual(await sidecar.exited, { code: 0, signal: null });
  context.diagnostic(`spawn to ready: ${readyMs} ms; at rest: ${memory?.toFixed(1) ?? "?"} MB resident`);
  context.diagnostic(`end of the pipe to end of the process: ${Math.round(performance.now() - endingAt)} ms`);
});

test("it ends when its parent is gone although somebody holds the pipe open", async (context) => {
  const parent = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const gone = once(parent, "exit");
  const sidecar = startSidecar(context);
  await sidecar.shakeHands({ parentPid: parent.pid ?? 0 });
  assert.equal(sidecar.hasExited, false);
  parent.kill("SIGKILL");
  await gone;
  const goneAt = performance.now();
  assert.deepEqual(await sidecar.exited, { code: 0, signal: null });
  context.diagnostic(`end of the parent to end of the process: ${Math.round(performance.now() - goneAt)} ms`);
});

test("it ends when it is asked to, with everything written", async (context) => {
  const sidecar = startSidecar(context);
  await sidecar.shakeHands({ storeFolder: await newFolder(context) });
  assert.equal(await sidecar.connection.sendRequest(Shutdown, null), null);
  assert.deepEqual(await sidecar.exited, { code: 0, signal: null });
});

test("without a pipe it says how to start it, and ends", async () => {
  const bundle = fileURLToPath(new URL("../../dist/sidecar.mjs", import.meta.url));
  const child = spawn(process.execPath, [bundle], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => (said += String(text)));
  const [code] = await once(child, "close");
  assert.equal(code, 2);
  assert.match(said, /^error: There is no pipe on file descriptor 3 .*parley serve --stdio\n$/);
});

test("a fault ends it with its reason in the log and a status that says so", async (context) => {
  const fault = "data:text/javascript,process.on('SIGUSR2', () => { throw new Error('a fault') })";
  const sidecar = startSidecar(context, ["--import", fault]);
  await sidecar.shakeHands();
  sidecar.child.kill("SIGUSR2");
  assert.deepEqual(await sidecar.exited, { code: 1, signal: null });
  await sidecar.logged;
  assert.match(sidecar.output, /^error: The sidecar failed: Error: a fault \| at /m);
});

test("a client that has stopped reading its logs keeps it neither from working nor from ending well", async (context) => {
  const fake = await startProvider(context);
  const sidecar = startSidecar(context);
  await sidecar.shakeHands({ baseUrl: fake.baseUrl("openai-chat") });
  sidecar.child.stdout?.destroy();
  sidecar.child.stderr?.destroy();
  await sidecar.connection.sendNotification("stream/ack", { nonsense: "is logged" });
  await sidecar.ask("Hello?");
  assert.equal((await sidecar.untilEnd()).status, "complete");
  sidecar.pipe.end();
  assert.deepEqual(await sidecar.exited, { code: 0, signal: null });
});

test("an answer streams from a provider's socket to the client, with a key that was entered for it", async (context) => {
  const fake = await startProvider(context, "canary-4711");
  const sidecar = startSidecar(context);
  const folder = await newFolder(context);
  await sidecar.shakeHands({ baseUrl: fake.baseUrl("openai-chat"), storeFolder: folder });
  await sidecar.connection.sendRequest(SetKey, { provider: "openai-compatible", origin: fake.origin, key: "canary-4711" });
  const listed = await sidecar.connection.sendRequest(ListModels, { provider: "openai-compatible" });
  assert.deepEqual(
    listed.models.map(({ ref }) => ref),
    ["openai-compatible/fake-model"],
  );
  fake.enqueue({ text: "Hello from the other side" });
  await sidecar.ask("Hello?");
  assert.equal((await sidecar.untilEnd()).status, "complete");
  assert.equal(sidecar.text, "Hello from the other side");
  await sidecar.connection.sendRequest(Shutdown, null);
  await sidecar.exited;
  await sidecar.logged;
  const kept = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), "latin1")));
  assert.ok(kept.some((bytes) => bytes.includes("Hello from the other side")));
  for (const text of [sidecar.output, ...kept]) assert.ok(!text.includes("canary-4711"));
});

test("where conversations cannot be kept it says why, and answers all the same", async (context) => {
  const fake = await startProvider(context);
  const sidecar = startSidecar(context);
  const folder = await newFolder(context);
  await writeFile(join(folder, "a-file"), "");
  const storeFolder = join(folder, "a-file", "below");
  const { persistence } = await sidecar.shakeHands({ baseUrl: fake.baseUrl("openai-chat"), storeFolder });
  assert.equal(persistence.available, false);
  assert.match(persistence.reason ?? "", /a file is in its place/);
  const { user } = await sidecar.ask("Hello?");
  assert.equal((await sidecar.untilEnd()).status, "complete");
  const { session } = await sidecar.connection.sendRequest(GetSession, { session: user.session });
  assert.equal(session.messages.length, 2);
  // Its log is another pipe than its answers.
  await until(() => /^warn: .* a file is in its place/m.test(sidecar.output), "the reason in the log");
});

test("cancelling closes the provider's socket", async (context) => {
  const fake = await startProvider(context);
  const sidecar = startSidecar(context);
  await sidecar.shakeHands({ baseUrl: fake.baseUrl("openai-chat") });
  fake.enqueue(halting);
  const answer = await sidecar.ask("Hello?");
  await sidecar.untilText("so far");
  assert.ok(answer.assistant.stream !== undefined);
  assert.deepEqual(await sidecar.connection.sendRequest(CancelStream, answer.assistant.stream), { cancelled: true });
  await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the provider's socket to be closed");
  assert.equal((await sidecar.untilEnd()).status, "cancelled");
  assert.equal(sidecar.text, "so far");
});

interface Halfway {
  readonly fake: FakeProvider;
  readonly folder: string;
  readonly before: BuiltSidecar;
  readonly user: StoredMessage;
}

/** A sidecar in the middle of an answer that it keeps in `folder`. */
async function askHalfway(context: TestContext): Promise<Halfway> {
  const fake = await startProvider(context);
  const folder = await newFolder(context);
  const before = startSidecar(context);
  await before.shakeHands({ baseUrl: fake.baseUrl("openai-chat"), storeFolder: folder });
  fake.enqueue(halting);
  const { user } = await before.ask("Hello?");
  await before.untilText("so far");
  return { fake, folder, before, user };
}

test("the end of the pipe in mid-answer closes the provider's socket and keeps the text, which the next sidecar shows", async (context) => {
  const { fake, folder, before, user } = await askHalfway(context);
  before.pipe.end();
  assert.deepEqual(await before.exited, { code: 0, signal: null });
  await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the provider's socket to be closed");
  const after = startSidecar(context);
  await after.shakeHands({ storeFolder: folder });
  const { session } = await after.connection.sendRequest(GetSession, { session: user.session });
  const [question, answer] = session.messages;
  assert.deepEqual(question?.message.content, [{ type: "text", text: "Hello?" }]);
  assert.deepEqual(answer?.message.content, [{ type: "text", text: "so far" }]);
  assert.deepEqual([answer?.status, answer?.error?.providerCode], ["incomplete", "sidecar-ended"]);
});

test("what one window was told of a provider's limit holds in another one that opens later", async (context) => {
  const fake = await startProvider(context);
  const folder = await newFolder(context);
  const waits = ({ events }: BuiltSidecar): boolean => events.some((event) => event.type === "status" && event.untilMs !== undefined);
  const ask = async (): Promise<BuiltSidecar> => {
    const sidecar = startSidecar(context);
    await sidecar.shakeHands({ baseUrl: fake.baseUrl("openai-chat"), storeFolder: folder });
    await sidecar.ask("Hello?");
    await until(() => waits(sidecar), "it to wait");
    return sidecar;
  };
  fake.enqueue({ status: 429, headers: { "retry-after": "50" }, body: { error: { message: "slow down", code: "rate_limit_exceeded" } } });
  await ask();
  assert.equal(fake.state().requests, 1);
  await until(() => knowsLimit(folder), "the limit in the database");
  await ask();
  assert.equal(fake.state().requests, 1);
});

test("a database that another process holds locked keeps it alive no longer than two seconds after its pipe", async (context) => {
  const { folder, before } = await askHalfway(context);
  // The answer so far may be on its way to the disk: the lock waits for that.
  const lock = new DatabaseSync(join(folder, "conversations.sqlite"), { timeout: 20_000 });
  context.after(() => lock.close());
  lock.exec("BEGIN IMMEDIATE");
  const endingAt = performance.now();
  before.pipe.end();
  const exit = await before.exited;
  const ms = Math.round(performance.now() - endingAt);
  context.diagnostic(`end of the pipe to end of the process, with a locked database: ${ms} ms`);
  // SQLite itself would wait for five seconds and then refuse the answer, which the log would tell. What is to be seen here is that
  // nobody waits for it: the process is gone, by its own hand, while the database's thread still stands before the lock.
  assert.notEqual(exit.code, 0);
  await before.logged;
  assert.match(before.output, /^warn: The store did not close in time; the process ends without it\.$/m);
  assert.doesNotMatch(before.output, /were not kept/);
});

test("killed with -9 in mid-answer it loses no question and at most a second of the answer", async (context) => {
  const { folder, before, user } = await askHalfway(context);
  const saidAt = performance.now();
  await until(() => keptMessages(folder).some((message) => message.includes("so far")), "the answer so far in the database");
  context.diagnostic(`text on the wire to text on the disk: ${Math.round(performance.now() - saidAt)} ms`);
  before.child.kill("SIGKILL");
  assert.deepEqual(await before.exited, { code: null, signal: "SIGKILL" });
  const after = startSidecar(context);
  await after.shakeHands({ storeFolder: folder });
  const { session } = await after.connection.sendRequest(GetSession, { session: user.session });
  const [question, answer] = session.messages;
  assert.equal(question?.id, user.id);
  assert.deepEqual(answer?.message.content, [{ type: "text", text: "so far" }]);
  assert.deepEqual([answer?.status, answer?.error?.providerCode], ["incomplete", "sidecar-ended"]);
});
