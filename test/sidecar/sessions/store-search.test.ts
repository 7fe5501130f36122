// The search over conversations, by both stores: the same is found in memory and by the index.

import assert from "node:assert/strict";
import { newSession } from "../../../sidecar/sessions/new-session.ts";
import type { SessionStore } from "../../../sidecar/sessions/store.ts";
import type { SearchResult } from "../../../sidecar/store-results.ts";
import { answered, createSession, describeStores, emptyAnswer, exchange, userMessage } from "./store-kinds.ts";

const find = (store: SessionStore, text: string, limit = 20): Promise<SearchResult> => store.search({ text, limit, messagesPerSession: 3 });

/** What is marked in all snippets and titles. */
async function marked(store: SessionStore, text: string): Promise<readonly string[]> {
  const { hits } = await find(store, text);
  return hits.flatMap(({ session, titleMatches, messages }) => [
    ...titleMatches.map(([from, to]) => session.title.slice(from, to)),
    ...messages.flatMap(({ snippet, matches }) => matches.map(([from, to]) => snippet.slice(from, to))),
  ]);
}

/** Numbers from 0 to 1, the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

describeStores("the search", (withStore) => {
  withStore("finds words, beginnings and phrases in every message of every branch, whatever their case and accents", async (store) => {
    const { id: session } = await createSession(store, "Lunch");
    const first = await exchange(store, session, null, ["Where is the Café Zürich?", "Opposite the old bakery."]);
    const again = emptyAnswer(session, first.user);
    await store.beginTurn({ session, assistant: again, changes: {} });
    await store.finishAnswers([{ id: again.id, message: answered("Beside the bakeries of the old town."), status: "complete" }]);
    assert.deepEqual(await marked(store, "cafe zurich "), ["Café", "Zürich"]);
    assert.deepEqual(await marked(store, "bakery "), ["bakery"]);
    assert.deepEqual((await marked(store, "baker")).toSorted(), ["baker", "baker"]);
    assert.deepEqual(await marked(store, '"old town"'), ["old town"]);
    assert.deepEqual(await marked(store, '"town old"'), []);
    assert.deepEqual(await marked(store, "café bakery "), []);
    const { hits, complete } = await find(store, "bake");
    assert.equal(complete, true);
    assert.deepEqual(
      hits.map(({ session, messageCount }) => [session.id, messageCount]),
      [[session, 2]],
    );
    assert.deepEqual(
      new Set(hits[0]?.messages.map(({ message, role }) => `${role} ${message}`)),
      new Set([`assistant ${first.assistant}`, `assistant ${again.id}`]),
    );
  });

  withStore("finds one, two and more characters of scripts without spaces", async (store) => {
    const { id: session } = await createSession(store);
    await exchange(store, session, null, ["東京の天気は？", "今日は晴れ、API接口正常。"]);
    await exchange(store, session, null, ["안녕하세요", "สวัสดีครับ"]);
    for (const query of ["気", "京", "晴", "東京", "天気", "東京の天気", "接口", "API接口", "口正常", "안녕", "세요", "สวัส", "今"]) {
      assert.deepEqual(await marked(store, query), [query], query);
    }
    for (const query of ["京東", "天東", "晴天", "接API"]) assert.deepEqual(await marked(store, query), [], query);
  });

  withStore("reads nothing that is typed as a syntax", async (store) => {
    const { id: session } = await createSession(store);
    await exchange(store, session, null, ["NEAR the column: words OR rank?", "Not AND; (parenthesis) rowid 5*"]);
    assert.deepEqual((await marked(store, "NEAR(column words)")).length, 0);
    assert.deepEqual(await marked(store, "column: words"), ["column", "words"]);
    assert.deepEqual(await marked(store, "words:rank"), []);
    assert.deepEqual(
      await marked(store, "words OR rank "),
      ["words OR rank"].flatMap((text) => text.split(" ")),
    );
    assert.deepEqual(await marked(store, "-parenthesis "), ["parenthesis"]);
    assert.deepEqual(await marked(store, "^near "), ["NEAR"]);
    assert.deepEqual(await marked(store, "paren* "), []);
    assert.deepEqual(await marked(store, "'; DROP TABLE messages; --"), []);
    const random = numbers(11);
    const alphabet = [
      ..."\"'*-+^:(){}[]<>\\/|&!?.,;~`@#$%=_ \t\n".split(""),
      "NEAR",
      "AND",
      "OR",
      "NOT",
      "column",
      "words",
      "5",
      "“",
      "気",
      "é",
      "\u0000",
      "\ud800",
    ];
    for (let round = 0; round < 500; round += 1) {
      const length = 1 + Math.floor(random() * 12);
      const text = Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
      const { hits } = await find(store, text);
      assert.ok(hits.length <= 1, JSON.stringify(text));
    }
  });

  withStore("gives whatever was put in, cut out of a message at random", async (store) => {
    const { id: session } = await createSession(store);
    const text = "Der schnelle Fuchs, 東京の天気は晴れ, foo_bar.baz(1) naïve ŁÓDŹ — σίσυφος";
    const { user } = await exchange(store, session, null, [text, "!"]);
    const random = numbers(3);
    const letters = /[\p{L}\p{N}]/u;
    for (let round = 0; round < 200; round += 1) {
      // From the beginning of a word, as somebody types it.
      const from = Math.floor(random() * text.length);
      if (/[\p{L}\p{N}]$/u.test(text.slice(0, from)) && !/\p{scx=Hani}|\p{scx=Hira}/u.test(text.charAt(from))) continue;
      const query = text.slice(from, from + 2 + Math.floor(random() * 20));
      if (!letters.test(query) || /(^|[^\p{L}\p{N}])[a-z\d]$/iu.test(query)) continue;
      const { hits } = await find(store, query);
      assert.deepEqual(
        hits.flatMap(({ messages }) => messages.map(({ message }) => message)),
        [user],
        JSON.stringify(query),
      );
    }
  });

  withStore("finds titles, and follows when they are changed", async (store) => {
    const named = await createSession(store, "Holidays in Österreich");
    const other = await createSession(store, "Work");
    await exchange(store, other.id, null, ["When are the holidays?", "In July."]);
    const { hits } = await find(store, "holidays");
    assert.deepEqual(
      hits.map(({ session, messages }) => [session.id, messages.length]),
      [
        [named.id, 0],
        [other.id, 1],
      ],
    );
    assert.deepEqual(await marked(store, "osterr"), ["Österr"]);
    await store.updateSession(named.id, { title: "休日の計画" });
    assert.deepEqual(await marked(store, "osterr"), []);
    assert.deepEqual(await marked(store, "計"), ["計"]);
    assert.deepEqual((await find(store, "休日")).hits[0]?.session.title, "休日の計画");
  });

  withStore("puts what is more about it first, and of equal ones the newer", async (store) => {
    const now = Date.now();
    const put = async (text: string, createdAt: number): Promise<string> => {
      const session = newSession({ model: null, title: "untitled" });
      await store.createSession(session, [{ ...userMessage(session.id, null, text), createdAt }]);
      return session.id;
    };
    const filler = "and so on and so forth ".repeat(40);
    const passing = await put(`${filler} kakapo ${filler}`, now);
    const old = await put("About the kakapo.", now - 400 * 86_400_000);
    const fresh = await put("About the kakapo.", now);
    const dedicated = await put("The kakapo is a parrot. No kakapo flies. Save the kakapo!", now);
    const { hits } = await find(store, "kakapo");
    assert.deepEqual(
      hits.map(({ session }) => session.id),
      [dedicated, fresh, old, passing],
    );
    assert.deepEqual(
      (await find(store, "kakapo", 2)).hits.map(({ session }) => session.id),
      [dedicated, fresh],
    );
  });

  withStore("finds by the beginning of a word, whether few or most words begin so; of very many the newest", async (store) => {
    const session = newSession({ model: null, title: "untitled" });
    // Of ten messages one holds the first word, four the second, five the third; one of fifteen holds a bird.
    const word = (at: number): string => (at % 10 === 0 ? "trombone" : at % 10 < 5 ? "trident" : "tractor");
    const holds = (at: number, begins: string): boolean => word(at).startsWith(begins.slice(-3)) && (begins.length === 3 || at % 15 === 0);
    const texts = Array.from({ length: 900 }, (_, at) => `${word(at)} ${at % 15 === 0 ? "kakapo" : "always"}`);
    const messages = texts.map((text, at) => ({ ...userMessage(session.id, null, text), createdAt: Date.now() - (900 - at) * 3_600_000 }));
    await store.createSession(session, messages);
    for (const query of ["tro", "tri", "tra", "kakapo tro", "kakapo tri", "tru"]) {
      const holding = messages.filter((_, at) => holds(at, query));
      const { hits, complete } = await find(store, query);
      if (!complete) assert.ok(holding.length > 250, `${query}: ${holding.length} are few enough to be found all`);
      assert.equal(hits[0]?.messageCount ?? 0, complete ? holding.length : 250, query);
      assert.equal(hits[0]?.messages[0]?.message, holding.at(-1)?.id, `${query}: the newest comes first`);
    }
  });

  withStore("leaves an answer out while it is being written, and finds it with its end", async (store) => {
    const { id: session } = await createSession(store);
    const user = userMessage(session, null, "?");
    const assistant = emptyAnswer(session, user.id);
    await store.beginTurn({ session, user, assistant, changes: {} });
    await store.saveProgress([{ id: assistant.id, message: answered("A thylacine") }]);
    assert.deepEqual(await marked(store, "thylacine"), []);
    await store.finishAnswers([{ id: assistant.id, message: answered("A thylacine was"), status: "cancelled", finishReason: null }]);
    assert.deepEqual(await marked(store, "thylacine"), ["thylacine"]);
  });

  withStore("shows as many messages of a session as are wanted, and counts all", async (store) => {
    const { id: session } = await createSession(store);
    for (let at = 0; at < 5; at += 1) await exchange(store, session, null, [`echidna ${at}`, "!"]);
    const { hits } = await find(store, "echidna");
    assert.deepEqual(
      hits.map(({ messages, messageCount }) => [messages.length, messageCount]),
      [[3, 5]],
    );
  });
});
