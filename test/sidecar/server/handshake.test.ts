import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { ErrorCodes, ResponseError } from "vscode-jsonrpc/node";
import {
  AttachStream,
  CancelGather,
  CreateSession,
  GetSession,
  Initialize,
  ListModels,
  ListProviders,
  ListSessions,
  SendChat,
  SetKey,
  Shutdown,
  StartGather,
  UpdateSession,
  UpdateSettings,
} from "../../../sidecar/protocol.ts";
import { until } from "../../support/until.ts";
import { failure, handshake, sendAnything, settings, startReady, startServer } from "./served.ts";

test("the handshake tells version, process and what works, and the epoch is another each time", async (context) => {
  const [one, two] = [startServer(context), startServer(context)];
  const { epoch, ...told } = await one.shakeHands();
  assert.deepEqual(told, {
    protocolVersion: 1,
    version: "1.2.3",
    pid: process.pid,
    persistence: { available: false, reason: "This is a test." },
    localInference: { available: true },
  });
  assert.notEqual(epoch, (await two.shakeHands()).epoch);
});

test("nothing is answered before the handshake, and the handshake is made once", async (context) => {
  const served = startServer(context);
  await assert.rejects(served.connection.sendRequest(ListSessions, {}), failure("not-ready", /handshake/));
  await assert.rejects(served.connection.sendRequest(ListProviders, null), failure("not-ready"));
  await assert.rejects(sendAnything(served, GetSession, "nonsense"), failure("not-ready"));
  await served.shakeHands();
  assert.deepEqual(await served.connection.sendRequest(ListSessions, {}), { sessions: [] });
  await assert.rejects(served.shakeHands(), failure("invalid-params", /already/));
});

test("another version of the protocol is refused as such, whatever else the handshake looks like", async (context) => {
  const served = startServer(context);
  await assert.rejects(
    sendAnything(served, Initialize, { protocolVersion: 2 }),
    failure("wrong-version", /version 1 of the protocol, not 2/),
  );
  await served.shakeHands();
});

const part = { type: "text", text: "?" };
const gathering = { items: [{ item: "a", uri: "file:///a", name: "a" }], prompt: "?", models: ["scripted/m"] };

const refused: readonly (readonly [
  type: Parameters<typeof sendAnything>[1] | { readonly method: string },
  params: unknown,
  words: RegExp,
])[] = [
  [GetSession, null, /^The parameters must be an object/],
  [GetSession, [], /^The parameters must be an object/],
  [GetSession, "s", /^The parameters must be an object/],
  [GetSession, {}, /^`session` must be a text/],
  [GetSession, { session: 7 }, /^`session` must be a text/],
  [GetSession, { session: "" }, /^`session` must be a text that is not empty/],
  [GetSession, { session: "x".repeat(1000) }, /^`session` must be a text of at most 200 characters/],
  [ListSessions, { limit: 0 }, /^`limit` must be a whole number, 1 or more/],
  [ListSessions, { limit: 1.5 }, /^`limit` must be a whole number/],
  [CreateSession, {}, /^`model` must be a text/],
  [CreateSession, { model: null, parameters: { temperature: "hot" } }, /^`parameters`: .*temperature/],
  [CreateSession, { model: null, parameters: { temprature: 1 } }, /^`parameters`: .*temprature/],
  [UpdateSession, { session: "s", title: null }, /^`title` must be a text/],
  [SendChat, { session: "s", content: [] }, /^`content` must be a list of 1 to 1000 entries/],
  [SendChat, { session: "s", content: [part, { type: "text" }] }, /^`content\[1\]\.text` must be a text/],
  [SendChat, { session: "s", content: [{ type: "sound" }] }, /^`content\[0\]\.type` must be one of "text", "image", "file"/],
  [SendChat, { session: "s", content: ["?"] }, /^`content\[0\]` must be an object/],
  [SendChat, { session: "s", content: [part], parent: 1 }, /^`parent` must be a text/],
  [AttachStream, { stream: "s", epoch: "e", reader: "r", afterSeq: -1 }, /^`afterSeq` must be a whole number, 0 or more/],
  [ListModels, { baseUrl: "http://localhost" }, /^`provider` must be given where `baseUrl` is/],
  [ListModels, { refresh: "yes" }, /^`refresh` must be true or false/],
  [SetKey, { provider: "openai", origin: "https://api.openai.com" }, /^`key` must be a text/],
  [UpdateSettings, { settings: { ...settings, providers: { x: { api: "soap" } } } }, /^`settings\.providers\.x\.api` must be one of/],
  [UpdateSettings, { settings: { ...settings, network: { proxy: 1 } } }, /^`settings\.network\.proxy` must be a text/],
  [UpdateSettings, { settings: { ...settings, network: { noProxy: [1] } } }, /^`settings\.network\.noProxy\[0\]` must be a text/],
  [UpdateSettings, { settings: { ...settings, concurrency: 0 } }, /^`settings\.concurrency` must be a whole number from 1/],
  [
    StartGather,
    { ...gathering, items: [...gathering.items, ...gathering.items] },
    /^`items` must be a list in which each `item` is another/,
  ],
  [StartGather, { ...gathering, models: ["a/b", "a/b"] }, /^`models` must be a list without repetition/],
  [StartGather, { ...gathering, items: [{ item: "a" }] }, /^`items\[0\]\.uri` must be a text/],
  [CancelGather, { run: null }, /^`run` must be a text/],
];

for (const [{ method }, params, words] of refused) {
  test(`${method} refuses ${JSON.stringify(params).slice(0, 100)} and names the field`, async (context) => {
    const served = await startReady(context);
    await assert.rejects(served.connection.sendRequest(method, params), failure("invalid-params", words));
  });
}

test("the handshake's own parameters are checked, and it can be made again after a slip", async (context) => {
  const served = startServer(context);
  await assert.rejects(sendAnything(served, Initialize, {}), failure("invalid-params", /^`protocolVersion` must be/));
  await assert.rejects(
    sendAnything(served, Initialize, { ...handshake, parentPid: "7" }),
    failure("invalid-params", /^`parentPid` must be/),
  );
  await assert.rejects(
    sendAnything(served, Initialize, { ...handshake, storeFolder: undefined }),
    failure("invalid-params", /^`storeFolder`/),
  );
  await served.shakeHands();
});

test("more parameters than one, and none, are no reason to stumble", async (context) => {
  const served = await startReady(context);
  assert.deepEqual(await served.connection.sendRequest("provider/list"), { providers: [] });
  assert.deepEqual(await served.connection.sendRequest("provider/list", 1, 2, 3), { providers: [] });
});

test("an unknown method is answered as one, and an unknown notification passed over", async (context) => {
  const served = await startReady(context);
  await served.connection.sendNotification("nobody/knows", {});
  await assert.rejects(
    served.connection.sendRequest("nobody/knows", {}),
    (error) => error instanceof ResponseError && error.code === ErrorCodes.MethodNotFound,
  );
});

test("a notification that does not fit is logged and passed over", async (context) => {
  const served = await startReady(context);
  await served.connection.sendNotification("stream/ack", { reader: 1, seq: "x" });
  await served.connection.sendRequest(ListSessions, {});
  assert.ok(served.logged.some((line) => /stream\/ack was passed over: `reader` must be a text/.test(line)));
});

test("settings and keys reach the engine", async (context) => {
  const served = await startReady(context);
  const changed = { ...settings, concurrency: 7 };
  await served.connection.sendRequest(UpdateSettings, { settings: changed });
  await served.connection.sendRequest(SetKey, { provider: "openai", origin: "https://api.openai.com", key: "secret" });
  assert.deepEqual(served.settings, [settings, changed]);
  assert.deepEqual(served.keys, [["openai", "https://api.openai.com", "secret"]]);
  assert.ok(!served.logged.join().includes("secret"));
});

test("shutting down answers, then ends, and gives back what it held", async (context) => {
  const served = await startReady(context);
  assert.equal(await served.connection.sendRequest(Shutdown, null), null);
  await served.server.ended;
  assert.ok(served.servicesClosed);
  assert.ok(served.store.closed);
});

test("while it ends, further requests are refused", async (context) => {
  const served = await startReady(context);
  const [, late] = await Promise.allSettled([
    served.connection.sendRequest(Shutdown, null),
    served.connection.sendRequest(ListSessions, {}),
  ]);
  assert.ok(late.status === "rejected" && failure("not-ready", /ending/)(late.reason));
});

test("the end of the pipe ends it, before and after the handshake", async (context) => {
  const [early, late] = [startServer(context), await startReady(context)];
  early.pipe.end();
  late.pipe.destroy();
  await Promise.all([early.server.ended, late.server.ended]);
  assert.ok(late.servicesClosed);
});

for (const [title, bytes] of [
  ["garbage", "x".repeat(10_000)],
  ["a giant frame", "Content-Length: 99999999999\r\n\r\n"],
  ["a frame that is no message", "Content-Length: 2\r\n\r\n[]"],
] as const) {
  test(`${title} on the pipe ends it, with the reason in the log`, async (context) => {
    const served = await startReady(context);
    served.pipe.write(bytes);
    await served.server.ended;
    assert.ok(served.logged.some((line) => line.startsWith("The pipe failed")));
  });
}

test("the end of the parent ends it although the pipe is open", async (context) => {
  const parent = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const exited = once(parent, "exit");
  const served = startServer(context);
  await served.shakeHands({ parentPid: parent.pid ?? 0 });
  assert.equal(served.hasEnded, false);
  parent.kill("SIGKILL");
  await exited;
  await until(() => served.hasEnded, "the end of the sidecar");
  assert.ok(served.servicesClosed);
});
