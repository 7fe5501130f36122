// Questions that are lined up while an answer runs, against the real sidecar: when they are sent, and when they wait.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeChatPage } from "../support/fake-chat-page.ts";
import type { FakeProvider } from "../support/fake-provider.ts";
import { until } from "../support/until.ts";
import { LIMIT, machine, memory, page } from "./chat-windows.ts";

const asked = (fake: FakeProvider): readonly (string | undefined)[] =>
  fake.requests
    .filter(({ route }) => route === "openai-chat")
    .map(({ body }) => {
      const messages: unknown = body?.["messages"];
      const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
      return typeof last === "object" && last !== null ? String(Reflect.get(last, "content")) : undefined;
    });
const lined = (it: FakeChatPage): readonly string[] => it.last("queue")?.prompts.map(({ text }) => text) ?? [];

/** Sends a question whose answer stops in the middle, at a gate of this name. */
async function askSlowly(it: FakeChatPage, fake: FakeProvider, gate: string): Promise<string> {
  const before = it.all("messages").length;
  fake.enqueue({ steps: [{ text: "Half" }, { gate }, { text: ", and whole." }, { finish: "stop" }] });
  it.send({ type: "send", text: "First." });
  await fake.waitFor((state) => state.waitingAt.includes(gate), "the first answer to be under way");
  return it.found(() => it.all("messages")[before]?.messages[1]?.stored.id, "the answer");
}

test("questions that are lined up are sent one after the other, each when the answer before it is complete", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const it = page(open().chat);
  await askSlowly(it, fake, "slow");
  it.send({ type: "queue", text: "Second." });
  it.send({ type: "queue", text: "Third." });
  assert.deepEqual(lined(it), ["Second.", "Third."]);
  assert.equal(asked(fake).length, 1);
  fake.gate("slow").open();
  await until(() => asked(fake).length === 3, "all questions to be asked");
  assert.deepEqual(asked(fake), ["First.", "Second.", "Third."]);
  await it.found(() => (lined(it).length === 0 ? true : undefined), "the queue to be empty");
  const questions = it.all("messages").map(({ messages }) => messages[0]?.stored.message.content);
  assert.deepEqual(
    questions.map((content) => JSON.stringify(content)),
    ["First.", "Second.", "Third."].map((text) => JSON.stringify([{ type: "text", text }])),
  );
});

test("what is lined up behind an answer that is stopped waits, and goes on when it is told to", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const it = page(open().chat);
  const answer = await askSlowly(it, fake, "never");
  it.send({ type: "queue", text: "Second." });
  it.send({ type: "queue", text: "Third." });
  it.send({ type: "stop", message: answer });
  await it.found(() => (it.last("queue")?.paused === true ? true : undefined), "the pause");
  assert.deepEqual([lined(it), asked(fake)], [["Second.", "Third."], ["First."]]);
  it.send({ type: "send-queued" });
  await until(() => asked(fake).length === 3, "all questions to be asked");
  assert.deepEqual(asked(fake), ["First.", "Second.", "Third."]);
});

test("what is lined up behind an answer that fails waits, too", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const it = page(open().chat);
  fake.enqueue({ steps: [{ text: "Half" }, { gate: "slow" }] });
  it.send({ type: "send", text: "First." });
  await fake.waitFor((state) => state.waitingAt.includes("slow"), "the first answer to be under way");
  await it.found(() => it.last("messages"), "the first question to be shown");
  it.send({ type: "queue", text: "Second." });
  fake.gate("slow").open();
  await it.found(() => (it.last("queue")?.paused === true ? true : undefined), "the pause");
  assert.deepEqual([lined(it), asked(fake)], [["Second."], ["First."]]);
});

test("after a reload what was lined up is there, and waits; it can be removed", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const remembered = memory();
  const before = open(remembered);
  const it = page(before.chat);
  await askSlowly(it, fake, "never");
  it.send({ type: "queue", text: "Second." });
  it.send({ type: "queue", text: "Third." });
  await before.end();

  const after = page(open(remembered).chat);
  const queue = await after.found(() => after.last("queue"), "the queue");
  assert.deepEqual([lined(after), queue.paused], [["Second.", "Third."], true]);
  const [second] = queue.prompts;
  after.send({ type: "unqueue", prompt: second?.id ?? "" });
  assert.deepEqual(lined(after), ["Third."]);
  after.send({ type: "send-queued" });
  await until(() => asked(fake).length === 2, "the question to be asked");
  assert.deepEqual(asked(fake), ["First.", "Third."]);
});

test("a conversation that is not shown any more is gone on with all the same", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat } = open();
  const it = page(chat);
  await askSlowly(it, fake, "slow");
  const session = chat.session;
  it.send({ type: "queue", text: "Second." });
  await chat.open(null);
  fake.gate("slow").open();
  await until(() => asked(fake).length === 2, "the second question to be asked");
  assert.deepEqual(it.last("show")?.session, null);
  await chat.open(session);
  assert.deepEqual(lined(it), []);
});

test("each conversation has its own, in their order, whichever answer is complete first", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat } = open();
  const it = page(chat);
  const lineUp = async (name: string): Promise<string | null> => {
    await askSlowly(it, fake, name);
    for (const text of [`${name} 2`, `${name} 3`, `${name} 4`]) it.send({ type: "queue", text });
    return chat.session;
  };
  const tea = await lineUp("tea");
  await chat.open(null);
  const rice = await lineUp("rice");
  fake.gate("rice").open();
  await until(() => asked(fake).length === 5, "all questions about rice to be asked");
  assert.deepEqual(asked(fake), ["First.", "First.", "rice 2", "rice 3", "rice 4"]);
  await it.found(() => (lined(it).length === 0 ? true : undefined), "the queue of this conversation to be empty");

  await chat.open(tea);
  assert.deepEqual(lined(it), ["tea 2", "tea 3", "tea 4"]);
  fake.gate("tea").open();
  await until(() => asked(fake).length === 8, "all questions about tea to be asked");
  assert.deepEqual(asked(fake).slice(5), ["tea 2", "tea 3", "tea 4"]);
  assert.notEqual(tea, rice);
});

test("what is lined up waits behind an answer that another window asked for, which is told", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const { chat, done } = open();
  const it = page(chat);
  const answer = await askSlowly(it, fake, "never");
  it.send({ type: "queue", text: "Third." });
  it.send({ type: "stop", message: answer });
  await it.found(() => (it.last("queue")?.paused === true ? true : undefined), "the pause");

  const other = open();
  const beside = page(other.chat);
  await other.chat.open(chat.session);
  fake.enqueue({ steps: [{ text: "Half" }, { gate: "theirs" }, { finish: "stop" }] });
  beside.send({ type: "send", text: "Second." });
  await fake.waitFor((state) => state.waitingAt.includes("theirs"), "the other window's answer to be under way");
  it.send({ type: "queue", text: "Fourth." });
  assert.equal(it.last("queue")?.paused, false, "who lines one up wants those before it to be sent");
  await it.found(() => (it.last("queue")?.paused === true ? true : undefined), "the pause behind the other window's answer");
  it.send({ type: "send-queued" });
  await until(() => done.includes("failed: busy"), "the refusal to be told");
  assert.deepEqual([lined(it), it.last("queue")?.paused, asked(fake).length], [["Third.", "Fourth."], true, 2]);

  fake.gate("theirs").open();
  await beside.answered();
  await until(async () => {
    it.send({ type: "send-queued" });
    await it.found(() => (it.last("queue")?.paused === true || lined(it).length < 2 ? true : undefined), "what becomes of it");
    return lined(it).length < 2;
  }, "the question to be asked");
  await until(() => asked(fake).length === 4, "both questions to be asked");
  assert.deepEqual(asked(fake), ["First.", "Second.", "Third.", "Fourth."]);
});

test("of more than a hundred the oldest give way", LIMIT, async (t) => {
  const { fake, open } = await machine(t);
  const it = page(open().chat);
  await askSlowly(it, fake, "never");
  const texts = Array.from({ length: 102 }, (_, index) => `Question ${index}`);
  for (const text of texts) it.send({ type: "queue", text });
  assert.deepEqual(lined(it), texts.slice(2));
});
