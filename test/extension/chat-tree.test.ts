// The tree of a conversation in the panel, and windows beside each other, against the real sidecar.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chat } from "../../extension/chat/chat.ts";
import type { MessageView } from "../../media/protocol.ts";
import { GetSession, SearchSessions } from "../../sidecar/protocol.ts";
import type { FakeChatPage } from "../support/fake-chat-page.ts";
import { until } from "../support/until.ts";
import { LIMIT, machine, memory, page } from "./chat-windows.ts";

const content = (view: MessageView | undefined): string =>
  (view?.stored.message.content ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");
const contents = (it: FakeChatPage): string[] => (it.last("show")?.session?.messages ?? []).map(content);

test(
  "a question is edited beside the old one, both versions can be shown, and the one that is shown comes back after a reload",
  LIMIT,
  async (t) => {
    const { fake, open } = await machine(t);
    const remembered = memory();
    const before = open(remembered);
    const it = page(before.chat);
    fake.enqueue({ text: "Green." });
    it.send({ type: "send", text: "Which tea?" });
    const first = await it.answered();
    const old = first.stored.parent ?? "";
    fake.enqueue({ text: "Mint." });
    it.send({ type: "edit", message: old, text: "Which herb?" });
    const edited = await it.found((page) => page.all("messages")[1], "the edited question");
    assert.deepEqual([content(edited.messages[0]), edited.follows], ["Which herb?", null]);
    const [question, answer] = edited.messages;
    assert.deepEqual(question?.stored.siblings, [old, question?.stored.id]);
    await it.found((page) => (page.text(answer?.stored.id ?? "") === "Mint." ? true : undefined), "its answer");
    await it.found((page) => page.events.get(answer?.stored.id ?? "")?.find(({ type }) => type === "end"), "its end");

    it.send({ type: "select", message: old });
    await it.found((page) => (contents(page)[0] === "Which tea?" ? true : undefined), "the old version");
    assert.deepEqual(contents(it), ["Which tea?", "Green."]);
    await before.end();
    const after = page(open(remembered).chat);
    await after.found(() => after.last("show")?.session ?? undefined, "the conversation");
    assert.deepEqual(contents(after), ["Which tea?", "Green."]);
    assert.deepEqual(after.last("show")?.session?.messages[0]?.stored.siblings?.length, 2);
  },
);

test("an edit that cannot be kept goes back to the page, with the reason", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat } = open();
  const it = page(chat);
  fake.enqueue({ steps: [{ text: "Slow" }, { gate: "slow" }, { finish: "stop" }] });
  it.send({ type: "send", text: "First." });
  const question = await it.found(() => it.last("messages")?.messages[0]?.stored.id, "the question");
  await fake.waitFor((state) => state.waitingAt.includes("slow"), "the first answer to be under way");
  it.send({ type: "edit", message: question, text: "Other words." });
  const refused = await it.found(() => it.last("not-edited"), "the refusal");
  assert.deepEqual([refused.message, refused.text, refused.failure.summary], [question, "Other words.", "busy"]);
});

test("after a crash in mid-answer Continue goes on where the answer was cut, and nothing of it is lost", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat, client } = open();
  const it = page(chat);
  fake.enqueue({ steps: [{ text: "Before the crash" }, { gate: "never" }] });
  it.send({ type: "send", text: "Go." });
  const id = await it.found(() => it.last("messages")?.messages[1]?.stored.id, "the answer");
  await it.found(() => (it.text(id) === "Before the crash" ? true : undefined), "its text");
  const kept = async () => (await client.request(GetSession, { session: chat.session ?? "" })).session.messages.at(-1);
  await until(async () => JSON.stringify((await kept())?.message).includes("Before the crash"), "what had come to be kept");
  process.kill((await client.start()).info.pid, "SIGKILL");
  await it.found(
    () => it.last("show")?.session?.messages.find(({ stored }) => stored.id === id && stored.status === "incomplete"),
    "the interrupted answer",
  );
  fake.enqueue({ text: ", and after it." });
  it.send({ type: "continue", message: id });
  const rest = await it.found(() => it.all("messages")[1], "the rest");
  assert.equal(rest.follows, id);
  await it.found((page) => page.events.get(rest.messages[0]?.stored.id ?? "")?.find(({ type }) => type === "end"), "its end");
  assert.equal(it.text(rest.messages[0]?.stored.id ?? ""), ", and after it.");
  const messages = fake.requests.at(-1)?.body?.["messages"];
  assert.ok(Array.isArray(messages) && messages.length === 3);
  assert.match(JSON.stringify(messages), /"Go\."[^]*"Before the crash"[^]*Continue it from exactly where it ends/u);
  await chat.open(chat.session);
  assert.deepEqual(contents(it), ["Go.", "Before the crash", ", and after it."]);
});

test("a long conversation is shown from its end, and page by page as the reader goes back", LIMIT, async (t) => {
  const { open } = await machine(t);
  const { chat, client } = open();
  const it = page(chat);
  for (let turn = 0; turn < 40; turn += 1) await chatTurn(it, chat, `Question ${turn}`);
  await chat.open(chat.session);
  const shown = it.last("show")?.session;
  assert.deepEqual([shown?.messages.length, shown?.hasEarlier, content(shown?.messages[0])], [64, true, "Question 8"]);
  it.send({ type: "earlier" });
  const earlier = await it.found(() => it.last("earlier"), "the earlier messages");
  assert.deepEqual([earlier.messages.length, earlier.hasEarlier, content(earlier.messages[0])], [16, false, "Question 0"]);
  // One that was searched for is shown, however far back it is.
  const { hits } = await client.request(SearchSessions, { text: '"question 3"' });
  const found = hits[0]?.messages.find(({ role }) => role === "user")?.message;
  await chat.open(chat.session, found);
  assert.equal(it.last("show")?.session?.reveal, found);
  assert.ok(it.last("show")?.session?.messages.some(({ stored }) => stored.id === found));
});

/** Asks and waits for the end of the answer. */
async function chatTurn(it: FakeChatPage, chat: Chat, question: string): Promise<void> {
  await chat.ask([{ type: "text", text: question }]);
  const id = await it.found(() => {
    const last = it.last("messages");
    return content(last?.messages[0]) === question ? last?.messages[1]?.stored.id : undefined;
  }, "the answer");
  await it.found(() => it.events.get(id)?.find(({ type }) => type === "end"), "its end");
}

test(
  "an answer that another window writes is shown as that, takes no second turn, and is shown whole when it has ended",
  LIMIT,
  async (t) => {
    const { fake, open } = await machine(t);
    const [one, two] = [open(), open()];
    const there = page(one.chat);
    fake.enqueue({ steps: [{ text: "Slowly" }, { gate: "slow" }, { finish: "stop" }] });
    there.send({ type: "send", text: "Take your time." });
    await fake.waitFor((state) => state.waitingAt.includes("slow"), "the answer to be under way");
    await there.found(() => there.last("messages"), "the question to be shown");
    const here = page(two.chat);
    await two.chat.open(one.chat.session);
    const running = await here.found(() => here.last("show")?.session?.messages[1], "the conversation");
    assert.deepEqual([running.elsewhere, running.stored.status], [true, "streaming"]);
    here.send({ type: "send", text: "Faster!" });
    assert.equal((await here.found(() => here.last("not-sent"), "the refusal")).failure.summary, "busy");
    fake.gate("slow").open();
    const whole = await here.found(
      () => here.last("show")?.session?.messages.find(({ stored }) => stored.status === "complete"),
      "its end",
    );
    assert.deepEqual([content(whole), whole.elsewhere], ["Slowly", undefined]);
  },
);

test("a model chosen in one window is not that of another window, nor of another conversation", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const [one, two] = [open(), open()];
  const [first, second] = [page(one.chat), page(two.chat)];
  await chatTurn(first, one.chat, "One.");
  one.choice.pick("fake/other-model");
  await first.found(() => (first.last("model")?.model?.ref === "fake/other-model" ? true : undefined), "the model to be shown");
  await chatTurn(second, two.chat, "Two.");
  assert.equal(two.choice.lastUsed, "fake/fake-model");
  await chatTurn(first, one.chat, "Three.");
  const models = fake.requests.filter(({ route }) => route === "openai-chat").map(({ body }) => body?.["model"]);
  assert.deepEqual(models, ["fake-model", "fake-model", "other-model"]);
  const session = two.chat.session;
  await two.chat.open(one.chat.session);
  assert.equal(two.chat.model, "fake/other-model");
  await two.chat.open(session);
  assert.equal(two.chat.model, "fake/fake-model");
});

test("the model that is shown is that of the open conversation, also before a page has read it", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const remembered = memory();
  const before = open(remembered);
  const it = page(before.chat);
  before.choice.pick("fake/other-model");
  await chatTurn(it, before.chat, "One.");
  await before.end();

  const after = open(remembered);
  const shown: (string | undefined)[] = [];
  after.chat.onDidShowModel((model) => shown.push(model?.ref));
  await after.chat.showModel();
  assert.deepEqual(shown, ["fake/other-model"]);
  const there = page(after.chat);
  await Promise.all([after.chat.showModel(), there.found(() => there.last("model")?.model ?? undefined, "the model on the page")]);
  assert.deepEqual(new Set(shown), new Set(["fake/other-model"]));
  await after.chat.open(null);
  assert.equal(shown.at(-1), "fake/fake-model");
  await chatTurn(there, after.chat, "Two.");
  assert.equal(fake.requests.findLast(({ route }) => route === "openai-chat")?.body?.["model"], "fake-model");
});
