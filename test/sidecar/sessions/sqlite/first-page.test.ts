// The first page of a database tells what it is and where its tables stand: where it is damaged, all that was said is still
// behind it.

import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { newSession } from "../../../../sidecar/sessions/new-session.ts";
import type { StoredMessage } from "../../../../sidecar/types.ts";
import { newFolder, openStore, openTelling, userMessage } from "../store-kinds.ts";

const pageSize = 4096;

/** From and to, in the first page. */
const places: readonly (readonly [words: string, from: number, to: number])[] = [
  ["the first sector is", 0, 512],
  ["the part that describes the tables is", 2048, pageSize],
  ["everything is", 0, pageSize],
];
const damages: readonly (readonly [words: string, spoil: (bytes: Buffer) => Buffer])[] = [
  ["lost", (bytes) => bytes.fill(0)],
  ["overwritten", (bytes) => randomFillSync(bytes)],
];

for (const [place, from, to] of places) {
  for (const [damage, spoil] of damages) {
    test(`every conversation is read behind a first page of which ${place} ${damage}`, async (context) => {
      const folder = await newFolder(context);
      const file = join(folder, "conversations.sqlite");
      const filler = await openStore(folder);
      const session = newSession({ model: "p/m", title: "Named" });
      const path: StoredMessage[] = [];
      // More than one page of them.
      for (let at = 0; at < 40; at += 1)
        path.push(userMessage(session.id, path.at(-1)?.id ?? null, `Message ${at}. ${"More. ".repeat(100)}`));
      await filler.createSession({ ...session, leaf: path.at(-1)?.id ?? null }, path);
      await filler.close();
      const bytes = await readFile(file);
      spoil(bytes.subarray(from, to));
      await writeFile(file, bytes);
      const { store, notes } = await openTelling(folder);
      assert.match(notes[0] ?? "", /40 messages in 1 conversation could be read and are there/u);
      assert.deepEqual(await store.listMessages(session.id, { limit: 100 }), path);
      assert.equal((await store.getSession(session.id))?.title, "Named");
      const [aside] = (await store.statistics()).otherFiles;
      assert.deepEqual(await readFile(join(folder, aside?.name ?? "")), bytes, "The damaged file is kept as it was.");
      await store.close();
    });
  }
}
