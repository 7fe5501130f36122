import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerError } from "../../../sidecar/answers/answer-error.ts";
import { Failure } from "../../../sidecar/failure.ts";
import { MemoryStore } from "../../../sidecar/sessions/memory-store.ts";
import { Session } from "../../../sidecar/sessions/session.ts";
import type { FinishedAnswer, NewTurn } from "../../../sidecar/sessions/store.ts";
import type { Message, SessionInfo } from "../../../sidecar/types.ts";
import { ProviderError } from "../../../sidecar/providers/provider.ts";
import { answers, fails, Gate, inTurn, scriptedLlm, text, waitsAt, yields } from "../scripted-provider.ts";
import { asked, eventsOf, said, shown } from "./told-session.ts";

test("a session keeps its history and sends it with each question, under its system prompt", async () => {
  const { provider, llm } = scriptedLlm();
  provider.enqueue(answers("Hello ", "Alice."), answers("Alice."));
  const session = new Session(llm, { systemPrompt: "You are a helpful assistant.", parameters: { temperature: 0.5 } });
  await session.generate("My name is Alice.");
  const second = await session.generate("What is my name?");
  assert.equal(second.content, "Alice.");
  assert.equal(second.status, "complete");
  assert.deepEqual(provider.requests[1], {
    model: "m",
    messages: [asked("My name is Alice."), said("Hello Alice."), asked("What is my name?")],
    parameters: { system: "You are a helpful assistant.", temperature: 0.5 },
  });
  assert.deepEqual(await shown(session), [
    "user: My name is Alice.",
    "assistant (complete): Hello Alice.",
    "user: What is my name?",
    "assistant (complete): Alice.",
  ]);
});

test("streaming keeps the history as generating does", async () => {
  const { provider, llm } = scriptedLlm();
  provider.enqueue(answers("one ", "two"));
  const session = new Session(llm);
  let content = "";
  for await (const chunk of session.stream("Count.")) content += chunk.content;
  assert.equal(content, "one two");
  assert.deepEqual(await shown(session), ["user: Count.", "assistant (complete): one two"]);
});

test("what a turn asks for goes before what its session has", async () => {
  const { provider, llm } = scriptedLlm();
  const session = new Session(llm, { systemPrompt: "Be long.", parameters: { temperature: 1, seed: 1 } });
  await session.generate("?", { system: "Be brief.", temperature: 0 });
  await session.generate("?");
  assert.deepEqual(provider.requests[0]?.parameters, { system: "Be brief.", temperature: 0, seed: 1 });
  assert.deepEqual(provider.requests[1]?.parameters, { system: "Be long.", temperature: 1, seed: 1 });
});

test("fault 27: a second question waits for the end of the first answer, in order", async () => {
  const { provider, llm } = scriptedLlm();
  const gate = new Gate();
  provider.enqueue(inTurn(waitsAt(gate), answers("first")));
  const session = new Session(llm);
  const [one, two, three] = ["1", "2", "3"].map((question) => session.generate(question));
  await gate.reached;
  assert.equal(provider.requests.length, 1);
  gate.open();
  await Promise.all([one, two, three]);
  assert.deepEqual(
    provider.requests.map(({ messages }) => messages.length),
    [1, 3, 5],
  );
  assert.equal(provider.mostOpen, 1);
});

test("fault 28: a failed answer rejects with what had come, keeps it, and sends its text on with the next question", async () => {
  const { provider, llm } = scriptedLlm();
  provider.enqueue(async function* () {
    yield [text("Half an ans")];
    throw new ProviderError("gone", { kind: "network", phase: "mid-stream", retryable: true });
  });
  const session = new Session(llm);
  await assert.rejects(
    session.generate("a"),
    (error) => error instanceof AnswerError && error.kind === "network" && error.partial.content === "Half an ans",
  );
  const [, failed] = await session.messages();
  assert.equal(failed?.status, "error");
  assert.equal(failed.error?.kind, "network");
  await session.generate("b");
  assert.deepEqual(provider.requests[1]?.messages, [asked("a"), said("Half an ans"), asked("b")]);
});

test("fault 28: a question whose answer failed at once stays, and the empty answer is not sent", async () => {
  const { provider, llm } = scriptedLlm();
  provider.enqueue(fails({ kind: "auth" }));
  const session = new Session(llm);
  await assert.rejects(session.generate("a"), AnswerError);
  assert.deepEqual(await shown(session), ["user: a", "assistant (error): "]);
  await session.generate("b");
  assert.deepEqual(provider.requests[1]?.messages, [asked("a\n\nb")]);
});

test("fault 23: a question in the words of an earlier one is sent like any other, also where that one is unanswered", async () => {
  const { provider, llm } = scriptedLlm();
  provider.enqueue(answers("one"), answers("two"), fails({ kind: "auth" }), answers("three"));
  const session = new Session(llm);
  for (const _ of [1, 2]) await session.generate("continue");
  await assert.rejects(session.generate("continue"), AnswerError);
  await session.generate("continue");
  assert.deepEqual(provider.requests[1]?.messages, [asked("continue"), said("one"), asked("continue")]);
  assert.deepEqual(provider.requests[3]?.messages.at(-1), asked("continue\n\ncontinue"));
});

test("fault 29: what was thought, which tools were called and what must go back to the provider is kept, and sent with the next question", async () => {
  const { provider, llm } = scriptedLlm();
  const opaque = { type: "opaque", provider: "scripted", data: { signature: "s" } } as const;
  const call = { type: "tool-call", id: "c1", name: "look", arguments: "{}" } as const;
  const calledTools = { type: "finish", finishReason: "tool-calls", rawFinishReason: "tool_use" } as const;
  provider.enqueue(yields([{ type: "reasoning-delta", text: "Hm." }, opaque, text("Let me look."), call], [calledTools]));
  const session = new Session(llm);
  for await (const { event } of session.stream("a")) assert.ok(event.seq > 0);
  const answer: Message = {
    role: "assistant",
    content: [{ type: "reasoning", text: "Hm." }, opaque, { type: "text", text: "Let me look." }, call],
  };
  assert.deepEqual((await session.messages())[1]?.message, answer);
  await session.generate("b");
  assert.deepEqual(provider.requests[1]?.messages, [asked("a"), answer, asked("b")]);
});

test("a cut answer is kept as incomplete", async () => {
  const { provider, llm } = scriptedLlm();
  provider.enqueue(yields([text("cut")]));
  const session = new Session(llm);
  await assert.rejects(session.generate("a"), (error) => error instanceof AnswerError && error.partial.status === "incomplete");
  assert.deepEqual(await shown(session), ["user: a", "assistant (incomplete): cut"]);
});

test("fault 28: leaving a stream early closes the provider's stream and keeps what had come, as cancelled", async () => {
  const { provider, llm } = scriptedLlm();
  const gate = new Gate();
  provider.enqueue(inTurn(yields([text("so far")]), waitsAt(gate)));
  const session = new Session(llm);
  for await (const { content } of session.stream("a")) if (content !== "") break;
  assert.equal(provider.open, 0);
  assert.deepEqual(await shown(session), ["user: a", "assistant (cancelled): so far"]);
  assert.equal((await session.generate("b")).status, "complete");
});

test("cancelling is a result, with what had come", async () => {
  const { provider, llm } = scriptedLlm();
  const gate = new Gate();
  provider.enqueue(inTurn(yields([text("so far")]), waitsAt(gate)));
  const session = new Session(llm);
  const abort = new AbortController();
  const answer = session.generate("a", { signal: abort.signal });
  await gate.reached;
  abort.abort();
  const { status, content } = await answer;
  assert.deepEqual([status, content], ["cancelled", "so far"]);
  assert.deepEqual(await shown(session), ["user: a", "assistant (cancelled): so far"]);
});

test("a question cancelled while it waits for its turn is answered as cancelled at once, and is not kept", async () => {
  const { provider, llm } = scriptedLlm();
  const gate = new Gate();
  provider.enqueue(waitsAt(gate));
  const session = new Session(llm);
  const abort = new AbortController();
  const stop = new AbortController();
  const first = session.generate("a", { signal: stop.signal });
  await gate.reached;
  const second = session.generate("b", { signal: abort.signal });
  abort.abort();
  assert.equal((await second).status, "cancelled");
  assert.equal(provider.requests.length, 1);
  stop.abort();
  await first;
  assert.deepEqual(await shown(session), ["user: a", "assistant (cancelled): "]);
});

test("an empty question is refused, and nothing is kept or asked", async () => {
  const { provider, llm } = scriptedLlm();
  const session = new Session(llm);
  await assert.rejects(session.generate(" \n"), (error) => error instanceof ProviderError && error.providerCode === "empty-prompt");
  assert.deepEqual(await session.messages(), []);
  assert.equal(provider.requests.length, 0);
});

test("a question with a part that lacks a field is refused with the field's name, and nothing is kept or asked", async () => {
  const { provider, llm } = scriptedLlm();
  const session = new Session(llm);
  // As a program in plain JavaScript has it, where no compiler looks.
  const question = JSON.parse('[{"type":"text","text":"What is it?"},{"type":"file","name":"a.ts","text":"let a;"}]');
  await assert.rejects(session.generate(question), (error) => {
    assert.ok(error instanceof ProviderError);
    assert.deepEqual([error.info.kind, error.message], ["invalid-request", "`question[1].uri` must be a text."]);
    return true;
  });
  assert.deepEqual(await session.messages(), []);
  assert.equal(provider.requests.length, 0);
});

test("a question after an earlier message makes a branch, and answering again stands beside the first answer", async () => {
  const { provider, llm } = scriptedLlm();
  provider.enqueue(answers("one"), answers("two"), answers("other two"), answers("again"));
  const session = new Session(llm);
  await session.generate("a");
  await session.generate("b");
  const [, firstAnswer, , secondAnswer] = await session.messages();
  assert.ok(firstAnswer !== undefined && secondAnswer !== undefined);
  await session.generate("c", { parent: firstAnswer.id });
  assert.deepEqual(await shown(session), ["user: a", "assistant (complete): one", "user: c", "assistant (complete): other two"]);
  const turn = await session.beginAgain(secondAnswer.id);
  await eventsOf(turn);
  assert.deepEqual(await shown(session), ["user: a", "assistant (complete): one", "user: b", "assistant (complete): again"]);
  assert.deepEqual(provider.requests[3]?.messages, [asked("a"), said("one"), asked("b")]);
  await session.generate("d", { parent: null });
  assert.deepEqual(provider.requests[4]?.messages, [asked("d")]);
});

test("answering again takes the question's id too, and refuses what is no question of this session", async () => {
  const { llm } = scriptedLlm();
  const session = new Session(llm);
  await session.generate("a");
  const [question] = await session.messages();
  const turn = await session.beginAgain(question?.id ?? "");
  await eventsOf(turn);
  assert.equal(turn.user.id, question?.id);
  await assert.rejects(session.beginAgain("another"), (error) => error instanceof Failure && error.code === "message-not-found");
});

test("a summary is no message that could be answered or gone on with", async () => {
  const { provider, llm } = scriptedLlm();
  const store = new MemoryStore();
  const session = new Session(llm, { store });
  await session.generate("a");
  const [question, answer] = await session.messages();
  assert.ok(question !== undefined && answer !== undefined);
  const summary = {
    ...question,
    id: "summary",
    parent: answer.id,
    message: { role: "system", content: [{ type: "text", text: "a" }] },
  } as const;
  await store.addMessages({ session: session.id, messages: [summary] });
  for (const begun of [session.beginAgain("summary"), session.beginContinuation("summary")])
    await assert.rejects(begun, (error) => error instanceof Failure && error.code === "message-not-found");
  assert.deepEqual(await session.messages(), [question, answer]);
  assert.equal(provider.requests.length, 1);
});

test("a session is named by its first question, unless it was given a name", async () => {
  const { llm } = scriptedLlm();
  const store = new MemoryStore();
  const session = new Session(llm, { store });
  await session.generate("What is a closure?");
  await session.generate("And a thunk?");
  assert.equal((await store.getSession(session.id))?.title, "What is a closure?");
  const named = new Session(llm, { store, title: "Functions" });
  await named.generate("What is a closure?");
  assert.equal((await store.getSession(named.id))?.title, "Functions");
});

test("a session is opened again from its store, with another model, which becomes its own", async () => {
  const { provider, llm } = scriptedLlm();
  provider.enqueue(answers("one"));
  const store = new MemoryStore();
  const before = new Session(llm, { store, systemPrompt: "Be brief." });
  await before.generate("a");
  const other = scriptedLlm();
  const after = await Session.open({ ...other.llm, ref: "scripted/other" }, before.id, store);
  await after.generate("b");
  assert.deepEqual(other.provider.requests[0]?.messages, [asked("a"), said("one"), asked("b")]);
  assert.equal(other.provider.requests[0]?.parameters.system, "Be brief.");
  assert.equal((await store.getSession(before.id))?.model, "scripted/other");
  await assert.rejects(Session.open(llm, "another", store), (error) => error instanceof Failure && error.code === "session-not-found");
});

/** Tells the order of what is committed and what is asked of the provider. */
class TellingStore extends MemoryStore {
  readonly events: string[];
  /** Refuses ends while set. */
  full = false;

  constructor(events: string[]) {
    super();
    this.events = events;
  }

  override async beginTurn(turn: NewTurn): Promise<SessionInfo> {
    const info = await super.beginTurn(turn);
    this.events.push("turn committed");
    return info;
  }

  override async finishAnswers(done: readonly FinishedAnswer[]): Promise<void> {
    if (this.full) throw new Failure("storage", "The disk is full.");
    await super.finishAnswers(done);
    this.events.push("end committed");
  }
}

test("question and empty answer are committed before the model is called, the whole answer before its end is told", async () => {
  const { provider, llm } = scriptedLlm();
  const events: string[] = [];
  provider.enqueue(async function* (request, context) {
    events.push("model called");
    yield* answers("b")(request, context);
  });
  const session = new Session(llm, { store: new TellingStore(events) });
  const turn = await session.begin("a");
  assert.deepEqual(events, ["turn committed"]);
  assert.equal(turn.assistant.status, "streaming");
  for await (const batch of turn.events()) if (batch.some(({ type }) => type === "end")) events.push("end told");
  assert.deepEqual(events, ["turn committed", "model called", "end committed", "end told"]);
});

test("an answer that could not be committed is still delivered, with a warning before its end", async () => {
  const { provider, llm } = scriptedLlm();
  provider.enqueue(answers("b"));
  const store = new TellingStore([]);
  store.full = true;
  const session = new Session(llm, { store });
  const turn = await session.begin("a");
  const events = await eventsOf(turn);
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
  );
  const [warning, end] = events.slice(-2);
  assert.ok(warning?.type === "warning" && warning.code === "not-kept" && warning.message === "The disk is full.");
  assert.ok(end?.type === "end" && end.status === "complete");
});
