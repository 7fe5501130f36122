// A process of its own that writes conversations into the store in FOLDER until it is killed, and tells on stdout, one line of
// JSON each, what it has been acknowledged. With ONE_ANSWER it begins a single answer and leaves it running.

import { writeSync } from "node:fs";
import { newSession } from "../../../sidecar/sessions/new-session.ts";
import { SqliteStore } from "../../../sidecar/sessions/sqlite-store.ts";
import type { StoredMessage } from "../../../sidecar/types.ts";

const folder = process.env["FOLDER"] ?? "";
const store = SqliteStore.start();
await store.open(folder, { instance: `writer-${process.pid}`, pid: process.pid });
// Unbuffered: what was told before the kill is what the reader has.
const tell = (what: object): number => writeSync(1, `${JSON.stringify(what)}\n`);

async function turn(session: string, parent: string | null, number: number): Promise<string> {
  const base = { session, createdAt: Date.now() };
  const user: StoredMessage = {
    ...base,
    id: `${session}-q${number}`,
    parent,
    message: { role: "user", content: [{ type: "text", text: `${number}?` }] },
  };
  const assistant: StoredMessage = {
    ...base,
    id: `${session}-a${number}`,
    parent: user.id,
    message: { role: "assistant", content: [] },
    model: "p/m",
    status: "streaming",
  };
  await store.beginTurn({ session, user, assistant, changes: { title: `Turn ${number}` } });
  tell({ acknowledged: user.id, answer: assistant.id });
  for (const text of ["So", "So far"]) {
    await store.saveProgress([{ id: assistant.id, message: { role: "assistant", content: [{ type: "text", text }] } }]);
    tell({ answer: assistant.id, text });
  }
  if (process.env["ONE_ANSWER"] !== undefined) await new Promise(() => setInterval(() => {}, 1000));
  const message = { role: "assistant", content: [{ type: "text", text: "So far, so good" }] } as const;
  await store.finishAnswers([{ id: assistant.id, message, status: "complete", finishReason: "stop" }]);
  tell({ answer: assistant.id, text: "So far, so good", complete: true });
  return assistant.id;
}

for (;;) {
  const session = newSession({ model: "p/m" });
  await store.createSession(session);
  tell({ session: session.id });
  let leaf: string | null = null;
  for (let number = 1; number <= 10; number += 1) leaf = await turn(session.id, leaf, number);
}
