// A database that somebody removes, or puts another in the place of, while it is open.

import assert from "node:assert/strict";
import { copyFile, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Failure } from "../../../../sidecar/failure.ts";
import { createSession, newFolder, openStore, openTelling } from "../store-kinds.ts";

const skip = process.platform === "win32" ? "Windows removes no file that is open" : false;

const refusal = (error: unknown): boolean =>
  error instanceof Failure && error.code === "storage" && /was removed or replaced while Parley had it open/u.test(error.message);

test(
  "a database that is removed while it is open takes nothing more, and its leftovers do not stop the next one",
  { skip },
  async (context) => {
    const folder = await newFolder(context);
    const file = join(folder, "conversations.sqlite");
    const store = await openStore(folder);
    await createSession(store);
    await rm(file);
    await assert.rejects(createSession(store), refusal, "It would be acknowledged into a file that nobody finds again.");
    const next = await openTelling(folder, { instance: "next" });
    assert.match(next.notes[0] ?? "", /was removed, and a new one is begun\. What was left beside it is kept beside "/u);
    const session = await createSession(next.store);
    await assert.rejects(createSession(store), refusal);
    await store.close();
    const other = await createSession(next.store);
    await next.store.close();
    const again = await openTelling(folder);
    assert.deepEqual(again.notes, []);
    assert.deepEqual(new Set((await again.store.listSessions(10)).map(({ id }) => id)), new Set([session.id, other.id]));
    const { otherFiles } = await again.store.statistics();
    assert.deepEqual(
      otherFiles.map(({ kind }) => kind),
      ["damaged"],
    );
    assert.ok((otherFiles[0]?.bytes ?? 0) > 0, "What the log held is kept.");
    assert.equal((await again.store.deleteAll()).files.length, 1);
    await again.store.close();
  },
);

test("a database that is replaced while it is open takes nothing more", { skip }, async (context) => {
  const folder = await newFolder(context);
  const file = join(folder, "conversations.sqlite");
  const store = await openStore(folder);
  await createSession(store);
  await copyFile(file, `${file}.copy`);
  await rename(`${file}.copy`, file);
  await assert.rejects(createSession(store), refusal);
  await store.close();
});

test(
  "a database that is put in the place of an open one is opened as it is: the other one's log is set aside",
  { skip },
  async (context) => {
    const folder = await newFolder(context);
    const file = join(folder, "conversations.sqlite");
    const first = await openStore(folder);
    const kept = await createSession(first);
    await first.close();
    const { birthtimeNs } = await stat(file, { bigint: true });
    if (birthtimeNs === 0n) return context.skip("this disk does not tell when a file was made");
    // As somebody does who goes back to what was kept before.
    await copyFile(file, `${file}.copy`);
    const store = await openStore(folder);
    const later = await createSession(store);
    const { otherFiles: none } = await store.statistics();
    assert.deepEqual(none, []);
    await rename(`${file}.copy`, file);
    const next = await openTelling(folder, { instance: "next" });
    assert.match(
      next.notes[0] ?? "",
      /^Another file was put in the place of ".*"\. What had not been written into the earlier one yet is kept/u,
    );
    const ids = async (): Promise<readonly string[]> => (await next.store.listSessions(10)).map(({ id }) => id);
    assert.deepEqual(await ids(), [kept.id], "Nothing of the other one's log was written into it.");
    const added = await createSession(next.store);
    await assert.rejects(createSession(store), refusal);
    await store.close();
    assert.deepEqual(new Set(await ids()), new Set([kept.id, added.id]));
    const [aside] = (await next.store.statistics()).otherFiles;
    assert.ok((await readFile(join(folder, `${aside?.name}-wal`))).includes(later.id), "What the log held is kept.");
    await next.store.close();
    const again = await openTelling(folder);
    assert.deepEqual(again.notes, []);
    assert.deepEqual(new Set((await again.store.listSessions(10)).map(({ id }) => id)), new Set([kept.id, added.id]));
    await again.store.close();
  },
);

test("a folder that is copied with the log of a database that was not closed is opened with that log", async (context) => {
  const folder = await newFolder(context);
  const earlier = await openStore(folder);
  await earlier.close();
  const store = await openStore(folder);
  const session = await createSession(store);
  const copy = await newFolder(context);
  for (const name of await readdir(folder)) await copyFile(join(folder, name), join(copy, name));
  const opened = await openTelling(copy);
  assert.deepEqual(opened.notes, []);
  assert.equal((await opened.store.getSession(session.id))?.id, session.id);
  await opened.store.close();
  await store.close();
});
