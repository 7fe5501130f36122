// The tree of a conversation over the protocol: other words, other answers, branches and pages; answers that go on; turns that
// wait or branch off; summaries and titles.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CancellationTokenSource } from "vscode-jsonrpc/node";
import {
  CancelStream,
  type ChatAnswer,
  ContinueChat,
  DeleteSession,
  EditChat,
  GetSession,
  RestoreSession,
  RetryChat,
  SearchSessions,
  SelectMessage,
  SendChat,
  UpdateSession,
  UpdateSettings,
} from "../../../sidecar/protocol.ts";
import type { StoredMessage, StreamRef } from "../../../sidecar/types.ts";
import { until } from "../../support/until.ts";
import { answers, finish, Gate, inTurn, text, waitsAt, yields } from "../scripted-provider.ts";
import { failure, type Served, settings, startReady } from "./served.ts";

const words = ({ message }: StoredMessage): string => message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
const shown = async (served: Served, session: string): Promise<string[]> => (await served.read(session)).messages.map(words);
const asText = (value: string) => [{ type: "text", text: value }] as const;

let readers = 0;

function streamOf({ assistant: { stream } }: ChatAnswer): StreamRef {
  assert.ok(stream !== undefined);
  return stream;
}

/** Reads an answer to its end. */
async function finished(served: Served, answer: ChatAnswer): Promise<ChatAnswer> {
  readers += 1;
  await served.attach(streamOf(answer), `reader ${readers}`);
  await served.untilEnd(`reader ${readers}`);
  return answer;
}

const asked = async (served: Served, session: string, question: string): Promise<ChatAnswer> =>
  finished(served, await served.ask(session, question));

test("a question in other words stands beside the old one; both can be shown again, and the choice is remembered", async (context) => {
  const served = await startReady(context);
  served.provider.enqueue(answers("one"), answers("two"), answers("zwei"), answers("drei"));
  const session = await served.newSession();
  await asked(served, session, "1?");
  const second = await asked(served, session, "2?");
  const edited = await served.connection.sendRequest(EditChat, { session, message: second.user.id, text: "2, please?" });
  await finished(served, edited);
  assert.deepEqual(edited.user.siblings, [second.user.id, edited.user.id]);
  assert.equal(edited.assistant.siblings, undefined);
  assert.deepEqual(await shown(served, session), ["1?", "one", "2, please?", "zwei"]);
  const { session: back } = await served.connection.sendRequest(SelectMessage, { session, message: second.user.id });
  assert.equal(back.leaf, second.assistant.id);
  assert.deepEqual(await shown(served, session), ["1?", "one", "2?", "two"]);
  assert.deepEqual((await served.read(session)).messages[2]?.siblings, [second.user.id, edited.user.id]);
  await asked(served, session, "3?");
  assert.deepEqual(await shown(served, session), ["1?", "one", "2?", "two", "3?", "drei"]);
  assert.equal(served.changed.at(-1)?.leaf, (await served.read(session)).leaf);
  await assert.rejects(served.connection.sendRequest(SelectMessage, { session, message: "another" }), failure("message-not-found"));
  await assert.rejects(
    served.connection.sendRequest(EditChat, { session, message: second.assistant.id, text: "x" }),
    failure("message-not-found"),
  );
});

test("another answer comes with those that it stands beside", async (context) => {
  const served = await startReady(context);
  const session = await served.newSession();
  const first = await asked(served, session, "?");
  const again = await finished(served, await served.connection.sendRequest(RetryChat, { session, message: first.assistant.id }));
  assert.deepEqual(again.assistant.siblings, [first.assistant.id, again.assistant.id]);
  assert.equal(again.user.siblings, undefined);
});

test("a conversation is read from its end, page by page", async (context) => {
  const served = await startReady(context);
  const session = await served.newSession();
  for (let turn = 0; turn < 5; turn += 1) await asked(served, session, `${turn}?`);
  const read = async (before?: string) =>
    (await served.connection.sendRequest(GetSession, { session, limit: 4, ...(before !== undefined && { before }) })).session.messages;
  const pages = [await read()];
  for (let first = pages[0]?.[0]; (first?.parent ?? null) !== null; first = pages[0]?.[0]) pages.unshift(await read(first?.id));
  assert.deepEqual(
    pages.map((page) => page.map(words).join(" ")),
    ["0? ok", "1? ok 2? ok", "3? ok 4? ok"],
  );
  await assert.rejects(read("another"), failure("message-not-found"));
});

test("a conversation that is asked for without a limit is given in pages, too, and each page has its own summaries", async (context) => {
  const served = await startReady(context);
  const session = await served.newSession();
  const message = (at: number): StoredMessage => {
    const role = at % 2 === 0 ? { role: "user" as const } : { role: "assistant" as const };
    return { id: `m${at}`, session, parent: at === 0 ? null : `m${at - 1}`, message: { ...role, content: asText(`${at}`) }, createdAt: at };
  };
  const summary: StoredMessage = { ...message(1), id: "summary", message: { role: "system", content: asText("so far") } };
  const messages = Array.from({ length: 450 }, (_, at) => message(at));
  await served.store.addMessages({ session, messages: [...messages, { ...summary, parent: "m101" }], leaf: "m449" });
  const read = async (before?: string) =>
    (await served.connection.sendRequest(GetSession, { session, ...(before !== undefined && { before }) })).session;
  const pages = [await read()];
  for (let first = pages[0]?.messages[0]; (first?.parent ?? null) !== null; first = pages[0]?.messages[0])
    pages.unshift(await read(first?.id));
  assert.deepEqual(
    pages.map((page) => [page.messages.length, page.messages[0]?.id, page.summaries?.length]),
    [
      [50, "m0", undefined],
      [200, "m50", 1],
      [200, "m250", undefined],
    ],
  );
  const all = await served.connection.sendRequest(GetSession, { session, limit: 1000 });
  assert.equal(all.session.messages.length, 450, "who names a limit has it");
});

test("an answer that was stopped goes on in a message of its own, which is marked by what it follows", async (context) => {
  const served = await startReady(context);
  const gate = new Gate();
  served.provider.enqueue(inTurn(yields([text("Half an ")]), waitsAt(gate)), answers("answer."));
  const session = await served.newSession();
  const cut = await served.ask(session, "?");
  await gate.reached;
  await assert.rejects(served.connection.sendRequest(ContinueChat, { session, message: cut.assistant.id }), failure("busy"));
  await served.connection.sendRequest(CancelStream, streamOf(cut));
  const rest = await served.connection.sendRequest(ContinueChat, { session, message: cut.assistant.id });
  assert.deepEqual([rest.user.id, rest.assistant.parent], [cut.user.id, cut.assistant.id]);
  await finished(served, rest);
  assert.deepEqual(await shown(served, session), ["?", "Half an ", "answer."]);
  await assert.rejects(served.connection.sendRequest(ContinueChat, { session, message: rest.assistant.id }), failure("invalid-params"));
});

test("a question that waits is kept when its turn comes, and can be called off until then", async (context) => {
  const served = await startReady(context);
  const gate = new Gate();
  served.provider.enqueue(inTurn(waitsAt(gate), answers("first")), answers("third"));
  const session = await served.newSession();
  const first = await served.ask(session, "1?");
  const send = (question: string) => served.connection.sendRequest(SendChat, { session, content: asText(question), whenBusy: "wait" });
  await gate.reached;
  const source = new CancellationTokenSource();
  const cancelled = served.connection.sendRequest(SendChat, { session, content: asText("2?"), whenBusy: "wait" }, source.token);
  source.cancel();
  await assert.rejects(cancelled, (error) => error instanceof Error && "code" in error && error.code === -32800);
  const third = send("3?");
  assert.deepEqual(await shown(served, session), ["1?", ""]);
  gate.open();
  await finished(served, first);
  await finished(served, await third);
  assert.deepEqual(await shown(served, session), ["1?", "first", "3?", "third"]);
  assert.equal(served.provider.mostOpen, 1);
});

test("a question that branches off is answered beside the other, and both can be stopped with their conversation", async (context) => {
  const served = await startReady(context);
  const [one, two] = [new Gate(), new Gate()];
  served.provider.enqueue(inTurn(yields([text("a")]), waitsAt(one)), inTurn(yields([text("b")]), waitsAt(two)));
  const session = await served.newSession();
  const first = await served.ask(session, "1?");
  await one.reached;
  const second = await served.connection.sendRequest(SendChat, { session, content: asText("2?"), whenBusy: "branch" });
  await two.reached;
  assert.deepEqual(second.user.siblings, [first.user.id, second.user.id]);
  assert.equal(served.provider.open, 2);
  await served.connection.sendRequest(DeleteSession, { session });
  assert.equal(served.provider.open, 0);
});

test("a deletion is taken back with every branch", async (context) => {
  const served = await startReady(context);
  const session = await served.newSession();
  const first = await asked(served, session, "1?");
  await finished(served, await served.connection.sendRequest(RetryChat, { session, message: first.assistant.id }));
  await served.connection.sendRequest(DeleteSession, { session });
  await assert.rejects(served.read(session), failure("session-not-found"));
  const { session: restored } = await served.connection.sendRequest(RestoreSession, { session });
  assert.equal(restored.id, session);
  assert.equal((await served.read(session)).messages[1]?.siblings?.length, 2);
  await assert.rejects(served.connection.sendRequest(RestoreSession, { session: "another" }), failure("session-not-found"));
});

test("what was said is found, also on a branch that is not shown", async (context) => {
  const served = await startReady(context);
  served.provider.enqueue(answers("Oolong is half oxidised."), answers("Green."));
  const session = await served.newSession();
  const first = await asked(served, session, "Which tea?");
  await finished(served, await served.connection.sendRequest(RetryChat, { session, message: first.assistant.id }));
  const { hits } = await served.connection.sendRequest(SearchSessions, { text: "oolong oxid" });
  assert.deepEqual(
    hits.map((hit) => [hit.session.id, hit.messages.map(({ message, snippet }) => [message, snippet])]),
    [[session, [[first.assistant.id, "Oolong is half oxidised."]]]],
  );
});

const long = "It was about tea and how it is dried. ".repeat(300);

test("a summary of older messages is told when it is kept, and read with the page that holds what it follows", async (context) => {
  const served = await startReady(context);
  served.windows.set("scripted/m", 8_000);
  served.provider.enqueue(yields([text("a"), finish]));
  served.provider.otherwise(answers("Tea, all of it."));
  const session = await served.newSession();
  const first = await asked(served, session, `1? ${long}`);
  await asked(served, session, `2? ${long}`);
  const [summary] = served.summaries;
  assert.deepEqual([served.summaries.length, summary?.parent, summary?.message.role], [1, first.assistant.id, "system"]);
  assert.match(served.provider.requests.at(-1)?.parameters.system ?? "", /Tea, all of it\.$/u);
  const detail = await served.read(session);
  assert.equal(detail.messages.length, 4);
  assert.deepEqual(detail.summaries, [summary]);
  assert.equal(detail.messages[2]?.siblings, undefined, "a summary is no version of a question");
  const { session: page } = await served.connection.sendRequest(GetSession, { session, limit: 2 });
  assert.equal(page.summaries, undefined);
});

test("with the setting, a conversation that outgrows its model is refused instead", async (context) => {
  const served = await startReady(context);
  served.windows.set("scripted/m", 4_000);
  await served.connection.sendRequest(UpdateSettings, { settings: { ...settings, chat: { whenContextIsFull: "refuse" } } });
  const answer = await served.ask(await served.newSession(), long);
  await served.attach(streamOf(answer), "refused");
  const { error } = await served.untilEnd("refused");
  assert.deepEqual([error?.kind, error?.providerCode, served.provider.requests.length], ["context-length", "context-full", 0]);
});

const named = { ...settings, chat: { generateTitles: true } };
const title = async (served: Served, session: string): Promise<string> => (await served.read(session)).title;

test("after the first answer, and no other, the model names the conversation", async (context) => {
  const served = await startReady(context);
  await served.connection.sendRequest(UpdateSettings, { settings: named });
  served.provider.enqueue(answers("Dry it."), answers('**Title:** "Drying green tea".'), answers("Yes."));
  const session = await served.newSession();
  await asked(served, session, "How do I dry tea leaves?");
  await until(async () => (await title(served, session)) === "Drying green tea", "the title");
  const request = served.provider.requests[1];
  assert.match(JSON.stringify(request?.messages), /How do I dry tea leaves\?[^]*Dry it\./u);
  assert.ok((request?.parameters.maxOutputTokens ?? Infinity) < 500);
  await asked(served, session, "Really?");
  assert.equal(served.provider.requests.length, 3);
  assert.equal(served.changed.at(-1)?.title, "Drying green tea");
});

test("a name that somebody gave stays, and one that the model cannot give is that of the first words", async (context) => {
  const served = await startReady(context);
  await served.connection.sendRequest(UpdateSettings, { settings: named });
  const gate = new Gate();
  served.provider.enqueue(answers("Dry it."), inTurn(waitsAt(gate), answers("A title")), answers("Dry it."), answers(" \n"));
  const session = await served.newSession();
  await asked(served, session, "How do I dry tea?");
  await gate.reached;
  await served.connection.sendRequest(UpdateSession, { session, title: "Mine" });
  gate.open();
  const other = await served.newSession();
  await asked(served, other, "How do I dry mint?");
  await until(() => served.provider.requests.length === 4 && served.provider.open === 0, "both to be named or not");
  assert.deepEqual([await title(served, session), await title(served, other)], ["Mine", "How do I dry mint?"]);
});

test("a name that somebody gives in the very moment in which the model's is written stays", async (context) => {
  const served = await startReady(context);
  await served.connection.sendRequest(UpdateSettings, { settings: named });
  const { store, connection } = served;
  const give = store.nameSession.bind(store);
  const given = Promise.withResolvers<readonly unknown[]>();
  store.nameSession = async (name) => {
    await connection.sendRequest(UpdateSession, { session: name.session, title: "Mine" });
    const renamed = await give(name);
    given.resolve([name.title, renamed]);
    return renamed;
  };
  served.provider.enqueue(answers("Dry it."), answers("A title"));
  const session = await served.newSession();
  await asked(served, session, "How do I dry tea?");
  assert.deepEqual(await given.promise, ["A title", undefined]);
  assert.equal(await title(served, session), "Mine");
});

test("naming is called off by the next question and by deletion, and delays neither", async (context) => {
  const served = await startReady(context);
  await served.connection.sendRequest(UpdateSettings, { settings: named });
  const [one, two] = [new Gate(), new Gate()];
  served.provider.enqueue(answers("a"), waitsAt(one), answers("b"), answers("c"), waitsAt(two));
  const session = await served.newSession();
  await asked(served, session, "1?");
  await one.reached;
  await asked(served, session, "2?");
  await until(() => served.provider.open === 0, "the naming to be called off");
  const other = await served.newSession();
  await asked(served, other, "3?");
  await two.reached;
  await served.connection.sendRequest(DeleteSession, { session: other });
  await until(() => served.provider.open === 0, "the naming to be called off");
});

test("nothing is named unless the settings say so", async (context) => {
  const served = await startReady(context);
  const session = await served.newSession();
  await asked(served, session, "1?");
  await asked(served, session, "2?");
  assert.equal(served.provider.requests.length, 2);
});
