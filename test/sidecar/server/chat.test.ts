import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AckStream,
  AttachStream,
  CancelStream,
  CreateSession,
  DeleteSession,
  DetachStream,
  GetSession,
  ListSessions,
  RetryChat,
  SendChat,
  Shutdown,
  UpdateSession,
} from "../../../sidecar/protocol.ts";
import type { Message, SessionDetail, StreamRef } from "../../../sidecar/types.ts";
import { until } from "../../support/until.ts";
import { answers, fails, Gate, inTurn, text, waitsAt, yields } from "../scripted-provider.ts";
import { failure, type Served, startReady } from "./served.ts";

const asked = (value: string): Message => ({ role: "user", content: [{ type: "text", text: value }] });
const said = (value: string): Message => ({ role: "assistant", content: [{ type: "text", text: value }] });

function streamOf(answer: { readonly assistant: { readonly stream?: StreamRef } }): StreamRef {
  assert.ok(answer.assistant.stream !== undefined);
  return answer.assistant.stream;
}

/** An answer that says something, waits to be let on, and says the rest. */
function pausing(served: Served, before: string, after: string): Gate {
  const gate = new Gate();
  served.provider.enqueue(inTurn(yields([text(before)]), waitsAt(gate), answers(after)));
  return gate;
}

const shown = ({ messages }: SessionDetail): string[] =>
  messages.map(({ message, status }) => {
    const words = message.content.map((part) => (part.type === "text" ? part.text : part.type)).join("|");
    return status === undefined ? words : `${words} (${status})`;
  });

test("a question is acknowledged when it is kept, and its answer is read by attaching", async (context) => {
  const served = await startReady(context);
  served.provider.enqueue(answers("Hello ", "there."));
  const session = await served.newSession();
  const answer = await served.ask(session, "Hi?");
  assert.deepEqual(answer.user.message, asked("Hi?"));
  assert.equal(answer.assistant.status, "streaming");
  assert.equal(answer.assistant.parent, answer.user.id);
  await served.attach(streamOf(answer), "r");
  const end = await served.untilEnd("r");
  assert.equal(end.status, "complete");
  assert.equal(served.textOf("r"), "Hello there.");
  assert.deepEqual(
    served.eventsOf("r").map(({ seq }) => seq),
    served.eventsOf("r").map((_, index) => index + 1),
  );
  const read = await served.read(session);
  assert.deepEqual(shown(read), ["Hi?", "Hello there. (complete)"]);
  assert.deepEqual([read.title, read.model, read.leaf], ["Hi?", "scripted/m", answer.assistant.id]);
});

test("the reply to a question is on the pipe before the model is called", async (context) => {
  const served = await startReady(context);
  const session = await served.newSession();
  let heard = "";
  served.pipe.prependListener("data", (bytes: Buffer) => (heard += bytes.toString()));
  let heardBeforeCall = "";
  served.provider.otherwise(async function* (request, signals) {
    heardBeforeCall = heard;
    yield* answers("ok")(request, signals);
  });
  const answer = await served.ask(session, "Hi?");
  await served.attach(streamOf(answer), "r");
  await served.untilEnd("r");
  assert.match(heardBeforeCall, /"result":\{"user":/);
});

test("history and the session's system prompt and parameters go with the next question", async (context) => {
  const served = await startReady(context);
  served.provider.enqueue(answers("Hello Alice."), answers("Alice."));
  const { session } = await served.connection.sendRequest(CreateSession, {
    model: "scripted/m",
    systemPrompt: "Be brief.",
    parameters: { temperature: 0.5 },
  });
  for (const question of ["I am Alice.", "Who am I?"]) {
    const answer = await served.ask(session.id, question);
    await served.attach(streamOf(answer), question);
    await served.untilEnd(question);
  }
  assert.deepEqual(served.provider.requests[1], {
    model: "m",
    messages: [asked("I am Alice."), said("Hello Alice."), asked("Who am I?")],
    parameters: { system: "Be brief.", temperature: 0.5 },
  });
});

test("a reader that attaches again goes on where it was, and one that comes late reads all from the start", async (context) => {
  const served = await startReady(context);
  const gate = pausing(served, "one ", "two");
  const answer = await served.ask(await served.newSession(), "?");
  const ref = streamOf(answer);
  await served.attach(ref, "first");
  await until(() => served.textOf("first") === "one ", "the first words");
  const lastSeq = served.eventsOf("first").at(-1)?.seq ?? 0;
  await served.connection.sendNotification(DetachStream, { reader: "first" });
  // Messages are handled in order: once this is answered, the cursor is closed.
  await served.connection.sendRequest(ListSessions, {});
  gate.open();
  await served.attach(ref, "second", lastSeq);
  await served.untilEnd("second");
  assert.equal(served.eventsOf("second")[0]?.seq, lastSeq + 1);
  assert.equal(served.textOf("first"), "one ");
  assert.equal(served.textOf("second"), "two");
  await served.attach(ref, "third");
  await served.untilEnd("third");
  assert.equal(served.textOf("third"), "one two");
});

test("the reply to attaching comes before the first events, and tells how far the answer is", async (context) => {
  const served = await startReady(context);
  served.provider.enqueue(answers("one"));
  const answer = await served.ask(await served.newSession(), "?");
  const ref = streamOf(answer);
  await served.attach(ref, "first");
  const end = await served.untilEnd("first");
  let eventsBeforeReply: number | undefined;
  const reply = await served.connection.sendRequest(AttachStream, { ...ref, reader: "second", afterSeq: 0 }).then((result) => {
    eventsBeforeReply = served.eventsOf("second").length;
    return result;
  });
  assert.deepEqual(reply, { lastSeq: end.seq, ended: true });
  assert.equal(eventsBeforeReply, 0);
});

test("a reader that acknowledges nothing stalls alone, and goes on when it does", async (context) => {
  const served = await startReady(context);
  served.acknowledges = false;
  const long = "word ".repeat(200);
  served.provider.otherwise(answers(...Array.from({ length: 1000 }, () => long)));
  const [stalled, lively] = [await served.ask(await served.newSession(), "?"), await served.ask(await served.newSession(), "?")];
  await served.attach(streamOf(stalled), "stalled");
  await until(() => served.eventsOf("stalled").length > 100, "the first events");
  await served.attach(streamOf(lively), "lively");
  let acknowledged = 0;
  await until(() => {
    const seq = served.eventsOf("lively").at(-1)?.seq ?? 0;
    if (seq > acknowledged) void served.connection.sendNotification(AckStream, { reader: "lively", seq });
    acknowledged = seq;
    return served.eventsOf("lively").at(-1)?.type === "end";
  }, "the end of the lively answer");
  const received = served.eventsOf("stalled").length;
  assert.ok(received < 400, `${received} events were sent to a reader that acknowledges none`);
  served.acknowledges = true;
  await served.connection.sendNotification(AckStream, { reader: "stalled", seq: received });
  await served.untilEnd("stalled");
  assert.equal(served.textOf("stalled"), long.repeat(1000));
});

test("cancelling ends the provider's stream before it is answered, and keeps what had come", async (context) => {
  const served = await startReady(context);
  const gate = pausing(served, "so far", "never");
  const session = await served.newSession();
  const answer = await served.ask(session, "?");
  await gate.reached;
  assert.deepEqual(await served.connection.sendRequest(CancelStream, streamOf(answer)), { cancelled: true });
  assert.equal(served.provider.open, 0);
  assert.deepEqual(shown(await served.read(session)), ["?", "so far (cancelled)"]);
  assert.deepEqual(await served.connection.sendRequest(CancelStream, streamOf(answer)), { cancelled: false });
});

test("a session takes no second question while it answers, other sessions do, and it does as soon as the end was read", async (context) => {
  const served = await startReady(context);
  const gate = pausing(served, "a", "b");
  const [session, other] = [await served.newSession(), await served.newSession()];
  const answer = await served.ask(session, "one");
  await gate.reached;
  await assert.rejects(served.ask(session, "two"), failure("busy"));
  await assert.rejects(served.connection.sendRequest(RetryChat, { session, message: answer.assistant.id }), failure("busy"));
  await served.attach(streamOf(await served.ask(other, "elsewhere")), "other");
  await served.untilEnd("other");
  await served.attach(streamOf(answer), "r");
  gate.open();
  await served.untilEnd("r");
  await served.ask(session, "two");
});

test("of two questions at once in one session the second is refused, and the first can still be stopped", async (context) => {
  const served = await startReady(context);
  const gate = pausing(served, "so far", "");
  const session = await served.newSession();
  const [first, second] = await Promise.allSettled([served.ask(session, "one"), served.ask(session, "two")]);
  assert.equal(first.status, "fulfilled");
  assert.ok(second.status === "rejected" && failure("busy")(second.reason));
  await gate.reached;
  await served.connection.sendRequest(DeleteSession, { session });
  assert.equal(served.provider.open, 0);
});

test("answering again stands beside the old answer, with another model if asked, and branches keep their own history", async (context) => {
  const served = await startReady(context);
  served.provider.enqueue(answers("one"), answers("another"), answers("three"));
  const session = await served.newSession();
  const first = await served.ask(session, "?");
  await served.attach(streamOf(first), "first");
  await served.untilEnd("first");
  const again = await served.connection.sendRequest(RetryChat, { session, message: first.assistant.id, model: "scripted/other" });
  assert.equal(again.user.id, first.user.id);
  await served.attach(streamOf(again), "again");
  await served.untilEnd("again");
  assert.equal(served.provider.requests[1]?.model, "other");
  assert.deepEqual(shown(await served.read(session)), ["?", "another (complete)"]);
  const content = [{ type: "text", text: "and?" }] as const;
  const branch = await served.connection.sendRequest(SendChat, { session, content, parent: first.assistant.id });
  await served.attach(streamOf(branch), "branch");
  await served.untilEnd("branch");
  assert.deepEqual(served.provider.requests[2]?.messages, [asked("?"), said("one"), asked("and?")]);
  assert.equal((await served.read(session)).model, "scripted/other");
});

test("while an answer runs, reading the session tells where to attach; afterwards it does not", async (context) => {
  const served = await startReady(context);
  const gate = pausing(served, "so far", "");
  const session = await served.newSession();
  const answer = await served.ask(session, "?");
  await gate.reached;
  assert.deepEqual((await served.read(session)).messages[1]?.stream, streamOf(answer));
  await served.attach(streamOf(answer), "r");
  gate.open();
  await served.untilEnd("r");
  const [, kept] = (await served.read(session)).messages;
  assert.equal(kept?.stream, undefined);
  assert.equal(kept?.status, "complete");
});

test("a failed answer ends with its error, which is kept, and can be asked again", async (context) => {
  const served = await startReady(context);
  served.provider.enqueue(fails({ kind: "auth", status: 401, message: "No such key." }));
  const session = await served.newSession();
  const answer = await served.ask(session, "?");
  await served.attach(streamOf(answer), "r");
  const end = await served.untilEnd("r");
  assert.deepEqual([end.status, end.error?.kind, end.error?.status], ["error", "auth", 401]);
  assert.deepEqual((await served.read(session)).messages[1]?.error, end.error);
  const again = await served.connection.sendRequest(RetryChat, { session, message: answer.assistant.id });
  await served.attach(streamOf(again), "again");
  assert.equal((await served.untilEnd("again")).status, "complete");
});

test("deleting a session cancels the answer that runs in it", async (context) => {
  const served = await startReady(context);
  const gate = pausing(served, "so far", "");
  const session = await served.newSession();
  const answer = await served.ask(session, "?");
  await served.attach(streamOf(answer), "r");
  await gate.reached;
  await served.connection.sendRequest(DeleteSession, { session });
  assert.equal(served.provider.open, 0);
  assert.equal((await served.untilEnd("r")).status, "cancelled");
  await assert.rejects(served.connection.sendRequest(GetSession, { session }), failure("session-not-found"));
});

test("sessions are listed, changed and named, and each change is told after its commit", async (context) => {
  const served = await startReady(context);
  const [one, two] = [await served.newSession(), await served.newSession()];
  const { session } = await served.connection.sendRequest(UpdateSession, { session: one, title: "First", systemPrompt: "Be kind." });
  assert.deepEqual([session.title, session.systemPrompt, session.model], ["First", "Be kind.", "scripted/m"]);
  const answer = await served.ask(two, "What is a closure?");
  await served.attach(streamOf(answer), "r");
  await served.untilEnd("r");
  await until(() => served.changed.length === 5, "five changes to be told");
  assert.deepEqual(
    served.changed.map(({ id, title }) => [id, title]),
    [
      [one, ""],
      [two, ""],
      [one, "First"],
      [two, "What is a closure?"],
      [two, "What is a closure?"],
    ],
  );
  const { sessions } = await served.connection.sendRequest(ListSessions, { limit: 1 });
  assert.deepEqual(
    sessions.map(({ id }) => id),
    [two],
  );
});

test("what does not exist is refused by its own code", async (context) => {
  const served = await startReady(context);
  const session = await served.newSession();
  const content = [{ type: "text", text: "?" }] as const;
  await assert.rejects(served.ask("another", "?"), failure("session-not-found"));
  await assert.rejects(served.connection.sendRequest(DeleteSession, { session: "another" }), failure("session-not-found"));
  await assert.rejects(served.connection.sendRequest(UpdateSession, { session: "another", title: "x" }), failure("session-not-found"));
  await assert.rejects(served.connection.sendRequest(RetryChat, { session, message: "another" }), failure("message-not-found"));
  await assert.rejects(served.connection.sendRequest(SendChat, { session, content, parent: "another" }), failure("message-not-found"));
  await assert.rejects(served.attach({ stream: "another", epoch: "another" }, "r"), failure("stream-gone"));
  await assert.rejects(served.connection.sendRequest(CancelStream, { stream: "x", epoch: "y" }), failure("stream-gone"));
  await assert.rejects(served.ask(session, "  "), failure("provider", /question is empty/));
  const { session: bare } = await served.connection.sendRequest(CreateSession, { model: null });
  await assert.rejects(served.ask(bare.id, "?"), failure("invalid-params", /^`model`/));
  // None of these has left the session waiting for an answer.
  await served.ask(session, "?");
});

for (const [title, end] of [
  ["the end of the pipe", (served: Served) => void served.pipe.destroy()],
  ["shutting down", (served: Served) => void served.connection.sendRequest(Shutdown, null).catch(() => {})],
] as const) {
  test(`${title} closes the provider's stream and keeps the answer so far as incomplete, with the reason`, async (context) => {
    const served = await startReady(context);
    const gate = pausing(served, "so far", "never");
    const session = await served.newSession();
    const { assistant } = await served.ask(session, "?");
    await gate.reached;
    end(served);
    await served.server.ended;
    assert.equal(served.provider.open, 0);
    const kept = await served.store.getMessage(assistant.id);
    assert.deepEqual(kept?.message, said("so far"));
    assert.deepEqual([kept?.status, kept?.error?.providerCode], ["incomplete", "sidecar-ended"]);
  });
}
