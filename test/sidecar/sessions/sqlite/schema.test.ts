// Databases of older and newer schemas, and what becomes of them.

import assert from "node:assert/strict";
import { copyFile, mkdir, readdir, readFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Failure } from "../../../../sidecar/failure.ts";
import { newSession } from "../../../../sidecar/sessions/new-session.ts";
import { schemaOnDisk } from "../../../../sidecar/sessions/sqlite/opening/schema-on-disk.ts";
import { schemaVersion } from "../../../../sidecar/sessions/sqlite/schema.ts";
import type { SqliteStore } from "../../../../sidecar/sessions/sqlite-store.ts";
import type { SearchResult } from "../../../../sidecar/store-results.ts";
import type { StoredMessage } from "../../../../sidecar/types.ts";
import { until } from "../../../support/until.ts";
import { newFolder, openStore } from "../store-kinds.ts";

const schemaText = (version: 1 | 2 | 3): Promise<string> =>
  readFile(new URL(`../../../fixtures/store/schema-${version}.sql`, import.meta.url), "utf8");

/** A database that the code of an older schema has written. */
async function writeSchema(version: 1 | 2 | 3, folder: string): Promise<void> {
  const database = new DatabaseSync(join(folder, "conversations.sqlite"));
  database.exec(`PRAGMA journal_mode = WAL; ${await schemaText(version)}`);
  database.close();
}

function rowsOf(file: string, sql: string): readonly unknown[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

async function checkAsksToReload(promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => {
    return error instanceof Failure && error.code === "storage" && /newer Parley .*Reload the window/.test(error.message);
  });
}

/** Everything that a file system tells of a folder's files. */
async function filesOf(folder: string): Promise<readonly unknown[]> {
  const names = (await readdir(folder)).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const { mtimeMs, ino, size } = await stat(join(folder, name));
      return { name, mtimeMs, ino, size, bytes: await readFile(join(folder, name), "base64") };
    }),
  );
}

async function searchWhenIndexed(store: SqliteStore, text: string): Promise<SearchResult> {
  const find = (): Promise<SearchResult> => store.search({ text, limit: 5, messagesPerSession: 5 });
  await until(async () => (await find()).complete, "the index of words to be made");
  return find();
}

test("a database of the first schema is brought up to date, with all that it holds, after a backup", async (context) => {
  const folder = await newFolder(context);
  await writeSchema(1, folder);
  const file = join(folder, "conversations.sqlite");
  const before = rowsOf(file, "SELECT * FROM messages");
  const store = await openStore(folder);
  const [third, second, first] = await store.listSessions(10);
  assert.deepEqual(
    [first, second?.id, third],
    [
      {
        id: "s1",
        title: "Tests in Zürich",
        model: "openrouter/openai/gpt-5-mini",
        systemPrompt: "Be brief.",
        parameters: { temperature: 0.5, stop: ["\n"] },
        createdAt: 1_790_000_000_000,
        updatedAt: 1_790_000_060_000,
        leaf: "m5",
      },
      "s2",
      { id: "s3", title: "", model: null, createdAt: 1_790_000_009_000, updatedAt: 1_790_000_069_000, leaf: null },
    ],
  );
  const path = await store.getPath("m5", { siblings: true });
  assert.deepEqual(
    path.map(({ id, siblings, status }) => [id, siblings, status]),
    [
      ["m1", undefined, undefined],
      ["m3", ["m2", "m3"], "complete"],
      ["m4", undefined, undefined],
      ["m5", undefined, "error"],
    ],
  );
  assert.equal(path[3]?.error?.message, "The server cannot be reached.");
  const interrupted = await store.getMessage("m7");
  assert.deepEqual([interrupted?.status, interrupted?.error?.providerCode], ["incomplete", "sidecar-ended"]);
  for (const [text, message] of [
    ["naive", "m1"],
    ["fixtures", "m2"],
    ["天気", "m3"],
    ["雨", "m3"],
    ["upon a time", "m7"],
  ] as const) {
    const { hits } = await searchWhenIndexed(store, text);
    assert.deepEqual(
      hits.flatMap(({ messages }) => messages.map((hit) => hit.message)),
      [message],
      text,
    );
  }
  assert.equal((await searchWhenIndexed(store, "zurich")).hits[0]?.titleMatches.length, 1);
  const { otherFiles } = await store.statistics();
  await store.close();
  assert.deepEqual(
    otherFiles.map(({ kind }) => kind),
    ["backup"],
  );
  const backup = join(folder, otherFiles[0]?.name ?? "");
  assert.match(backup, /conversations\.backup-\d{4}-\d{2}-\d{2}-.*-schema-1\.sqlite$/);
  assert.deepEqual(rowsOf(backup, "PRAGMA user_version"), [{ user_version: 1 }]);
  assert.deepEqual(rowsOf(backup, "SELECT * FROM messages"), before);
  assert.deepEqual(rowsOf(file, "PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
});

test("a database of the second schema is brought up to date with what it had indexed; its titles can be given by a person", async (context) => {
  const folder = await newFolder(context);
  await writeSchema(2, folder);
  const store = await openStore(folder);
  const name = { session: "t1", title: "Generated", had: "Drying tea" };
  assert.equal((await store.nameSession(name))?.title, "Generated");
  await store.updateSession("t1", { title: "Drying tea" });
  assert.equal(await store.nameSession(name), undefined);
  const path = await store.getPath("n3", { siblings: true });
  assert.deepEqual(
    path.map(({ id, siblings, metadata }) => [id, siblings, metadata]),
    [
      ["n1", undefined, { mark: 1 }],
      ["n3", ["n2", "n3"], undefined],
    ],
  );
  for (const [text, message] of [
    ["leaves", "n1"],
    ["sun", "n2"],
    ["乾か", "n3"],
  ] as const) {
    const { hits, complete } = await store.search({ text, limit: 5, messagesPerSession: 5 });
    assert.ok(complete, "nothing is indexed anew");
    assert.deepEqual(
      hits.flatMap(({ messages }) => messages.map((hit) => hit.message)),
      [message],
    );
  }
  assert.equal((await store.knownLimits())[0]?.size, 8);
  const { otherFiles } = await store.statistics();
  await store.close();
  assert.match(otherFiles[0]?.name ?? "", /-schema-2\.sqlite$/u);
});

test("a database of the third schema is brought up to date with every kind of row that it holds, after a backup", async (context) => {
  const folder = await newFolder(context);
  await writeSchema(3, folder);
  const file = join(folder, "conversations.sqlite");
  const kept = "SELECT * FROM messages WHERE session IN ('b1', 'b2') ORDER BY number";
  const before = rowsOf(file, kept);
  const store = await openStore(folder);
  const sessions = await store.listSessions(10);
  assert.deepEqual(
    sessions.map(({ id, title, leaf }) => [id, title, leaf]),
    [
      ["b4", "Never ended", "m11"],
      ["b2", "Growing hops", "m4"],
      ["b1", "Baking bread", "m8"],
    ],
    "what was deleted stays so",
  );
  const { systemPrompt, parameters, metadata } = sessions[2] ?? {};
  assert.deepEqual([systemPrompt, parameters, metadata], ["Be brief.", { temperature: 0.5 }, { mark: true }]);
  const ids = (messages: readonly StoredMessage[]): readonly string[] => messages.map(({ id }) => id);
  assert.deepEqual(ids(await store.listMessages("b1", { limit: 10 })), ["m1", "m2", "m5", "m6", "m7", "m8"]);
  assert.deepEqual(ids(await store.listMessages("b1", { after: "m2", limit: 2 })), ["m5", "m6"]);
  assert.deepEqual(ids(await store.listSummaries("b1")), ["m7"]);
  const [tale] = (await store.getPath("m11")).slice(-1);
  assert.deepEqual([tale?.status, tale?.error?.providerCode], ["incomplete", "sidecar-ended"]);
  for (const [title, had, named] of [
    ["b2", "Growing hops", undefined],
    ["b4", "Never ended", "Generated"],
  ] as const)
    assert.equal((await store.nameSession({ session: title, title: "Generated", had }))?.title, named);
  for (const [text, message] of [
    ["seeds", "m6"],
    ["同じ", "m8"],
    ["long ago", "m11"],
  ] as const) {
    const { hits } = await searchWhenIndexed(store, text);
    assert.deepEqual(
      hits.flatMap(({ messages }) => messages.map((hit) => hit.message)),
      [message],
    );
  }
  assert.equal((await store.knownLimits())[0]?.size, 8);
  const { otherFiles } = await store.statistics();
  await store.close();
  assert.match(otherFiles[0]?.name ?? "", /-schema-3\.sqlite$/u);
  assert.deepEqual(rowsOf(join(folder, otherFiles[0]?.name ?? ""), kept), before);
  assert.deepEqual(rowsOf(file, kept), before);
  assert.deepEqual(rowsOf(file, "PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
});

test("a database that was brought up to date has the shape of a new one", async (context) => {
  const fresh = await newFolder(context);
  await (await openStore(fresh)).close();
  const shape = (folder: string): readonly unknown[] =>
    ["sessions", "messages", "owners", "endpoint_limits", "unindexed"]
      .flatMap((table) => rowsOf(join(folder, "conversations.sqlite"), `SELECT '${table}' AS name, * FROM pragma_table_info('${table}')`))
      .concat(rowsOf(join(folder, "conversations.sqlite"), "SELECT name, tbl_name FROM sqlite_schema ORDER BY name"));
  for (const version of [1, 2, 3] as const) {
    const old = await newFolder(context);
    await writeSchema(version, old);
    await (await openStore(old)).close();
    assert.deepEqual(shape(old), shape(fresh));
    assert.equal(schemaOnDisk(join(old, "conversations.sqlite")), schemaVersion);
  }
});

test("two backups are kept, the newest", async (context) => {
  const folder = await newFolder(context);
  const seen: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const database = new DatabaseSync(join(folder, "conversations.sqlite"));
    for (const { name } of database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'message_words_%'")
      .all()) {
      database.exec(`DROP TABLE "${String(name)}"`);
    }
    database.exec(await schemaText(1));
    database.close();
    const store = await openStore(folder);
    const { otherFiles } = await store.statistics();
    await store.close();
    const newest = otherFiles.at(-1)?.name ?? "";
    assert.ok(!seen.includes(newest));
    seen.push(newest);
    assert.deepEqual(
      otherFiles.map(({ name }) => name),
      seen.slice(-2),
    );
  }
});

test("a newer schema is refused without a byte written or a file made, also where it stands in the log alone", async (context) => {
  const folder = await newFolder(context);
  await (await openStore(folder)).close();
  const writer = new DatabaseSync(join(folder, "conversations.sqlite"));
  writer.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 998; PRAGMA user_version = 999;");
  const copy = join(folder, "copy");
  await mkdir(copy);
  for (const suffix of ["", "-wal"])
    await copyFile(join(folder, `conversations.sqlite${suffix}`), join(copy, `conversations.sqlite${suffix}`));
  writer.close();
  assert.notEqual((await readFile(join(copy, "conversations.sqlite"))).readUInt32BE(60), 999);
  assert.equal(schemaOnDisk(join(copy, "conversations.sqlite")), 999);
  const before = await filesOf(copy);
  await checkAsksToReload(openStore(copy));
  assert.deepEqual(await filesOf(copy), before);
});

test("a log whose last commit is torn, or that belongs to an earlier round, says nothing about the schema", async (context) => {
  const folder = await newFolder(context);
  const file = join(folder, "conversations.sqlite");
  await (await openStore(folder)).close();
  const writer = new DatabaseSync(file);
  const copy = join(folder, "copy.sqlite");
  const copyNow = async (): Promise<void> => {
    for (const suffix of ["", "-wal"]) await copyFile(file + suffix, copy + suffix);
  };
  writer.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE filler (text);");
  // Several pages in one commit, the first page first: only the last frame says that it is one.
  writer.exec("BEGIN; PRAGMA user_version = 999; INSERT INTO filler VALUES (hex(randomblob(20000))); COMMIT;");
  await copyNow();
  assert.equal(schemaOnDisk(copy), 999);
  await truncate(`${copy}-wal`, (await stat(`${copy}-wal`)).size - 4096);
  assert.equal(schemaOnDisk(copy), schemaVersion);
  // The next round begins at the log's front and leaves the frames of the last one behind it.
  writer.exec(`PRAGMA user_version = ${schemaVersion}; PRAGMA wal_checkpoint(RESTART); INSERT INTO filler VALUES ('one page');`);
  await copyNow();
  assert.ok((await stat(`${copy}-wal`)).size > 20_000);
  assert.equal(schemaOnDisk(copy), schemaVersion);
  writer.close();
  assert.equal(schemaOnDisk(join(folder, "none.sqlite")), 0);
});

test("a sidecar whose database another one brings to a newer schema writes nothing more, and asks for a reload", async (context) => {
  const folder = await newFolder(context);
  const store = await openStore(folder);
  const session = newSession({ model: null, title: "before" });
  await store.createSession(session);
  const newer = new DatabaseSync(join(folder, "conversations.sqlite"));
  newer.exec("PRAGMA user_version = 999");
  const changes = (): unknown => newer.prepare("PRAGMA data_version").get();
  const before = changes();
  await checkAsksToReload(store.createSession(newSession({ model: null })));
  await checkAsksToReload(store.updateSession(session.id, { title: "after" }));
  await checkAsksToReload(store.saveProgress([]));
  await checkAsksToReload(store.deleteSession(session.id));
  await checkAsksToReload(store.deleteAll());
  assert.deepEqual(changes(), before);
  newer.close();
  await store.close();
});
