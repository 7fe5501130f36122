// Turns that wait, branch off, are asked in other words, and go on where an answer was cut.

import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerError } from "../../../sidecar/answers/answer-error.ts";
import { Failure } from "../../../sidecar/failure.ts";
import { MemoryStore } from "../../../sidecar/sessions/memory-store.ts";
import { Session } from "../../../sidecar/sessions/session.ts";
import { answers, fails, Gate, inTurn, scriptedLlm, text, waitsAt, yields } from "../scripted-provider.ts";
import { asked, asText, eventsOf, said, shown } from "./told-session.ts";

test("fault 27: while an answer runs, a question that will not wait is refused, and nothing of it is kept", async () => {
  const { provider, llm } = scriptedLlm();
  const gate = new Gate();
  provider.enqueue(inTurn(waitsAt(gate), answers("first")));
  const session = new Session(llm);
  const first = session.generate("1");
  await gate.reached;
  await assert.rejects(session.generate("2", { whenBusy: "refuse" }), (error) => error instanceof Failure && error.code === "busy");
  gate.open();
  await first;
  assert.deepEqual(await shown(session), ["user: 1", "assistant (complete): first"]);
  assert.equal((await session.generate("2", { whenBusy: "refuse" })).content, "ok");
});

test("fault 27: a question that branches off is answered beside the one that runs, from where that one's question follows", async () => {
  const { provider, llm } = scriptedLlm();
  const gate = new Gate();
  provider.enqueue(answers("zero"), inTurn(yields([text("fir")]), waitsAt(gate), answers("st")), answers("second"), answers("third"));
  const store = new MemoryStore();
  const session = new Session(llm, { store });
  await session.generate("0");
  const first = session.generate("1");
  await gate.reached;
  const second = await session.generate("2", { whenBusy: "branch" });
  assert.equal(second.content, "second");
  assert.equal(provider.mostOpen, 2);
  assert.deepEqual(provider.requests[2]?.messages, [asked("0"), said("zero"), asked("2")]);
  const waiting = session.generate("3", { parent: null });
  gate.open();
  assert.equal((await first).content, "first");
  await waiting;
  assert.deepEqual(await shown(session), ["user: 3", "assistant (complete): third"]);
  const all = await store.listMessages(session.id, { limit: 100 });
  assert.deepEqual(
    all.map(({ message }) => asText([message])),
    ["user 0", "assistant zero", "user 1", "assistant first", "user 2", "assistant second", "user 3", "assistant third"],
  );
  assert.equal(all[2]?.parent, all[4]?.parent);
});

test("a question in other words stands beside the old one, with what was attached to it", async () => {
  const { provider, llm } = scriptedLlm();
  provider.enqueue(answers("one"), answers("two"));
  const store = new MemoryStore();
  const session = new Session(llm, { store });
  const file = { type: "file", uri: "file:///a.ts", name: "a.ts", text: "x" } as const;
  await session.generate([{ type: "text", text: "What is it?" }, file, { type: "text", text: "Say it briefly." }]);
  const [question] = await session.messages();
  await eventsOf(await session.beginEdited(question?.id ?? "", "What is this?"));
  const path = await session.messages();
  assert.deepEqual(path[0]?.message.content, [{ type: "text", text: "What is this?" }, file]);
  assert.equal(path[0]?.parent, question?.parent);
  const all = await store.listMessages(session.id, { limit: 100 });
  assert.deepEqual(all[0], question, "the old one is as it was");
  assert.equal(all.length, 4);
  await assert.rejects(
    session.beginEdited(path[1]?.id ?? "", "x"),
    (error) => error instanceof Failure && error.code === "message-not-found",
  );
});

test("a cut answer is gone on with in a message of its own, which the next request holds as one turn with it", async () => {
  const { provider, llm } = scriptedLlm();
  provider.enqueue(yields([text("One, tw")]), answers("o, three."), answers("four"));
  const session = new Session(llm);
  await assert.rejects(session.generate("Count."), AnswerError);
  const [question, cut] = await session.messages();
  const turn = await session.beginContinuation(cut?.id ?? "");
  await eventsOf(turn);
  assert.equal(turn.user.id, question?.id);
  assert.deepEqual(await shown(session), ["user: Count.", "assistant (incomplete): One, tw", "assistant (complete): o, three."]);
  assert.match(
    asText(provider.requests[1]?.messages ?? []),
    /^user Count\.\nassistant One, tw\nuser .*Continue it from exactly where it ends/u,
  );
  await session.generate("And?");
  assert.deepEqual(provider.requests[2]?.messages, [asked("Count."), said("One, two, three."), asked("And?")]);
});

test("a continuation that is asked for again stands beside the other one, and goes on from the same place", async () => {
  const { provider, llm } = scriptedLlm();
  provider.enqueue(yields([text("One, ")]), answers("two."), answers("zwei."));
  const session = new Session(llm);
  await assert.rejects(session.generate("Count."), AnswerError);
  const [, cut] = await session.messages();
  await eventsOf(await session.beginContinuation(cut?.id ?? ""));
  const [, , first] = await session.messages();
  await eventsOf(await session.beginAgain(first?.id ?? ""));
  const [, , second] = await session.messages();
  assert.deepEqual([second?.parent, second?.id === first?.id], [cut?.id, false]);
  assert.deepEqual(provider.requests[2]?.messages, provider.requests[1]?.messages);
});

test("only an answer that was cut and says something is gone on with: one cut by length, too", async () => {
  const { provider, llm } = scriptedLlm();
  const cutByLength = yields([text("One"), { type: "finish", finishReason: "length", rawFinishReason: "length" }]);
  provider.enqueue(answers("whole"), cutByLength, answers("rest"), fails({ kind: "auth" }));
  const session = new Session(llm);
  for (const question of ["a", "b"]) await session.generate(question);
  const [question, whole, , cut] = await session.messages();
  const refused = (error: unknown): boolean => error instanceof Failure && error.code === "invalid-params";
  await assert.rejects(session.beginContinuation(whole?.id ?? ""), refused);
  await assert.rejects(session.beginContinuation(question?.id ?? ""), refused);
  await assert.rejects(session.beginContinuation("another"), (error) => error instanceof Failure && error.code === "message-not-found");
  await eventsOf(await session.beginContinuation(cut?.id ?? ""));
  await assert.rejects(session.generate("c"), AnswerError);
  const failed = (await session.messages()).at(-1);
  await assert.rejects(session.beginContinuation(failed?.id ?? ""), refused);
});
