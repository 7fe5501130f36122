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

test("a conversation that is twice as long is twice the work, not four times", async () => {
  const [once, twice] = [await workOf(async () => void (await converse(500))), await workOf(async () => void (await converse(1000)))];
  assert.ok(once >= 500, `${once} is too little to be counted`);
  assert.ok(twice < once * 2.5, `500 turns run a piece of code ${once} times, 1000 turns ${twice} times`);
});

test("a turn in one of many conversations is no more work than in one of few", async () => {
  const among = async (others: number): Promise<number> => {
    const store = await converse(10);
    for (let other = 0; other < others; other += 1) {
      const { id } = newSession({ model: "p/m", title: "Another" });
      const user: StoredMessage = { id: `${id}-q`, session: id, parent: null, createdAt: 0, message: { role: "user", content: [] } };
      await store.createSession({ ...newSession({ model: "p/m", title: "Another" }), id }, [user]);
    }
    const [session] = (await store.listSessions(others + 1)).filter(({ title }) => title === "Long");
    assert.ok(session !== undefined);
    return workOf(async () => {
      await store.setLeaf(session.id, "q0");
      await store.getPath("a9", { siblings: true });
      await store.deleteSession(session.id);
      await store.restoreSession(session.id);
      await store.close();
    });
  };
  assert.equal(await among(1000), await among(10));
});
