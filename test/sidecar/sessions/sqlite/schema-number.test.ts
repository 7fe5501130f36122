// The number in a database that says of which schema it is, where the disk has given another one: the tables that are there tell.

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { schemaVersion } from "../../../../sidecar/sessions/sqlite/schema.ts";
import { createSession, exchange, newFolder, openTelling } from "../store-kinds.ts";

const fileIn = (folder: string): string => join(folder, "conversations.sqlite");

function execute(folder: string, sql: string): void {
  const database = new DatabaseSync(fileIn(folder));
  database.exec(sql);
  database.close();
}

for (let wrong = 0; wrong < schemaVersion; wrong += 1) {
  test(`a database of the current schema whose number became ${wrong} is opened as what it is, without a backup, and that is told`, async (context) => {
    const folder = await newFolder(context);
    const { store: filler } = await openTelling(folder);
    const { id } = await createSession(filler, "Kept");
    const { assistant } = await exchange(filler, id, null, ["A question", "An answer"]);
    await filler.close();
    execute(folder, `PRAGMA user_version = ${wrong}`);
    const { store, notes } = await openTelling(folder);
    assert.match(notes.join(), /^The number that says of which form the database is was damaged, and is mended\./u);
    assert.equal((await store.getPath(assistant)).length, 2);
    assert.deepEqual((await store.statistics()).otherFiles, []);
    await store.close();
    const again = await openTelling(folder);
    assert.deepEqual(again.notes, []);
    await again.store.close();
  });
}

test("a database that has only some of its tables is set aside with what can be read of it, once, and no backup is made", async (context) => {
  const folder = await newFolder(context);
  const { store: filler } = await openTelling(folder);
  const { id } = await createSession(filler, "Kept");
  const { assistant } = await exchange(filler, id, null, ["A question", "An answer"]);
  await filler.close();
  execute(folder, "DROP TABLE owners; PRAGMA user_version = 1;");
  const { store, notes } = await openTelling(folder);
  assert.match(notes[0] ?? "", /2 messages in 1 conversation could be read and are there/u);
  assert.equal((await store.getPath(assistant)).length, 2);
  const kinds = async (): Promise<readonly string[]> => (await store.statistics()).otherFiles.map(({ kind }) => kind);
  assert.deepEqual(await kinds(), ["damaged"]);
  await store.close();
  const again = await openTelling(folder);
  assert.deepEqual([again.notes, (await again.store.statistics()).otherFiles.length], [[], 1]);
  await again.store.close();
});
