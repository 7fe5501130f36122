// Branches, pages, deletions and what is kept beside conversations: the rules of a store, held by both of them.

import assert from "node:assert/strict";
import { newSession } from "../../../sidecar/sessions/new-session.ts";
import type { StoredMessage } from "../../../sidecar/types.ts";
import { answered, checkFails, createSession, describeStores, emptyAnswer, exchange, userMessage } from "./store-kinds.ts";

const ids = (messages: readonly StoredMessage[]): readonly string[] => messages.map(({ id }) => id);

describeStores("the tree of messages", (withStore) => {
  withStore("remembers the branch that is shown, down to its newest message", async (store) => {
    const { id: session } = await createSession(store);
    const first = await exchange(store, session, null, ["Say one.", "One."]);
    const second = await exchange(store, session, first.assistant, ["And two?", "Two."]);
    const other = await exchange(store, session, first.assistant, ["And three?", "Three."]);
    assert.equal((await store.getSession(session))?.leaf, other.assistant);
    const changed = await store.setLeaf(session, second.user);
    assert.equal(changed.leaf, second.assistant);
    assert.equal((await store.getSession(session))?.leaf, second.assistant);
    assert.equal((await store.setLeaf(session, first.user)).leaf, other.assistant);
    assert.equal((await store.setLeaf(session, second.assistant)).leaf, second.assistant);
  });

  withStore("tells the siblings of each message on a path, and no summary among them, which cannot be shown either", async (store) => {
    const { id: session } = await createSession(store);
    const first = await exchange(store, session, null, ["Say one.", "One."]);
    const again = emptyAnswer(session, first.user);
    await store.beginTurn({ session, assistant: again, changes: {} });
    await store.finishAnswers([{ id: again.id, message: answered("Eins."), status: "complete" }]);
    const edited = await exchange(store, session, null, ["Say two.", "Two."]);
    const summary: StoredMessage = {
      ...userMessage(session, first.assistant, ""),
      message: { role: "system", content: [{ type: "text", text: "So far: one." }] },
    };
    await store.addMessages({ session, messages: [summary] });
    const path = await store.getPath(first.assistant, { siblings: true });
    assert.deepEqual(
      path.map(({ siblings }) => siblings),
      [
        [first.user, edited.user],
        [first.assistant, again.id],
      ],
    );
    const alone = await store.getPath(edited.assistant, { siblings: true });
    assert.deepEqual(
      alone.map(({ siblings }) => siblings),
      [[first.user, edited.user], undefined],
    );
    assert.deepEqual(ids(await store.listSummaries(session)), [summary.id]);
    assert.equal((await store.getSession(session))?.leaf, edited.assistant);
    assert.equal((await store.setLeaf(session, first.assistant)).leaf, first.assistant);
    await checkFails(store.setLeaf(session, summary.id), "message-not-found");
    assert.equal((await store.getSession(session))?.leaf, first.assistant);
  });

  withStore("gives a path in pages, the newest first", async (store) => {
    const { id: session } = await createSession(store);
    let leaf: string | null = null;
    const all: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const { user, assistant } = await exchange(store, session, leaf, [`Question ${turn}`, `Answer ${turn}`]);
      all.push(user, assistant);
      leaf = assistant;
    }
    const pages: string[][] = [];
    for (let at: string | null = leaf; at !== null;) {
      const page: readonly StoredMessage[] = await store.getPath(at, { limit: 4 });
      pages.unshift([...ids(page)]);
      at = page[0]?.parent ?? null;
    }
    assert.deepEqual(
      pages.map(({ length }) => length),
      [2, 4, 4],
    );
    assert.deepEqual(pages.flat(), all);
    assert.deepEqual(await store.getPath("none", { limit: 4 }), []);
  });

  withStore("lists all messages of a session, of every branch, in parts", async (store) => {
    const { id: session } = await createSession(store);
    const first = await exchange(store, session, null, ["Say one.", "One."]);
    const second = await exchange(store, session, null, ["Say two.", "Two."]);
    const other = await createSession(store);
    await exchange(store, other.id, null, ["Elsewhere", "Elsewhere"]);
    const all = [first.user, first.assistant, second.user, second.assistant];
    assert.deepEqual(ids(await store.listMessages(session, { limit: 10 })), all);
    assert.deepEqual(ids(await store.listMessages(session, { limit: 3 })), all.slice(0, 3));
    assert.deepEqual(ids(await store.listMessages(session, { after: second.user, limit: 3 })), all.slice(3));
    assert.deepEqual(await store.listMessages(session, { after: "none", limit: 3 }), []);
  });

  withStore("takes in a whole conversation with its branches, or nothing of it", async (store) => {
    const info = { ...newSession({ model: null, title: "Imported" }), metadata: { source: "an archive", tags: ["a", null] } };
    const question = { ...userMessage(info.id, null, "Why?"), metadata: { id: 7 } };
    const answers = ["Because.", "Therefore."].map((text): StoredMessage => {
      return { ...emptyAnswer(info.id, question.id), message: answered(text), status: "complete" };
    });
    const leaf = answers[0]?.id ?? null;
    await store.createSession({ ...info, leaf }, [question, ...answers]);
    assert.deepEqual(await store.getSession(info.id), { ...info, leaf });
    assert.deepEqual(await store.listMessages(info.id, { limit: 10 }), [question, ...answers]);
    const broken = newSession({ model: null });
    const lost = userMessage(broken.id, "nowhere", "?");
    await checkFails(store.createSession(broken, [userMessage(broken.id, null, "!"), lost]), "message-not-found");
    assert.equal(await store.getSession(broken.id), undefined);
    await checkFails(store.addMessages({ session: info.id, messages: [lost] }), "message-not-found");
    await checkFails(store.addMessages({ session: info.id, messages: [], leaf: "nowhere" }), "message-not-found");
    await checkFails(store.addMessages({ session: "nowhere", messages: [] }), "session-not-found");
    assert.equal((await store.listMessages(info.id, { limit: 10 })).length, 3);
  });

  withStore("refuses to show a branch of another session, or of none", async (store) => {
    const [one, two] = [await createSession(store), await createSession(store)];
    const { assistant } = await exchange(store, one.id, null, ["?", "!"]);
    await checkFails(store.setLeaf(two.id, assistant), "message-not-found");
    await checkFails(store.setLeaf(one.id, "none"), "message-not-found");
    await checkFails(store.setLeaf("none", assistant), "session-not-found");
  });
});

describeStores("sessions that are answered, deleted, pruned", (withStore) => {
  withStore("tells which are being answered, and by this process", async (store) => {
    const { id: session } = await createSession(store);
    const quiet = await createSession(store);
    const user = userMessage(session, null, "?");
    const assistant = emptyAnswer(session, user.id);
    const begun = await store.beginTurn({ session, user, assistant, changes: {} });
    assert.equal(begun.answering, "here");
    assert.equal((await store.getSession(session))?.answering, "here");
    assert.deepEqual(
      new Map((await store.listSessions(10)).map(({ id, answering }) => [id, answering])),
      new Map([
        [session, "here"],
        [quiet.id, undefined],
      ]),
    );
    await store.finishAnswers([{ id: assistant.id, message: answered("!"), status: "complete" }]);
    assert.equal((await store.getSession(session))?.answering, undefined);
  });

  withStore("takes a turn beside one that runs where that is asked for", async (store) => {
    const { id: session } = await createSession(store);
    const user = userMessage(session, null, "?");
    await store.beginTurn({ session, user, assistant: emptyAnswer(session, user.id), changes: {} });
    await checkFails(store.beginTurn({ session, assistant: emptyAnswer(session, user.id), changes: {} }), "busy");
    const beside = emptyAnswer(session, user.id);
    const info = await store.beginTurn({ session, assistant: beside, changes: {}, beside: true });
    assert.equal(info.leaf, beside.id);
  });

  withStore("gives a deleted session back, whole and with what was found of it before", async (store) => {
    const session = await createSession(store, "Marsupials");
    const { user, assistant } = await exchange(store, session.id, null, ["Where do wombats live?", "In burrows."]);
    const before = await store.getSession(session.id);
    await store.deleteSession(session.id);
    assert.deepEqual(await store.listSessions(10), []);
    assert.equal(await store.getMessage(user), undefined);
    assert.deepEqual(await store.listMessages(session.id, { limit: 5 }), []);
    for (const text of ["wombats", "marsupials"]) {
      assert.deepEqual((await store.search({ text, limit: 5, messagesPerSession: 5 })).hits, []);
    }
    await checkFails(store.updateSession(session.id, { title: "x" }), "session-not-found");
    await checkFails(store.beginTurn({ session: session.id, assistant: emptyAnswer(session.id, user), changes: {} }), "session-not-found");
    await checkFails(store.setLeaf(session.id, user), "session-not-found");
    assert.equal((await store.statistics()).deletedSessions, 1);
    const restored = await store.restoreSession(session.id);
    assert.deepEqual({ ...restored, updatedAt: 0 }, { ...before, updatedAt: 0 });
    assert.deepEqual(ids(await store.getPath(assistant)), [user, assistant]);
    for (const text of ["wombats", "marsupials"]) {
      assert.equal((await store.search({ text, limit: 5, messagesPerSession: 5 })).hits.length, 1);
    }
    await checkFails(store.restoreSession(session.id), "session-not-found");
    await checkFails(store.restoreSession("another"), "session-not-found");
  });

  withStore("prunes what nobody has changed for long, and not what is being answered", async (store) => {
    const old = { ...newSession({ model: null, title: "old" }), updatedAt: 1000 };
    const busy = { ...newSession({ model: null, title: "busy" }), updatedAt: 1000 };
    const fresh = await createSession(store);
    const user = userMessage(busy.id, null, "?");
    await store.createSession(old, [userMessage(old.id, null, "numbat")]);
    await store.createSession(busy);
    await store.beginTurn({ session: busy.id, user, assistant: emptyAnswer(busy.id, user.id), changes: {} });
    assert.equal(await store.prune(500), 0);
    assert.equal(await store.prune(Date.now() + 1000), 2);
    assert.deepEqual(
      (await store.listSessions(10)).map(({ id }) => id),
      [busy.id],
    );
    assert.equal(await store.getSession(fresh.id), undefined);
    await checkFails(store.restoreSession(old.id), "session-not-found");
    assert.deepEqual((await store.search({ text: "numbat", limit: 5, messagesPerSession: 5 })).hits, []);
  });

  withStore("counts what it holds, and deletes all of it for good", async (store) => {
    assert.deepEqual(await store.statistics().then(({ sessions, messages, oldestChange }) => [sessions, messages, oldestChange]), [
      0,
      0,
      null,
    ]);
    const old = { ...newSession({ model: null }), updatedAt: 1000 };
    await store.createSession(old, [userMessage(old.id, null, "quoll")]);
    const second = await createSession(store);
    await exchange(store, second.id, null, ["?", "!"]);
    const { sessions, messages, oldestChange } = await store.statistics();
    assert.deepEqual([sessions, messages, oldestChange], [2, 3, 1000]);
    assert.deepEqual(await store.deleteAll(), { sessions: 2, files: [], filesLeft: [] });
    assert.deepEqual(await store.listSessions(10), []);
    assert.deepEqual((await store.search({ text: "quoll", limit: 5, messagesPerSession: 5 })).hits, []);
    await checkFails(store.restoreSession(second.id), "session-not-found");
    const third = await createSession(store);
    await exchange(store, third.id, null, ["quoll", "!"]);
    assert.equal((await store.search({ text: "quoll", limit: 5, messagesPerSession: 5 })).hits.length, 1);
  });

  withStore("remembers what was learned of endpoints, the latest of each", async (store) => {
    const learnedAt = Date.now();
    await store.rememberLimit({ endpoint: "a", until: learnedAt + 1000, size: 4, learnedAt });
    await store.rememberLimit({ endpoint: "b", learnedAt });
    await store.rememberLimit({ endpoint: "a", size: 2, learnedAt: learnedAt + 1 });
    assert.deepEqual(
      new Map((await store.knownLimits()).map((limit) => [limit.endpoint, limit])),
      new Map([
        ["a", { endpoint: "a", size: 2, learnedAt: learnedAt + 1 }],
        ["b", { endpoint: "b", learnedAt }],
      ]),
    );
  });
});
