// The store over the protocol: how much it holds, what leaves it, and what is told of it.

import assert from "node:assert/strict";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { duplexPair } from "node:stream";
import { test } from "node:test";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import type { Log } from "../../../sidecar/log.ts";
import {
  DeleteAllSessions,
  GetSession,
  GetStoreStatistics,
  Initialize,
  ListSessions,
  PROTOCOL_VERSION,
  PruneStore,
  RestoreSession,
  StoreNotice,
} from "../../../sidecar/protocol.ts";
import { serve } from "../../../sidecar/server.ts";
import { SqliteStore } from "../../../sidecar/sessions/sqlite-store.ts";
import { createSidecarServices } from "../../../sidecar/sidecar-services.ts";
import { until } from "../../support/until.ts";
import { Gate, waitsAt } from "../scripted-provider.ts";
import { newFolder, openStore, userMessage } from "../sessions/store-kinds.ts";
import { newSession } from "../../../sidecar/sessions/new-session.ts";
import { failure, settings, startReady } from "./served.ts";

test("the store tells what it holds, and is pruned of what nobody has changed for long", async (context) => {
  const { connection, store } = await startReady(context);
  const old = { ...newSession({ model: null }), updatedAt: 1000 };
  const fresh = newSession({ model: null });
  await store.createSession(old, [userMessage(old.id, null, "?")]);
  await store.createSession(fresh);
  const { statistics } = await connection.sendRequest(GetStoreStatistics, null);
  assert.deepEqual([statistics.sessions, statistics.messages, statistics.oldestChange], [2, 1, 1000]);
  assert.deepEqual(await connection.sendRequest(PruneStore, { before: 2000 }), { sessions: 1 });
  const { sessions } = await connection.sendRequest(ListSessions, {});
  assert.deepEqual(
    sessions.map(({ id }) => id),
    [fresh.id],
  );
  await assert.rejects(connection.sendRequest(PruneStore, { before: -1 }), failure("invalid-params"));
});

test("deleting everything stops what is being answered first, and cannot be undone", async (context) => {
  const served = await startReady(context);
  const gate = new Gate();
  served.provider.enqueue(waitsAt(gate));
  const session = await served.newSession();
  const { assistant } = await served.ask(session, "Wait for it.");
  assert.ok(assistant.stream !== undefined);
  await served.attach(assistant.stream, "reader");
  const result = await served.connection.sendRequest(DeleteAllSessions, null);
  assert.deepEqual(result, { sessions: 1, files: [], filesLeft: [] });
  assert.equal((await served.untilEnd("reader")).status, "cancelled");
  await assert.rejects(served.connection.sendRequest(GetSession, { session }), failure("session-not-found"));
  await assert.rejects(served.connection.sendRequest(RestoreSession, { session }), failure("session-not-found"));
});

test("damage that is found after the handshake is told, with what became of it", async (context) => {
  const folder = await newFolder(context);
  const filler = await openStore(folder);
  const session = newSession({ model: null, title: "Long" });
  const messages = Array.from({ length: 200 }, (_, at) => userMessage(session.id, null, `Message ${at} ${"of many words ".repeat(100)}`));
  await filler.createSession({ ...session, leaf: messages.at(-1)?.id ?? null }, messages);
  await filler.close();
  const file = join(folder, "conversations.sqlite");
  const database = new DatabaseSync(file, { readOnly: true });
  const page = database.prepare("SELECT pageno FROM dbstat WHERE name = 'messages' AND pagetype = 'leaf' LIMIT 1 OFFSET 20").get()?.[
    "pageno"
  ];
  database.close();
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, Buffer.alloc(4096, 0xff), 0, 4096, (Number(page) - 1) * 4096);
  closeSync(descriptor);

  const [theirs, ours] = duplexPair();
  const warnings: string[] = [];
  const log: Log = { debug: () => {}, info: () => {}, warn: (words) => void warnings.push(words), error: () => {} };
  const server = serve(theirs, { version: "1", log, createServices: (request) => createSidecarServices(request, SqliteStore.start()) });
  const connection = createMessageConnection(new StreamMessageReader(ours), new StreamMessageWriter(ours));
  const notices: string[] = [];
  connection.onNotification(StoreNotice, ({ message }) => void notices.push(message));
  connection.listen();
  const client = { name: "test", version: "1" };
  const { persistence } = await connection.sendRequest(Initialize, {
    protocolVersion: PROTOCOL_VERSION,
    client,
    parentPid: null,
    storeFolder: folder,
    settings,
  });
  assert.deepEqual(persistence, { available: true });
  const reads = messages.map(({ id }) => connection.sendRequest(GetSession, { session: session.id, before: id }).catch(() => {}));
  await Promise.all(reads);
  await until(() => notices.length > 0, "the notice");
  assert.match(notices[0] ?? "", /^The conversations were damaged\. \d+ messages in 1 conversation could be read and are there\./);
  assert.deepEqual(warnings, notices);
  const { statistics } = await connection.sendRequest(GetStoreStatistics, null);
  assert.deepEqual(
    statistics.otherFiles.map(({ kind }) => kind),
    ["damaged"],
  );
  assert.ok(statistics.messages < messages.length && statistics.messages > messages.length - 10);
  await server.end("the test is over");
  connection.dispose();
});
