// What the store tells, as it reaches people: the real sidecar on folders that are well, damaged or cannot be used.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Memento } from "vscode";
import { SidecarClient } from "../../extension/sidecar-client.ts";
import { StoreNotices, notKept } from "../../extension/store-notices.ts";
import { productVersion } from "../../sidecar/product-version.ts";
import { GetSession, PROTOCOL_VERSION } from "../../sidecar/protocol.ts";
import { until } from "../support/until.ts";
import { LIMIT, memory } from "./chat-windows.ts";

interface Opened {
  readonly client: SidecarClient;
  readonly told: string[];
}

/** A window that is opened on this store. */
async function opened(t: TestContext, storeFolder: string, remembered: Memento, sidecar = "../../sidecar/main.ts"): Promise<Opened> {
  const client = new SidecarClient({
    executable: process.execPath,
    bundle: fileURLToPath(new URL(sidecar, import.meta.url)),
    environment: {},
    log: { info: () => {}, warn: () => {}, error: () => {}, sidecar: () => {} },
    initialize: () => ({
      protocolVersion: PROTOCOL_VERSION,
      client: { name: "test", version: productVersion() },
      parentPid: process.pid,
      storeFolder,
      settings: { providers: {}, concurrency: 1, localModels: [] },
    }),
  });
  t.after(() => client.stop());
  const told: string[] = [];
  const notices = new StoreNotices({ client, memory: remembered, tell: (kind, words) => told.push(`${kind}: ${words}`) });
  t.after(() => notices.dispose());
  await client.start();
  return { client, told };
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "parley-notices-"));
  // Hooks run in the order in which they were given: the sidecar may still be at work in it.
  t.after(() => rm(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}

test("a store that is well tells nothing", LIMIT, async (t) => {
  const { client, told } = await opened(t, await folder(t), memory());
  assert.deepEqual([told, notKept(client.status)], [[], undefined]);
});

test("a damaged database is told once, with the name under which it was set aside", LIMIT, async (t) => {
  const store = await folder(t);
  await writeFile(join(store, "conversations.sqlite"), "These are no conversations at all. ".repeat(500));
  const remembered = memory();
  const first = await opened(t, store, remembered);
  assert.equal(first.told.length, 1);
  assert.match(first.told[0] ?? "", /^store: .*conversations.*damaged/s);
  assert.equal(notKept(first.client.status), undefined);
  await first.client.stop();
  assert.deepEqual((await opened(t, store, remembered)).told, []);
});

test("that nothing is kept is told once while it lasts, and again when it comes back", LIMIT, async (t) => {
  const inTheWay = join(await folder(t), "store");
  await writeFile(inTheWay, "a file");
  const remembered = memory();
  const first = await opened(t, inTheWay, remembered);
  assert.equal(first.told.length, 1);
  const reason = notKept(first.client.status);
  assert.deepEqual(first.told, [`not-kept: ${reason}`]);
  await first.client.stop();

  const again = await opened(t, inTheWay, remembered);
  assert.deepEqual([again.told, notKept(again.client.status)], [[], reason]);
  await again.client.stop();
  assert.equal(notKept(again.client.status), undefined);

  await rm(inTheWay);
  const well = await opened(t, inTheWay, remembered);
  assert.deepEqual(well.told, []);
  await well.client.stop();
  await rm(inTheWay, { recursive: true });
  await writeFile(inTheWay, "a file");
  assert.deepEqual((await opened(t, inTheWay, remembered)).told, [`not-kept: ${reason}`]);
});

test("damage that is found later is told each time", LIMIT, async (t) => {
  const { client, told } = await opened(t, await folder(t), memory(), "../support/scripted-sidecar.ts");
  for (let times = 1; times <= 2; times += 1) {
    client.request(GetSession, { session: "notice" }).catch(() => {});
    await until(() => told.length === times, "the notice");
  }
  assert.deepEqual(told, ["store: The database was damaged.", "store: The database was damaged."]);
});
