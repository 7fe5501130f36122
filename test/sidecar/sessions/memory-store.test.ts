// What a store in memory does for each question, counted by the engine that runs it: how often each piece of its code is run.
// The time that it takes would say the same, but not on a busy machine.

import assert from "node:assert/strict";
import { Session as Inspector, type Profiler } from "node:inspector";
import { test } from "node:test";
import { MemoryStore } from "../../../sidecar/sessions/memory-store.ts";
import { newSession } from "../../../sidecar/sessions/new-session.ts";
import type { StoredMessage } from "../../../sidecar/types.ts";

/** How often the pieces of the store's files were run, the one that was run most. */
async function workOf(run: () => Promise<void>): Promise<number> {
  const inspector = new Inspector();
  inspector.connect();
  const post = (method: "Profiler.enable" | "Profiler.stopPreciseCoverage"): void => inspector.post(method);
  try {
    post("Profiler.enable");
    inspector.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    await run();
    const taken = Promise.withResolvers<readonly Profiler.ScriptCoverage[]>();
    inspector.post("Profiler.takePreciseCoverage", (error, { result }) => (error === null ? taken.resolve(result) : taken.reject(error)));
    const scripts = (await taken.promise).filter(({ url }) => /\/sidecar\/sessions\/memory-[a-z]+\.ts$/u.test(url));
    assert.equal(scripts.length, 2, "both files were counted");
    post("Profiler.stopPreciseCoverage");
    return Math.max(...scripts.flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.map(({ count }) => count))));
  } finally {
    inspector.disconnect();
  }
}

/** A conversation of so many turns, each with all that a turn asks of a store; only the newest of its path is read. */
async function converse(turns: number): Promise<MemoryStore> {
  const store = new MemoryStore();
  const session = newSession({ model: "p/m", title: "Long" });
  await store.createSession(session);
  let leaf: string | null = null;
  for (let turn = 0; turn < turns; turn += 1) {
    const base = { session: session.id, createdAt: turn };
    const user: StoredMessage = {
      ...base,
      id: `q${turn}`,
      parent: leaf,
      message: { role: "user", content: [{ type: "text", text: "?" }] },
    };
    const message = { role: "assistant", content: [] } as const;
    const assistant: StoredMessage = { ...base, id: `a${turn}`, parent: user.id, message, status: "streaming" };
    await store.beginTurn({ session: session.id, user, assistant, changes: {} });
    assert.equal((await store.getSession(session.id))?.answering, "here");
    await store.saveProgress([{ id: assistant.id, message }]);
    await store.listSummaries(session.id);
    await store.finishAnswers([{ id: assistant.id, message, status: "complete" }]);
    assert.equal((await store.getPath(assistant.id, { limit: 2, siblings: true })).length, 2);
    assert.equal((await store.listMessages(session.id, { after: user.id, limit: 1 }))[0]?.id, assistant.id);
    await store.listSessions(1);
    leaf = assistant.id;
  }
  return store;
}

test("a turn of a long conversation is no more work than one of a short", async () => {
  const turns = 1000;
  const most = await workOf(async () => void (await converse(turns)));
  assert.ok(most >= turns, `${most} is too little to be counted`);
  assert.ok(most <= 20 * turns, `${turns} turns run a piece of code ${most} times`);
});

test("what is asked of one conversation is no more work where there are many", async () => {
  const store = await converse(10);
  const others = 1000;
  for (let other = 0; other < others; other += 1) {
    const session = newSession({ model: "p/m", title: "Another" });
    const user: StoredMessage = {
      id: `q of ${other}`,
      session: session.id,
      parent: null,
      createdAt: 0,
      message: { role: "user", content: [] },
    };
    await store.createSession(session, [user]);
  }
  const session = (await store.getMessage("q0"))?.session ?? "";
  const most = await workOf(async () => {
    await store.setLeaf(session, "q0");
    await store.getPath("a9", { siblings: true });
    await store.deleteSession(session);
    await store.restoreSession(session);
  });
  assert.ok(most >= 20 && most <= 100, `a conversation of 20 messages beside ${others} others runs a piece of code ${most} times`);
  await store.close();
});
