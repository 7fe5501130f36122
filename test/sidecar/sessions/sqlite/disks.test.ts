// Disks that are full, slow, read-only or shared, and what is left on them of what was deleted.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Failure } from "../../../../sidecar/failure.ts";
import { newSession } from "../../../../sidecar/sessions/new-session.ts";
import { undoMs } from "../../../../sidecar/sessions/store.ts";
import { until } from "../../../support/until.ts";
import { mountDisk } from "./small-disk.ts";
import { checkFails, createSession, exchange, newFolder, openStore, openTelling, userMessage } from "../store-kinds.ts";

async function checkRefused(promise: Promise<unknown>, words: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof Failure && error.code === "storage" && words.test(error.message));
}

test("on a full disk it says so, loses nothing that was acknowledged, and works again when there is room", async (context) => {
  const disk = await mountDisk(context, 3);
  if (disk === undefined) {
    context.skip("needs to mount a disk of a few megabytes");
    return;
  }
  const store = await openStore(disk);
  const { id: session } = await createSession(store);
  const kept: string[] = [];
  const fillUp = async (): Promise<void> => {
    for (;;) {
      const message = userMessage(session, kept.at(-1) ?? null, `Words ${kept.length} `.repeat(2000));
      await store.addMessages({ session, messages: [message], leaf: message.id });
      kept.push(message.id);
    }
  };
  await checkRefused(fillUp(), /the disk is full: free some space/);
  assert.ok(kept.length > 5);
  const ids = async (): Promise<readonly string[]> => (await store.listMessages(session, { limit: 10_000 })).map(({ id }) => id);
  assert.deepEqual(await ids(), kept);
  assert.equal((await store.getSession(session))?.leaf, kept.at(-1));
  execFileSync("/bin/mount", ["-o", "remount,size=8m", disk]);
  await exchange(store, session, kept.at(-1) ?? null, ["Is there room?", "There is."]);
  assert.equal((await ids()).length, kept.length + 2);
  await store.close();
  const again = await openTelling(disk);
  assert.deepEqual(again.notes, []);
  assert.equal((await again.store.listMessages(session, { limit: 10_000 })).length, kept.length + 2);
  await again.store.close();
  const database = new DatabaseSync(join(disk, "conversations.sqlite"));
  assert.deepEqual({ ...database.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
  database.close();
});

test("a disk that is full from the start is refused in words", async (context) => {
  const disk = await mountDisk(context, 1);
  if (disk === undefined) {
    context.skip("needs to mount a disk of a few megabytes");
    return;
  }
  await writeFile(join(disk, "filler"), Buffer.alloc(1024 * 1024)).catch(() => {});
  await checkRefused(openStore(disk), /the disk is full: free some space/);
});

test("a folder that cannot be written to is refused in words, and what lies there stays as it is", async (context) => {
  if (process.platform === "win32") {
    context.skip("Windows has no such right of folders");
    return;
  }
  const folder = await mountDisk(context, 8);
  const plain = folder ?? (await newFolder(context));
  const store = await openStore(plain);
  await createSession(store);
  await store.close();
  const file = join(plain, "conversations.sqlite");
  const before = await readFile(file);
  if (folder === undefined) await chmod(plain, 0o500);
  else execFileSync("/bin/mount", ["-o", "remount,ro", folder]);
  const names = await readdir(plain);
  try {
    await checkRefused(openStore(plain), /cannot be written to: check its permissions|cannot be opened: check that its folder/);
    assert.deepEqual(await readFile(file), before);
    assert.deepEqual(await readdir(plain), names);
  } finally {
    if (folder === undefined) await chmod(plain, 0o700);
    else execFileSync("/bin/mount", ["-o", "remount,rw", folder]);
  }
  const again = await openStore(plain);
  assert.equal((await again.listSessions(10)).length, 1);
  await again.close();
});

test("a database that another program keeps to itself is refused in words, and nothing is set aside", async (context) => {
  const folder = await newFolder(context);
  await (await openStore(folder)).close();
  const other = new DatabaseSync(join(folder, "conversations.sqlite"));
  other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
  await checkRefused(openStore(folder), /locked by another program: close what holds it/);
  other.exec("COMMIT");
  other.close();
  const store = await openStore(folder);
  assert.deepEqual((await store.statistics()).otherFiles, []);
  await store.close();
});

test("a disk that takes no write-ahead log gets a rollback journal, and that is told; what had a log before is kept", async (context) => {
  if (process.platform === "win32") {
    context.skip("SQLite has no such way to reach files on Windows");
    return;
  }
  const folder = await newFolder(context);
  const mode = (): unknown => {
    const database = new DatabaseSync(join(folder, "conversations.sqlite"));
    const found = database.prepare("PRAGMA journal_mode").get()?.["journal_mode"];
    database.close();
    return found;
  };
  const first = await openTelling(folder);
  assert.deepEqual(first.notes, []);
  const { id: session } = await createSession(first.store);
  const { assistant } = await exchange(first.store, session, null, ["With a log?", "Yes."]);
  await first.store.close();
  assert.equal(mode(), "wal");
  // This way to reach files has no memory that processes share: SQLite itself refuses the log.
  const second = await openTelling(folder, { vfs: "unix-none" });
  assert.equal(second.notes.length, 1);
  assert.match(second.notes[0] ?? "", /takes no write-ahead log/);
  await exchange(second.store, session, assistant, ["And without?", "Too."]);
  assert.equal((await second.store.listMessages(session, { limit: 10 })).length, 4);
  await second.store.close();
  assert.equal(mode(), "delete");
  const third = await openTelling(folder);
  assert.deepEqual(third.notes, []);
  assert.equal((await third.store.listMessages(session, { limit: 10 })).length, 4);
  await third.store.close();
  assert.equal(mode(), "wal");
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes("probe")),
    [],
  );
});

/** Where in a folder's files a word stands, in the text or in the index of words. */
async function filesWith(folder: string, word: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name), "latin1");
    // The index leaves out what a word has in common with the one before it.
    if (bytes.toLowerCase().includes(word.slice(3))) found.push(name);
  }
  return found;
}

test("of a deleted session no word is left in any file once it cannot be restored any more", async (context) => {
  const folder = await newFolder(context);
  const store = await openStore(folder);
  const stays = await createSession(store, "Stays");
  for (let at = 0; at < 100; at += 1) await exchange(store, stays.id, null, [`ordinary words ${at}`, "ordinary answer"]);
  const goes = await createSession(store, "Qjxwvkzpt");
  await exchange(store, goes.id, null, ["Zkqvwjxhf", "Vxqkzjwgm"]);
  for (const word of ["qjxwvkzpt", "zkqvwjxhf", "vxqkzjwgm"]) assert.notDeepEqual(await filesWith(folder, word), []);
  await store.deleteSession(goes.id);
  await store.close();
  for (const word of ["qjxwvkzpt", "zkqvwjxhf", "vxqkzjwgm"]) assert.deepEqual(await filesWith(folder, word), [], word);
  const again = await openStore(folder);
  await checkFails(again.restoreSession(goes.id), "session-not-found");
  await until(async () => (await again.search({ text: "ordinary", limit: 5, messagesPerSession: 1 })).complete !== undefined, "a search");
  assert.equal((await again.listMessages(stays.id, { limit: 1000 })).length, 200);
  await again.close();
});

test("a deletion can be undone by another process as long as its time lasts, and not longer", async (context) => {
  const folder = await newFolder(context);
  const [one, two] = [await openStore(folder, "one"), await openStore(folder, "two")];
  const [early, late] = [await createSession(one), await createSession(one)];
  for (const { id } of [early, late]) await one.deleteSession(id);
  assert.equal((await two.restoreSession(early.id)).id, early.id);
  const database = new DatabaseSync(join(folder, "conversations.sqlite"));
  database.prepare("UPDATE sessions SET deleted_at = deleted_at - ? WHERE id = ?").run(undoMs, late.id);
  await checkFails(two.restoreSession(late.id), "session-not-found");
  const rows = database.prepare("SELECT count(*) AS count FROM sessions WHERE id = ?");
  await until(() => rows.get(late.id)?.["count"] === 0, "the session to be deleted for good");
  database.close();
  await two.close();
  await one.close();
});

/** All together. The long form of this test is run with more. */
const writes = Number(process.env["PARLEY_STORE_WRITES"] ?? 1000);

test(`two processes write ${writes} times to one database at once: none is lost, and both see all`, async (context) => {
  const folder = await newFolder(context);
  await (await openStore(folder)).close();
  const names = ["one", "two"];
  const writers = names.map((name, at) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL("interleaved-writer.ts", import.meta.url))], {
      env: { ...process.env, FOLDER: folder, NAME: name, OTHER: names[1 - at], WRITES: String(writes / 2) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    context.after(() => child.kill("SIGKILL"));
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    return { closed: once(child, "close"), acknowledged: () => output.trim().split("\n") };
  });
  // Not its exit: what it has told may still be on its way then.
  for (const { closed } of writers) assert.deepEqual(await closed, [0, null]);
  const acknowledged = writers.flatMap((writer) => writer.acknowledged());
  assert.equal(acknowledged.length, writes);
  const store = await openStore(folder);
  const shared = await store.listMessages("shared", { limit: writes });
  assert.deepEqual(new Set(shared.map(({ id }) => id)), new Set(acknowledged));
  // They really took turns: neither could write all of its own before the other began.
  const turns = shared.filter(({ id }, at) => id.slice(0, 3) !== shared[at - 1]?.id.slice(0, 3)).length;
  assert.ok(turns > 2, `${turns} turns`);
  await store.close();
  const database = new DatabaseSync(join(folder, "conversations.sqlite"));
  assert.deepEqual({ ...database.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
  database.close();
});

test("a session that was made while a database was open elsewhere is found there at once", async (context) => {
  const folder = await newFolder(context);
  const [one, two] = [await openStore(folder, "one"), await openStore(folder, "two")];
  const session = newSession({ model: null, title: "From the first window" });
  await one.createSession(session, [userMessage(session.id, null, "platypus")]);
  const { hits } = await two.search({ text: "platypus", limit: 5, messagesPerSession: 5 });
  assert.deepEqual(
    hits.map((hit) => hit.session.title),
    ["From the first window"],
  );
  await one.close();
  await two.close();
});
