// Conversations as files over the protocol.

import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ExportSession, GetSession, ImportSession, ListSessions } from "../../../sidecar/protocol.ts";
import type { StoredMessage } from "../../../sidecar/types.ts";
import { answers, Gate, inTurn, text, waitsAt, yields } from "../scripted-provider.ts";
import { failure, startReady } from "./served.ts";

async function folderFor(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-export-"));
  context.after(() => rm(folder, { recursive: true }));
  return folder;
}

const words = ({ message }: StoredMessage): unknown => message.content;

test("a conversation is exported into a file and imported as another one, which the client is told of", async (context) => {
  const served = await startReady(context);
  const folder = await folderFor(context);
  served.provider.enqueue(answers("one"));
  const session = await served.newSession();
  const { assistant } = await served.ask(session, "1?");
  assert.ok(assistant.stream !== undefined);
  await served.attach(assistant.stream, "reader");
  await served.untilEnd("reader");
  for (const [name, begins] of [
    ["talk.md", "---\nparley: conversation/1\n"],
    ["talk.json", '{"schema_version":"session-archive/v1"'],
  ] as const) {
    const path = join(folder, name);
    const { bytes, readable } = await served.connection.sendRequest(ExportSession, { session, path });
    const written = await readFile(path);
    assert.ok(String(written).startsWith(begins));
    assert.deepEqual([bytes, readable], [written.length, true]);
    const { session: copy, notes } = await served.connection.sendRequest(ImportSession, { path });
    assert.deepEqual(notes, []);
    assert.notEqual(copy.id, session);
    assert.deepEqual(served.changed.at(-1), copy);
    const [one, other] = [await served.read(session), await served.read(copy.id)];
    assert.deepEqual(other.messages.map(words), one.messages.map(words));
  }
  const named = await served.connection.sendRequest(ExportSession, { session, path: join(folder, "as.txt"), format: "json" });
  assert.equal((await readFile(join(folder, "as.txt"))).length, named.bytes);
});

test("an answer that is being written is exported as far as it is kept, and goes on", async (context) => {
  const served = await startReady(context);
  const folder = await folderFor(context);
  const gate = new Gate();
  served.provider.enqueue(inTurn(yields([text("half")]), waitsAt(gate), answers("whole")));
  const session = await served.newSession();
  const { assistant } = await served.ask(session, "1?");
  assert.ok(assistant.stream !== undefined);
  await gate.reached;
  const path = join(folder, "talk.json");
  await served.connection.sendRequest(ExportSession, { session, path });
  const { session: copy } = await served.connection.sendRequest(ImportSession, { path });
  const { session: imported } = await served.connection.sendRequest(GetSession, { session: copy.id });
  assert.equal(imported.messages.at(-1)?.status, "incomplete");
  assert.equal((await served.read(session)).messages.at(-1)?.status, "streaming");
  await served.attach(assistant.stream, "reader");
  gate.open();
  assert.equal((await served.untilEnd("reader")).status, "complete");
});

test("what cannot be done is said, and nothing is left of it", async (context) => {
  const served = await startReady(context);
  const folder = await folderFor(context);
  const session = await served.newSession();
  const { connection } = served;
  const before = (await connection.sendRequest(ListSessions, {})).sessions.length;
  const path = join(folder, "x.md");
  await assert.rejects(connection.sendRequest(ExportSession, { session: "nobody", path }), failure("session-not-found"));
  await assert.rejects(connection.sendRequest(ExportSession, { session, path: "x.md" }), failure("invalid-params"));
  await assert.rejects(connection.sendRequest(ExportSession, { session, path: join(folder, "no", "x.md") }), failure("not-written"));
  await assert.rejects(connection.sendRequest(ImportSession, { path: "x.md" }), failure("invalid-params"));
  await assert.rejects(connection.sendRequest(ImportSession, { path }), failure("invalid-archive"));
  await writeFile(path, "# Notes\n");
  await assert.rejects(connection.sendRequest(ImportSession, { path }), failure("invalid-archive"));
  assert.deepEqual(await readdir(folder), ["x.md"]);
  assert.equal((await connection.sendRequest(ListSessions, {})).sessions.length, before);
});
