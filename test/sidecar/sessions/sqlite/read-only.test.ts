// A database that cannot be written to and can be read: whoever only reads is not refused.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, rmSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { Failure } from "../../../../sidecar/failure.ts";
import { checkFails, createSession, exchange, newFolder, openStore, openTelling } from "../store-kinds.ts";
import { fillDisk, mountDisk } from "./small-disk.ts";

const full = /the disk is full: free some space\. They can be read, and nothing be changed\.$/u;
const readOnly = /(?:cannot be written to|can be written to)[^.]*\. They can be read, and nothing be changed\.$/u;

/** Undefined, and the test is passed over, where none can be had. */
async function diskWithConversation(context: TestContext): Promise<string | undefined> {
  const disk = await mountDisk(context, 4);
  if (disk === undefined) {
    context.skip("needs to mount a disk of a few megabytes");
    return undefined;
  }
  const store = await openStore(disk);
  const { id } = await createSession(store);
  await exchange(store, id, null, ["Is it readable?", "It is."]);
  await store.close();
  return disk;
}

async function checkOnlyRead(folder: string, words: RegExp): Promise<void> {
  const { store, notes } = await openTelling(folder, { instance: "reader", mayOnlyRead: true });
  try {
    assert.match(notes.at(-1) ?? "", words);
    const [session] = await store.listSessions(10);
    assert.ok(session !== undefined && session.leaf !== null);
    assert.equal((await store.getPath(session.leaf)).length, 2);
    assert.equal((await store.search({ text: "readable", limit: 1, messagesPerSession: 1 })).hits.length, 1);
    await checkFails(store.deleteSession(session.id), "storage");
    await checkFails(createSession(store), "storage");
  } finally {
    await store.close();
  }
}

test("on a full disk the conversations can be read", async (context) => {
  const disk = await diskWithConversation(context);
  if (disk === undefined) return;
  fillDisk(disk);
  await assert.rejects(openStore(disk), Failure, "Who wants to write is refused.");
  await checkOnlyRead(disk, full);
});

test("on a full disk also what stands in the log of a process that was killed is read", async (context) => {
  const disk = await diskWithConversation(context);
  if (disk === undefined) return;
  // A database that is left open has a log; a copy of the two is what a killed process leaves.
  const elsewhere = await newFolder(context);
  const [file, copy] = [join(disk, "conversations.sqlite"), join(elsewhere, "conversations.sqlite")];
  const database = new DatabaseSync(file);
  database.exec("UPDATE sessions SET title = 'In the log alone'");
  for (const suffix of ["", "-wal"]) copyFileSync(file + suffix, copy + suffix);
  database.close();
  for (const suffix of ["", "-wal"]) copyFileSync(copy + suffix, file + suffix);
  rmSync(`${file}-shm`, { force: true });
  assert.ok(existsSync(`${file}-wal`));
  fillDisk(disk);
  const { store } = await openTelling(disk, { mayOnlyRead: true });
  assert.deepEqual(
    (await store.listSessions(10)).map(({ title }) => title),
    ["In the log alone"],
  );
  await store.close();
});

test("on a disk that is read-only the conversations can be read, and nothing there is changed", async (context) => {
  const disk = await diskWithConversation(context);
  if (disk === undefined) return;
  execFileSync("/bin/mount", ["-o", "remount,ro", disk]);
  const file = join(disk, "conversations.sqlite");
  const before = await readFile(file);
  const names = await readdir(disk);
  await checkOnlyRead(disk, readOnly);
  assert.deepEqual(await readFile(file), before);
  assert.deepEqual(await readdir(disk), names);
});

test("what a reader left beside a database that was read-only does not keep it so", async (context) => {
  const folder = await newFolder(context);
  const file = join(folder, "conversations.sqlite");
  const filler = await openStore(folder);
  const { id } = await createSession(filler);
  await filler.close();
  // As SQLite leaves it, with the permissions of a file that can only be read.
  await writeFile(`${file}-shm`, Buffer.alloc(32_768), { mode: 0o444 });
  const store = await openStore(folder);
  await createSession(store);
  assert.ok((await store.getSession(id)) !== undefined);
  // Whoever may write everywhere is not kept from it; the next one would be.
  assert.notEqual((await stat(`${file}-shm`)).mode & 0o200, 0);
  await store.close();
});
