// The rules of a store, held by both of them.

import assert from "node:assert/strict";
import { Failure } from "../../../sidecar/failure.ts";
import { newSession } from "../../../sidecar/sessions/new-session.ts";
import type { ErrorInfo, StoredMessage, Usage } from "../../../sidecar/types.ts";
import { answered, checkFails, describeStores, emptyAnswer, userMessage } from "./store-kinds.ts";

describeStores("a store", (withStore) => {
  withStore("gives back a session as it was put in", async (store) => {
    const session = newSession({
      model: "openrouter/openai/gpt-5-mini",
      title: "Über 語",
      systemPrompt: "Be brief.\0",
      parameters: { temperature: 0.5, stop: ["\n"], providerOptions: { openrouter: { a: [1, null] } } },
    });
    await store.createSession(session);
    assert.deepEqual(await store.getSession(session.id), session);
    const bare = newSession({ model: null });
    await store.createSession(bare);
    assert.deepEqual(await store.getSession(bare.id), bare);
    assert.equal(await store.getSession("another"), undefined);
  });

  withStore("refuses what a file could not give back, names its field, and keeps nothing of it", async (store) => {
    const session = newSession({ model: "p/m", title: "From a program" });
    const question = userMessage(session.id, null, "?");
    const file = { type: "file", name: "a.ts", text: "let a;" };
    const withFile = { ...question, message: { role: "user", content: [...question.message.content, file] } };
    const failed = { ...emptyAnswer(session.id, question.id), status: "error" };
    const error = { kind: "server", message: "It failed.", retryable: false };
    const wrong = [
      { field: "`messages[0].message.content[1].uri` must be a text", info: session, messages: [withFile] },
      { field: "`messages[1].error.phase` must be one of", info: session, messages: [question, { ...failed, error }] },
      { field: "`session.title` must be a text", info: { ...session, title: 7 } },
    ];
    for (const { field, ...given } of wrong) {
      // As a program in plain JavaScript has it, where no compiler looks.
      const { info, messages } = JSON.parse(JSON.stringify(given));
      await assert.rejects(
        store.createSession(info, messages),
        (failure) => failure instanceof Failure && failure.code === "invalid-params" && failure.message.startsWith(field),
      );
    }
    assert.deepEqual(await store.listSessions(10), []);
    assert.equal(await store.getMessage(question.id), undefined);
  });

  withStore("gives back every text as it was put in: with NUL, with half a surrogate pair, with what stands for them", async (store) => {
    for (const text of ["\0", "before\0after", "half \ud83d", "\udc00 half", "\u0001", '\u0001"quoted\\u0000"', "\ufffd", "", "語 😀"]) {
      const told = JSON.stringify(text);
      const session = newSession({ model: text, title: text, systemPrompt: text, parameters: { system: text, stop: [`${text}.`] } });
      await store.createSession({ ...session, metadata: { text } });
      assert.deepEqual(await store.getSession(session.id), { ...session, metadata: { text } }, told);
      const changes = { title: `${text} again`, systemPrompt: `${text}!`, model: `p/${text}` };
      assert.partialDeepStrictEqual(await store.updateSession(session.id, changes), changes, told);
      assert.partialDeepStrictEqual((await store.listSessions(1))[0], changes, told);
      const user = { ...userMessage(session.id, null, text), id: `${session.id} ${text}`, metadata: { text } };
      const assistant = emptyAnswer(session.id, user.id);
      await store.beginTurn({ session: session.id, user, assistant, changes: {} });
      await store.saveProgress([{ id: assistant.id, message: answered(text) }]);
      await store.finishAnswers([{ id: assistant.id, message: answered(text), status: "complete" }]);
      const path = await store.getPath(assistant.id);
      assert.deepEqual([path[0], path[1]?.message], [user, answered(text)], told);
      assert.deepEqual(await store.getMessage(user.id), user, told);
    }
  });

  withStore("finds what stands behind a NUL in a title or a message", async (store) => {
    const session = newSession({ model: null, title: "first\0second" });
    await store.createSession(session, [userMessage(session.id, null, "third\0fourth")]);
    for (const word of ["first", "second", "third", "fourth"]) {
      const { hits } = await store.search({ text: word, limit: 5, messagesPerSession: 1 });
      assert.deepEqual(
        hits.map((hit) => hit.session),
        [session],
        word,
      );
    }
  });

  withStore("lists sessions by their last change, newest first, up to a limit", async (store) => {
    const [one, two, three] = [1, 2, 3].map((at) => ({ ...newSession({ model: null, title: String(at) }), updatedAt: at }));
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    for (const session of [one, two, three]) await store.createSession(session);
    assert.deepEqual(
      (await store.listSessions(10)).map(({ title }) => title),
      ["3", "2", "1"],
    );
    await store.updateSession(one.id, { title: "1 again" });
    assert.deepEqual(
      (await store.listSessions(2)).map(({ title }) => title),
      ["1 again", "3"],
    );
  });

  withStore("changes what is given and keeps the rest", async (store) => {
    const session = newSession({ model: "p/m", systemPrompt: "old", parameters: { seed: 1 } });
    await store.createSession(session);
    const changed = await store.updateSession(session.id, { systemPrompt: "new" });
    assert.deepEqual({ ...changed, updatedAt: 0 }, { ...session, systemPrompt: "new", updatedAt: 0 });
    assert.ok(changed.updatedAt >= session.updatedAt);
    assert.deepEqual(await store.getSession(session.id), changed);
    await checkFails(store.updateSession("another", { title: "x" }), "session-not-found");
  });

  withStore("takes a generated title for the one that it was made for, and none where somebody has named the session", async (store) => {
    const session = newSession({ model: null, title: "First words" });
    await store.createSession(session);
    const name = (title: string, had: string) => store.nameSession({ session: session.id, title, had });
    assert.equal(await name("Generated", "Other words"), undefined);
    await store.updateSession(session.id, { model: "p/m" });
    const named = await name("Generated", "First words");
    assert.equal(named?.title, "Generated");
    assert.deepEqual(await store.getSession(session.id), named);
    // The very title that it has can be somebody's own, too.
    await store.updateSession(session.id, { title: "Generated" });
    assert.equal(await name("Generated anew", "Generated"), undefined);
    await store.deleteSession(session.id);
    assert.equal(await name("Generated anew", "Generated"), undefined);
    await store.restoreSession(session.id);
    assert.equal(await name("Generated anew", "Generated"), undefined);
    assert.equal((await store.getSession(session.id))?.title, "Generated");
    assert.equal(await store.nameSession({ session: "another", title: "a", had: "b" }), undefined);
  });

  withStore("keeps question and answer of a turn, and the path shown", async (store) => {
    const session = newSession({ model: null });
    await store.createSession(session);
    const user = userMessage(session.id, null, "Hello?");
    const assistant = emptyAnswer(session.id, user.id);
    const info = await store.beginTurn({ session: session.id, user, assistant, changes: { model: "p/m", title: "Hello?" } });
    assert.deepEqual([info.leaf, info.model, info.title], [assistant.id, "p/m", "Hello?"]);
    assert.deepEqual(await store.getPath(assistant.id), [user, assistant]);
    assert.deepEqual(await store.getMessage(user.id), user);
    await store.saveProgress([{ id: assistant.id, message: answered("Wor") }]);
    assert.deepEqual(await store.getMessage(assistant.id), { ...assistant, message: answered("Wor") });
    const usage: Usage = { inputTokens: 3, outputTokens: 1, estimated: true };
    const error: ErrorInfo = { kind: "network", message: "gone", phase: "mid-stream", retryable: true };
    const end = { status: "error", finishReason: null, usage, timings: { firstTokenMs: 1.5, totalMs: 2 }, error } as const;
    await store.finishAnswers([{ id: assistant.id, message: answered("World"), ...end }]);
    assert.deepEqual(await store.getMessage(assistant.id), { ...assistant, message: answered("World"), ...end });
    await store.saveProgress([{ id: assistant.id, message: answered("Wor") }]);
    assert.deepEqual(await store.getMessage(assistant.id), { ...assistant, message: answered("World"), ...end });
  });

  withStore("keeps branches: a second answer stands beside the first", async (store) => {
    const session = newSession({ model: "p/m" });
    await store.createSession(session);
    const user = userMessage(session.id, null, "Say one.");
    const [first, second] = [emptyAnswer(session.id, user.id), emptyAnswer(session.id, user.id)];
    await store.beginTurn({ session: session.id, user, assistant: first, changes: {} });
    await store.finishAnswers([{ id: first.id, message: answered("one"), status: "complete", finishReason: "stop" }]);
    const info = await store.beginTurn({ session: session.id, assistant: second, changes: {} });
    assert.equal(info.leaf, second.id);
    assert.deepEqual(
      (await store.getPath(first.id)).map(({ id }) => id),
      [user.id, first.id],
    );
    assert.deepEqual(
      (await store.getPath(second.id)).map(({ id }) => id),
      [user.id, second.id],
    );
  });

  withStore("takes one turn at a time in a session, and any number in different ones", async (store) => {
    const [one, two] = [newSession({ model: "p/m" }), newSession({ model: "p/m" })];
    for (const session of [one, two]) await store.createSession(session);
    const begin = (session: string) => {
      const user = userMessage(session, null, "?");
      return store.beginTurn({ session, user, assistant: emptyAnswer(session, user.id), changes: {} });
    };
    const { leaf } = await begin(one.id);
    await checkFails(begin(one.id), "busy");
    await begin(two.id);
    assert.ok(leaf !== null);
    await store.finishAnswers([{ id: leaf, message: answered(""), status: "cancelled" }]);
    await begin(one.id);
  });

  withStore("refuses a turn in a session or after a message that is not there, and keeps nothing of it", async (store) => {
    const [session, other] = [newSession({ model: "p/m" }), newSession({ model: "p/m" })];
    for (const one of [session, other]) await store.createSession(one);
    const elsewhere = userMessage(other.id, null, "?");
    await store.beginTurn({ session: other.id, user: elsewhere, assistant: emptyAnswer(other.id, elsewhere.id), changes: {} });
    const lost = userMessage(session.id, "m0", "?");
    const begin = (user: StoredMessage) =>
      store.beginTurn({ session: user.session, user, assistant: emptyAnswer(user.session, user.id), changes: { title: "changed" } });
    await checkFails(begin(lost), "message-not-found");
    await checkFails(begin(userMessage(session.id, elsewhere.id, "?")), "message-not-found");
    await checkFails(begin(userMessage("nowhere", null, "?")), "session-not-found");
    assert.equal(await store.getMessage(lost.id), undefined);
    assert.deepEqual(await store.getSession(session.id), session);
  });

  withStore("forgets a deleted session with its messages, also while one is being answered", async (store) => {
    const session = newSession({ model: "p/m" });
    await store.createSession(session);
    const user = userMessage(session.id, null, "?");
    const assistant = emptyAnswer(session.id, user.id);
    await store.beginTurn({ session: session.id, user, assistant, changes: {} });
    await store.deleteSession(session.id);
    assert.equal(await store.getSession(session.id), undefined);
    assert.deepEqual(await store.getPath(assistant.id), []);
    await store.saveProgress([{ id: assistant.id, message: answered("late") }]);
    const late = { id: assistant.id, message: answered("late"), status: "complete" } as const;
    await checkFails(store.finishAnswers([late]), "session-not-found");
    assert.equal(await store.getMessage(assistant.id), undefined);
    await checkFails(store.deleteSession(session.id), "session-not-found");
  });

  withStore("gives a path of thousands of messages in order, and deletes it", async (store) => {
    const session = newSession({ model: "p/m" });
    await store.createSession(session);
    const ids: string[] = [];
    for (let turn = 0; turn < 600; turn += 1) {
      const user = userMessage(session.id, ids.at(-1) ?? null, `Question ${turn}`);
      const assistant = emptyAnswer(session.id, user.id);
      ids.push(user.id, assistant.id);
      await store.beginTurn({ session: session.id, user, assistant, changes: {} });
      await store.finishAnswers([{ id: assistant.id, message: answered(`Answer ${turn}`), status: "complete" }]);
    }
    assert.deepEqual(
      (await store.getPath(ids.at(-1) ?? "")).map(({ id }) => id),
      ids,
    );
    await store.deleteSession(session.id);
    assert.equal(await store.getMessage(ids[0] ?? ""), undefined);
  });
});
