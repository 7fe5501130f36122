// `parley sessions search` while not all messages are in the index.

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { runParley } from "../../sidecar/cli/run.ts";
import { Terminal } from "../../sidecar/cli/terminal.ts";
import { createSession, exchange, newFolder, openStore } from "./sessions/store-kinds.ts";

async function search(folder: string, word: string): Promise<string> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const host = { env: {}, stdin, stdout, stderr, on: () => undefined, exit: () => undefined };
  assert.equal(await runParley(["sessions", "search", "--store", folder, word], new Terminal(host)), 0);
  return String(stderr.read() ?? "");
}

test("what is not found is only said to be nowhere when every message was looked through", async (context) => {
  const folder = await newFolder(context);
  const store = await openStore(folder);
  const { id } = await createSession(store);
  await exchange(store, id, null, ["Where is it?", "Here."]);
  await store.close();
  assert.match(await search(folder, "nowhere"), /nothing was found\.$/mu);
  const database = new DatabaseSync(join(folder, "conversations.sqlite"));
  // However quick the store is with its index: this message goes on waiting for its place in it.
  database.exec("CREATE TRIGGER held BEFORE DELETE ON unindexed BEGIN SELECT RAISE(IGNORE); END");
  database.exec("INSERT INTO unindexed SELECT number FROM messages WHERE role = 'user'");
  database.close();
  assert.match(await search(folder, "nowhere"), /nothing was found so far: not all messages are in the index yet/u);
});
