// The chat against the real sidecar: questions, answers, pages that come and go.

import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { FakeChatPage } from "../support/fake-chat-page.ts";
import { LIMIT, machine, memory, page } from "./chat-windows.ts";

test("a question becomes a conversation with an answer that streams, a title and a model", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat } = open();
  const it = page(chat);
  assert.equal((await it.found(() => it.last("show"), "the first show")).session, null);
  fake.enqueue({ text: "Forty-two, I think." });
  it.send({ type: "send", text: "What is the answer?" });
  const answer = await it.answered();
  assert.equal(it.text(answer.stored.id), "Forty-two, I think.");
  const shown = it.last("messages");
  assert.equal(shown?.messages.length, 2);
  assert.deepEqual(shown?.messages[0]?.stored.message.content, [{ type: "text", text: "What is the answer?" }]);
  assert.equal(shown?.session, chat.session);
  const title = await it.found(() => it.last("title"), "the title");
  assert.match(title.title, /What is the answer/);
  const model = await it.found(() => it.last("model")?.model ?? undefined, "the model");
  assert.deepEqual(model, { ref: "fake/fake-model", name: "fake-model", providerName: "fake", demo: false });
});

test("a page that is still being made when the chat is revealed has the caret in its composer once it listens", LIMIT, async (t) => {
  const { open } = await machine(t);
  const { chat } = open();
  const it = new FakeChatPage();
  chat.attach(it);
  chat.reveal();
  assert.deepEqual([it.reveals, it.posted], [1, []]);
  it.send({ type: "ready" });
  await it.found(() => it.last("show"), "the first show");
  assert.equal(it.all("focus").length, 1);
  it.reload();
  await it.found(() => it.last("show"), "the page that was loaded again");
  assert.equal(it.all("focus").length, 0, "which nobody revealed");
  chat.reveal();
  assert.equal(it.all("focus").length, 1);
});

test("a page that is loaded again in mid-answer is shown all of it, each event once", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat } = open();
  const it = page(chat);
  fake.enqueue({ steps: [{ text: "one " }, { gate: "more" }, { text: "two" }, { finish: "stop" }] });
  it.send({ type: "send", text: "Count." });
  const id = await it.found(() => it.last("messages")?.messages[1]?.stored.id, "the answer");
  await it.found(() => (it.text(id) === "one " ? true : undefined), "the first word");
  it.reload();
  const again = await it.found(() => it.last("show")?.session?.messages[1], "the conversation");
  assert.equal(again.stored.id, id);
  fake.gate("more").open();
  await it.answered();
  assert.equal(it.text(id), "one two");
});

test("a page that stalls gets one batch of an answer; when it goes on, it gets the rest", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat } = open();
  const it = page(chat, { applies: false });
  const text = Array.from({ length: 5_000 }, (_, index) => `${index} `).join("");
  fake.enqueue({ text });
  it.send({ type: "send", text: "Count far." });
  const first = await it.found(() => it.last("events"), "the first batch");
  await fake.waitFor((state) => state.openAnswers === 0, "the answer to be read by the sidecar all the same");
  assert.equal(it.all("events").length, 1);
  it.applies = true;
  it.apply(first);
  await it.answered();
  assert.equal(it.text(first.message).trim(), text.trim());
});

test("Stop closes the provider's socket and keeps what had come", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat } = open();
  const it = page(chat);
  fake.enqueue({ steps: [{ text: "Half" }, { gate: "never" }] });
  it.send({ type: "send", text: "Go on." });
  const id = await it.found(() => it.last("messages")?.messages[1]?.stored.id, "the answer");
  await it.found(() => (it.text(id) === "Half" ? true : undefined), "the first half");
  it.send({ type: "stop", message: id });
  await it.answered();
  const end = it.events.get(id)?.at(-1);
  assert.equal(end?.type === "end" && end.status, "cancelled");
  await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
});

test("a failed answer says why on the page, knows its provider, and can be asked for again in its place", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat, done } = open();
  const it = page(chat);
  fake.enqueue({ status: 401, body: { error: { message: "no such key", code: "invalid_api_key" } } });
  it.send({ type: "send", text: "Hello." });
  const answer = await it.answered();
  assert.equal(it.last("events")?.failure?.summary, "auth");
  it.send({ type: "action", action: "set-key", message: answer.stored.id });
  assert.deepEqual(done, ["set-key fake"]);

  fake.enqueue({ text: "Now it works." });
  it.send({ type: "action", action: "retry", message: answer.stored.id });
  const replaced = await it.found((page) => page.all("messages")[1], "the other answer");
  assert.deepEqual([replaced.follows, replaced.messages[0]?.stored.siblings?.[0]], [answer.stored.parent, answer.stored.id]);
  const again = await it.answered();
  assert.equal(it.text(again.stored.id), "Now it works.");
});

test("after a reload of the window the conversation and the draft are back", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const remembered = memory();
  const before = open(remembered);
  const it = page(before.chat);
  fake.enqueue({ text: "Kept." });
  it.send({ type: "send", text: "Keep this." });
  await it.answered();
  it.send({ type: "draft", text: "half a thou" });
  await before.end();

  const after = page(open(remembered).chat);
  const shown = await after.found(() => after.last("show"), "the conversation");
  assert.equal(shown.draft, "half a thou");
  const contents = shown.session?.messages.map(({ stored }) => stored.message.content);
  assert.deepEqual(contents, [[{ type: "text", text: "Keep this." }], [{ type: "text", text: "Kept." }]]);
});

test("when the sidecar crashes in mid-answer, the page hears of it and then shows what was kept, marked", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat, client } = open();
  const it = page(chat);
  fake.enqueue({ steps: [{ text: "Before the crash" }, { gate: "never" }] });
  it.send({ type: "send", text: "Go." });
  const id = await it.found(() => it.last("messages")?.messages[1]?.stored.id, "the answer");
  await it.found(() => (it.text(id) === "Before the crash" ? true : undefined), "its text");
  it.send({ type: "draft", text: "my draft" });
  const before = it.posted.length;
  process.kill((await client.start()).info.pid, "SIGKILL");
  const interrupted = await it.found(
    () => it.last("show")?.session?.messages.find(({ stored }) => stored.id === id && stored.status !== "streaming"),
    "the interrupted answer",
  );
  assert.equal(interrupted.stored.status, "incomplete");
  assert.notEqual(interrupted.failure, undefined);
  const states = it.posted.slice(before).flatMap((message) => (message.type === "sidecar" ? [message.state] : []));
  assert.deepEqual(states.slice(0, 2), ["restarting", "ready"]);
  assert.equal(it.last("show")?.draft, "my draft");

  fake.enqueue({ text: "Alive." });
  it.send({ type: "send", text: "Are you there?" });
  const answer = await it.answered();
  assert.equal(it.text(answer.stored.id), "Alive.");
});

test("what could not be sent comes back to the composer, with the reason", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat, memory } = open();
  const it = page(chat);
  fake.enqueue({ steps: [{ text: "Slow" }, { gate: "slow" }, { finish: "stop" }] });
  it.send({ type: "send", text: "First." });
  await fake.waitFor((state) => state.waitingAt.includes("slow"), "the first answer to be under way");
  await it.found(() => it.last("messages"), "the first question to be shown");
  it.send({ type: "send", text: "Second." });
  const refused = await it.found(() => it.last("not-sent"), "the refusal");
  assert.deepEqual([refused.draft, refused.failure.summary], ["Second.", "busy"]);
  assert.equal(memory.draft, "Second.");
});

test("a prompt from elsewhere begins a conversation of its own, while another one streams", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat } = open();
  const it = page(chat);
  fake.enqueue({ steps: [{ text: "Slow" }, { gate: "slow" }, { finish: "stop" }] });
  it.send({ type: "send", text: "First." });
  const first = await it.found(() => it.last("messages")?.session, "the first question");
  await fake.waitFor((state) => state.waitingAt.includes("slow"), "the first answer to be under way");
  fake.enqueue({ text: "It adds." });
  await chat.ask([{ type: "text", text: "Explain this." }], { newConversation: true });
  const answer = await it.answered();
  assert.notEqual(chat.session, first);
  assert.equal(it.text(answer.stored.id), "It adds.");

  await chat.open(first);
  fake.gate("slow").open();
  const slow = await it.answered();
  assert.equal(it.text(slow.stored.id), "Slow");
});

test("a question without a page is kept, and the page that comes shows it", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat } = open();
  fake.enqueue({ text: "Early." });
  await chat.ask([{ type: "text", text: "Before the page." }], { newConversation: true });
  const it = page(chat);
  const answer = await it.answered();
  assert.equal(it.text(answer.stored.id), "Early.");
});

test("the model that is picked answers the next question of the conversation shown, and is remembered with it", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat, choice } = open();
  const it = page(chat);
  it.send({ type: "send", text: "One." });
  await it.answered();
  choice.pick("fake/other-model");
  await it.found(() => (it.last("model")?.model?.ref === "fake/other-model" ? true : undefined), "the model to be shown");
  it.send({ type: "send", text: "Two." });
  await it.found(() => (it.all("messages").length === 2 ? true : undefined), "the second question");
  await it.answered();
  assert.deepEqual(
    fake.requests.filter(({ route }) => route === "openai-chat").map(({ body }) => body?.["model"]),
    ["fake-model", "other-model"],
  );
});

test("a page is told why conversations are not kept, where they are not", LIMIT, async (t) => {
  const { open, storeFolder } = await machine(t);
  await rm(storeFolder, { recursive: true });
  await writeFile(storeFolder, "in the way");
  const it = page(open().chat);
  const ready = await it.found(() => it.all("sidecar").find(({ state }) => state === "ready"), "the sidecar to be ready");
  assert.match(ready.notKept ?? "", /file is in its place/);
});

test("a conversation that was deleted is shown as a new one", LIMIT, async (t) => {
  const { open } = await machine(t);
  const { chat, memory } = open();
  memory.session = "gone";
  await chat.open("gone");
  const it = page(chat);
  assert.equal((await it.found(() => it.last("show"), "the page")).session, null);
  assert.equal(memory.session, null);
});

test("what a person does on the page is handed on to the editor", LIMIT, async (t) => {
  const { open } = await machine(t);
  const { chat, done } = open();
  const it = page(chat);
  it.send({ type: "copy", text: "code" });
  it.send({ type: "open-link", url: "https://example.com" });
  it.send({ type: "open-file", uri: "file:///a", startLine: 1, endLine: 2 });
  it.send({ type: "pick-model" });
  it.send({ type: "pick-session" });
  it.send({ type: "action", action: "show-log" });
  assert.deepEqual(done, [
    "copy code",
    "open https://example.com",
    "show file:///a 1 2",
    "pick model",
    "pick conversation",
    "show-log undefined",
  ]);
});
