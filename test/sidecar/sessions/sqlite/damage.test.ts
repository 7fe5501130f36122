// Databases that are damaged: nothing of them is destroyed, what can be read is read, and people are told where the rest is.

import assert from "node:assert/strict";
import { closeSync, openSync, writeSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { Failure } from "../../../../sidecar/failure.ts";
import { newSession } from "../../../../sidecar/sessions/new-session.ts";
import type { SqliteStore } from "../../../../sidecar/sessions/sqlite-store.ts";
import type { StoredMessage } from "../../../../sidecar/types.ts";
import { until } from "../../../support/until.ts";
import { newFolder, openStore, openTelling, userMessage } from "../store-kinds.ts";

const sessionCount = 20;
const messagesOfEach = 30;

interface Filled {
  readonly folder: string;
  readonly file: string;
  readonly messages: ReadonlyMap<string, StoredMessage>;
}

/** A database of several hundred pages, closed. Each time the same one, so that damage at the same place hits the same thing. */
async function fill(context: TestContext): Promise<Filled> {
  const folder = await newFolder(context);
  const store = await openStore(folder);
  const messages = new Map<string, StoredMessage>();
  for (let number = 0; number < sessionCount; number += 1) {
    const times = { createdAt: number, updatedAt: number };
    const session = { ...newSession({ model: "p/m", title: `Session ${number}` }), id: `session-${number}`, ...times };
    const path: StoredMessage[] = [];
    for (let at = 0; at < messagesOfEach; at += 1) {
      path.push(userMessage(session.id, path.at(-1)?.id ?? null, `Message ${at} of session ${number}. ${"What is said. ".repeat(50)}`));
    }
    await store.createSession({ ...session, leaf: path.at(-1)?.id ?? null }, path);
    for (const message of path) messages.set(message.id, message);
  }
  await store.close();
  return { folder, file: join(folder, "conversations.sqlite"), messages };
}

/** The pages that hold a table's rows. */
function pagesOf(file: string, table: string): readonly number[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = database.prepare("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno").all(table);
    return rows.map(({ pageno }) => Number(pageno));
  } finally {
    database.close();
  }
}

function spoilPages(file: string, pages: readonly number[]): void {
  const descriptor = openSync(file, "r+");
  for (const page of pages) writeSync(descriptor, Buffer.alloc(4096, 0xff), 0, 4096, (page - 1) * 4096);
  closeSync(descriptor);
}

/** All that the store gives, each of which must be what was put in. How many messages that is. */
async function checkTrue(store: SqliteStore, messages: Filled["messages"]): Promise<number> {
  let count = 0;
  for (const { id } of await store.listSessions(1000)) {
    for (const message of await store.listMessages(id, { limit: 1000 })) {
      assert.deepEqual(message, messages.get(message.id));
      count += 1;
    }
  }
  return count;
}

async function setAside(store: SqliteStore, folder: string): Promise<string> {
  const { otherFiles } = await store.statistics();
  assert.deepEqual(
    otherFiles.map(({ kind }) => kind),
    ["damaged"],
  );
  return join(folder, otherFiles[0]?.name ?? "");
}

test("what is no database is set aside under a name that is told, and a new one is begun", async (context) => {
  const folder = await newFolder(context);
  const letter = "This is a letter, not a database. ".repeat(100);
  await writeFile(join(folder, "conversations.sqlite"), letter);
  const { store, notes } = await openTelling(folder);
  const aside = await setAside(store, folder);
  assert.equal(await readFile(aside, "utf8"), letter);
  assert.equal(notes.length, 1);
  assert.match(notes[0] ?? "", /Nothing of it could be read\. The damaged database is kept as/);
  assert.ok(notes[0]?.includes(aside));
  const session = newSession({ model: null });
  await store.createSession(session);
  await store.close();
  const again = await openTelling(folder);
  assert.deepEqual(again.notes, []);
  assert.deepEqual(await again.store.getSession(session.id), session);
  await again.store.close();
});

test("a database is read although its header is damaged, and the file is kept as it was", async (context) => {
  const { folder, file, messages } = await fill(context);
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, Buffer.alloc(100, 0xff), 0, 100, 0);
  closeSync(descriptor);
  const before = await readFile(file);
  const { store, notes } = await openTelling(folder);
  assert.match(notes[0] ?? "", /600 messages in 20 conversations could be read and are there/u);
  assert.equal(await checkTrue(store, messages), messages.size);
  assert.deepEqual(await readFile(await setAside(store, folder)), before);
  assert.ok(!(await readdir(folder)).some((name) => name.includes("reading")));
  await store.close();
});

test("of a truncated database all that is left is read, row by row, and the file is kept as it was", async (context) => {
  const { folder, file, messages } = await fill(context);
  // The first page says how many there must be.
  await truncate(file, Math.floor(((await stat(file)).size * 0.6) / 4096) * 4096);
  const before = await readFile(file);
  const told: string[] = [];
  const { store, notes, notices } = await openTelling(folder);
  await store.listSessions(10).catch(() => {});
  const searching = store.search({ text: "message", limit: 5, messagesPerSession: 1 }).catch(() => {});
  await until(() => notes.length + notices.length > 0, "the damage to be noticed");
  await searching;
  told.push(...notes, ...notices);
  const aside = await setAside(store, folder);
  const count = await checkTrue(store, messages);
  assert.ok(count > messages.size / 10 && count < messages.size, `${count} of ${messages.size}`);
  assert.match(told[0] ?? "", new RegExp(`${count} messages in \\d+ conversations? could be read`));
  assert.deepEqual(await readFile(aside), before);
  await store.close();
});

test("a page in the midst that cannot be read costs its own rows and no others", async (context) => {
  const { folder, file, messages } = await fill(context);
  const pages = pagesOf(file, "messages");
  const spoilt = [pages[10], pages[11], pages[pages.length - 30]].filter((page) => page !== undefined);
  assert.equal(spoilt.length, 3);
  spoilPages(file, spoilt);
  const { store, notices } = await openTelling(folder);
  const reads = (await store.listSessions(1000)).map(({ id }) => store.listMessages(id, { limit: 1000 }));
  const results = await Promise.allSettled(reads);
  const failed = results.filter((result) => result.status === "rejected");
  assert.ok(failed.length > 0);
  for (const { reason } of failed) assert.ok(reason instanceof Failure && reason.code === "storage");
  await until(() => notices.length > 0, "the repair");
  const count = await checkTrue(store, messages);
  assert.ok(count < messages.size && count > messages.size - 30, `${count} of ${messages.size}`);
  assert.equal((await store.statistics()).sessions, sessionCount);
  const [session] = await store.listSessions(1);
  assert.ok(session?.leaf !== null && session?.leaf !== undefined);
  await store.close();
});

/** How much of a page comes before what is kept in it: https://www.sqlite.org/fileformat2.html (section 1.6). */
function bookkeepingBytes(page: Buffer): number {
  if (page.toString("latin1", 0, 6) === "SQLite") return 100;
  const kind = page.readUInt8(0);
  const cells = page.readUInt16BE(3);
  if (kind === 0x0a || kind === 0x0d) return 8 + 2 * cells;
  if (kind === 0x02 || kind === 0x05) return 12 + 2 * cells;
  // The rest of a long row: it begins with the number of the page where that goes on.
  return 4;
}

test("whatever bits are flipped where pages begin, nothing is destroyed: what is read is true, or refused in words", async (context) => {
  const { folder, file, messages } = await fill(context);
  const sound = await readFile(file);
  let state = 5;
  const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 6; round += 1) {
    const bytes = Buffer.from(sound);
    // Where SQLite keeps its own bookkeeping: the beginnings of pages. In the midst of a text no one could tell.
    for (let flip = 0; flip < 10; flip += 1) {
      const page = random(bytes.length / 4096) * 4096;
      const at = page + random(Math.min(bookkeepingBytes(sound.subarray(page, page + 4096)), round % 2 === 0 ? 12 : 64));
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random(8)), at);
    }
    const copy = join(folder, `round-${round}`);
    await mkdir(copy);
    await writeFile(join(copy, "conversations.sqlite"), bytes);
    const opened = await openTelling(copy).catch((error: unknown) => {
      assert.ok(error instanceof Failure && error.code === "storage", String(error));
    });
    if (opened === undefined) {
      assert.deepEqual(await readFile(join(copy, "conversations.sqlite")), bytes);
      continue;
    }
    const { store } = opened;
    for (const { id } of await store.listSessions(1000).catch(() => [])) {
      const read = await store.listMessages(id, { limit: 1000 }).catch((error: unknown) => {
        assert.ok(error instanceof Failure && error.code === "storage", String(error));
        return [];
      });
      for (const { id, message } of read) {
        // A flipped bit in a row's own header may give a value to another column: text that is there is true all the same.
        if (messages.has(id)) assert.deepEqual(message, messages.get(id)?.message);
      }
    }
    await store.close();
    if (opened.notes.length > 0) {
      const { otherFiles } = await reopened(copy);
      assert.deepEqual(await readFile(join(copy, otherFiles[0]?.name ?? "")), bytes);
    }
  }
});

async function reopened(folder: string) {
  const store = await openStore(folder);
  const statistics = await store.statistics();
  await store.close();
  return statistics;
}

test("after an unclean end the database is looked through in the background, and repaired", async (context) => {
  const { folder, file, messages } = await fill(context);
  const [page] = pagesOf(file, "messages").slice(-5);
  assert.ok(page !== undefined);
  spoilPages(file, [page]);
  const database = new DatabaseSync(file);
  database.exec("INSERT INTO owners (instance, pid, sign_of_life_at, host, process_start) VALUES ('killed', 4194303, 0, NULL, NULL)");
  database.close();
  const { store, notes, notices } = await openTelling(folder, { checkAfterMs: 1 });
  assert.deepEqual(notes, []);
  // Nobody reads the damaged page: only looking for damage finds it.
  await until(() => notices.length > 0, "the check to find the damage");
  assert.match(notices[0] ?? "", /messages in \d+ conversations could be read/);
  assert.ok((await checkTrue(store, messages)) > messages.size - 20);
  await store.close();
});

test("a database that others have open is repaired when one is alone with it, and not before", async (context) => {
  const { folder, file, messages } = await fill(context);
  const pages = pagesOf(file, "messages");
  const other = await openStore(folder, "other");
  spoilPages(file, pages.slice(20, 22));
  const { store, notices } = await openTelling(folder);
  const read = await Promise.allSettled((await store.listSessions(1000)).map(({ id }) => store.listMessages(id, { limit: 1000 })));
  assert.ok(read.some(({ status }) => status === "rejected"));
  await until(() => notices.length > 0, "the damage to be told");
  assert.match(notices[0] ?? "", /close the other windows of Parley/);
  assert.deepEqual((await other.statistics()).otherFiles, []);
  await store.close();
  await other.close();
  const alone = await openTelling(folder);
  assert.match(alone.notes[0] ?? "", /could be read and are there/);
  const count = await checkTrue(alone.store, messages);
  assert.ok(count < messages.size && count > messages.size - 30, `${count} of ${messages.size}`);
  await alone.store.close();
});

test("a repair that was broken off before its last step is finished", async (context) => {
  const { folder, file, messages } = await fill(context);
  await copyFile(file, join(folder, "conversations.repaired.sqlite"));
  await copyFile(file, join(folder, "conversations.damaged-2026-01-01-000000.sqlite"));
  // What the damaged one has left beside itself must not be taken for the repaired one's.
  await writeFile(`${file}-wal`, "a log");
  await rm(file);
  const store = await openStore(folder);
  assert.equal(await checkTrue(store, messages), messages.size);
  await store.close();
  const logs = (await readdir(folder)).filter((name) => /^conversations\.damaged-.*\.sqlite-wal$/.test(name));
  assert.equal(logs.length, 1);
  assert.equal(await readFile(join(folder, logs[0] ?? ""), "utf8"), "a log");
});

test("deleting all history removes backups and databases that were set aside, with what lies beside them", async (context) => {
  const { folder } = await fill(context);
  for (const name of ["conversations.backup-2026-01-01-000000-schema-1.sqlite", "conversations.damaged-2026-01-02-000000.sqlite"]) {
    await writeFile(join(folder, name), "a copy");
    await writeFile(join(folder, `${name}-wal`), "a log");
  }
  const store = await openStore(folder);
  const before = await store.statistics();
  assert.deepEqual(
    before.otherFiles.map(({ kind, bytes }) => [kind, bytes]),
    [
      ["backup", 11],
      ["damaged", 11],
    ],
  );
  const { sessions, files, filesLeft } = await store.deleteAll();
  assert.deepEqual([sessions, files.length, filesLeft], [sessionCount, 2, []]);
  const after = await store.statistics();
  assert.deepEqual([after.otherFiles, after.sessions], [[], 0]);
  assert.ok(after.bytes < before.bytes / 5, `${after.bytes} of ${before.bytes}`);
  await store.close();
});

test("where only the names of conversations can be read, that is what is said", async (context) => {
  const folder = await newFolder(context);
  const filler = await openStore(folder);
  const session = newSession({ model: null, title: "Named" });
  await filler.createSession(session);
  await filler.close();
  const file = join(folder, "conversations.sqlite");
  const database = new DatabaseSync(file);
  const root = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'messages'").get()?.["rootpage"];
  database.close();
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, Buffer.alloc(4096, 0xff), 0, 4096, (Number(root) - 1) * 4096);
  closeSync(descriptor);
  await writeFile(join(folder, "conversations.needs-repair"), "");
  const { store, notes } = await openTelling(folder);
  assert.match(notes[0] ?? "", /Of 1 conversation the name could be read and is there; no message could\./);
  assert.equal((await store.getSession(session.id))?.title, "Named");
  await store.close();
});
