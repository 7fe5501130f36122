// A process of its own that adds WRITES messages to the session "shared" of the store in FOLDER, one after the other, and tells
// on stdout the id of each that was acknowledged. Half way it waits until it sees a message of OTHER's, so that two of them take
// turns, however much later one of them was started.

import { writeSync } from "node:fs";
import { newSession } from "../../../../sidecar/sessions/new-session.ts";
import { SqliteStore } from "../../../../sidecar/sessions/sqlite-store.ts";
import { until } from "../../../support/until.ts";

const { FOLDER = "", NAME = "", OTHER = "", WRITES = "0" } = process.env;
const store = SqliteStore.start();
await store.open(FOLDER, { instance: NAME, pid: process.pid });
// Whoever comes second finds it made.
await store.createSession({ ...newSession({ model: null }), id: "shared" }).catch(() => {});

async function otherHasWritten(): Promise<boolean> {
  return (await store.listMessages("shared", { limit: 2 * Number(WRITES) })).some(({ id }) => id.startsWith(`${OTHER}-`));
}

for (let number = 0; number < Number(WRITES); number += 1) {
  if (number === Math.floor(Number(WRITES) / 2)) await until(otherHasWritten, `a message of ${OTHER}`, 60_000);
  const id = `${NAME}-${number}`;
  const message = { role: "user", content: [{ type: "text", text: `Message ${number} of ${NAME}` }] } as const;
  await store.addMessages({
    session: "shared",
    messages: [{ id, session: "shared", parent: null, message, createdAt: Date.now() }],
    leaf: id,
  });
  writeSync(1, `${id}\n`);
}
await store.close();
