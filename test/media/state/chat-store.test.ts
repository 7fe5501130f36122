import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FailureWords, FromWebview } from "../../../media/protocol.ts";
import { ChatStore } from "../../../media/state/chat-store.ts";
import type { SavedDraft } from "../../../media/state/chat-store.ts";
import { FrameLoop } from "../../../media/state/frame-loop.ts";
import type { StreamEventBody } from "../../../sidecar/types.ts";
import { answer, demoModel, events, question, realModel, SESSION, show } from "../browser/chat-driver.ts";

const failure: FailureWords = { summary: "No.", advice: "Try again.", actions: [] };
const asked = question("q1", "Why?");
const streaming = answer("a1", "", { status: "streaming" });
const start: StreamEventBody = { type: "start", provider: "openai", model: "m" };
const text = (words: string): StreamEventBody => ({ type: "text-delta", text: words });
const end: StreamEventBody = {
  type: "end",
  status: "complete",
  finishReason: "stop",
  rawFinishReason: null,
  usage: null,
  timings: { firstTokenMs: 1, totalMs: 2 },
};

/** A store whose frames come when the test says so. */
function open(saved: SavedDraft | null = null) {
  const posted: FromWebview[] = [];
  let next: (() => void) | undefined;
  const frames = new FrameLoop({
    now: () => 0,
    nextFrame: (callback) => {
      next = callback;
    },
    report: (error) => assert.fail(String(error)),
  });
  const store = new ChatStore({ post: (message) => void posted.push(message), frames, now: () => 0, saved });
  const frame = (): void => {
    const callback = next;
    next = undefined;
    callback?.();
  };
  return { store, posted, frame };
}

const answerText = (store: ChatStore, id = "a1"): string | undefined => store.turn(id).value.answer?.text;

describe("The state of the page", () => {
  test("is unknown until the host shows it", () => {
    const { store } = open();
    assert.equal(store.shown.value, false);
    store.receive(show([asked, answer("a1", "Because.")], { draft: "And?", model: demoModel }));
    assert.deepEqual(
      [store.shown.value, store.order.value, store.draft.value, store.model.value, store.answering.value],
      [true, ["q1", "a1"], "And?", demoModel, null],
    );
  });

  test("acknowledges events in the frame that applies them, with the last number, once for each batch", () => {
    const { store, posted, frame } = open();
    store.receive(show([asked, streaming]));
    store.receive(events("a1", [start, text("One")]));
    assert.deepEqual([answerText(store), posted], ["", []]);
    frame();
    assert.equal(answerText(store), "One");
    assert.deepEqual(posted, [{ type: "applied", message: "a1", seq: 2 }]);
    store.receive(events("a1", [text(" two")], 3));
    frame();
    assert.deepEqual(posted.at(-1), { type: "applied", message: "a1", seq: 3 });
    assert.equal(store.answering.value, "a1");
  });

  test("acknowledges a batch that it has applied before, and shows nothing twice", () => {
    const { store, posted, frame } = open();
    store.receive(show([asked, streaming]));
    for (let times = 0; times < 2; times += 1) {
      store.receive(events("a1", [start, text("One")]));
      frame();
    }
    assert.equal(answerText(store), "One");
    assert.deepEqual(
      posted,
      Array.from({ length: 2 }, () => ({ type: "applied", message: "a1", seq: 2 })),
    );
  });

  test("asks for everything anew when events are missing, and goes on where they join", () => {
    const { store, posted, frame } = open();
    store.receive(show([asked, streaming]));
    store.receive(events("a1", [start, text("One")]));
    frame();
    store.receive(events("a1", [text("lost")], 5));
    frame();
    assert.deepEqual(posted.at(-1), { type: "ready" });
    // The host shows the conversation as it was kept, and sends the events from the first one on.
    store.receive(show([asked, streaming]));
    assert.equal(answerText(store), "One");
    store.receive(events("a1", [start, text("One"), text(" two"), text(" three")]));
    frame();
    assert.equal(answerText(store), "One two three");
    assert.deepEqual(posted.at(-1), { type: "applied", message: "a1", seq: 4 });
  });

  test("does not ask for ever", () => {
    const { store, posted, frame } = open();
    store.receive(show([asked, streaming]));
    for (let times = 0; times < 10; times += 1) {
      store.receive(events("a1", [text("x")], 9));
      frame();
    }
    assert.equal(posted.filter(({ type }) => type === "ready").length, 3);
  });

  test("applies events before the message that came after them", () => {
    const { store, posted } = open();
    store.receive(show([asked, streaming]));
    store.receive(events("a1", [start, text("One"), end]));
    store.receive({ type: "messages", session: SESSION, messages: [answer("a1", "One", { status: "complete" })], follows: "q1" });
    assert.deepEqual(posted, [{ type: "applied", message: "a1", seq: 3 }]);
    assert.equal(store.turn("a1").value.answer?.status, "complete");
  });

  test("takes the kept answer for its end, with the failure's words, and keeps what only the stream told", () => {
    const { store, frame } = open();
    store.receive(show([asked, streaming]));
    store.receive(events("a1", [start, { type: "warning", code: "w" }, text("Half")]));
    frame();
    const kept = { ...answer("a1", "Half", { status: "error", finishReason: null }), failure };
    store.receive({ type: "messages", session: SESSION, messages: [kept], follows: "q1" });
    const turn = store.turn("a1").value;
    assert.deepEqual([turn.answer?.status, turn.answer?.warnings.length, turn.failure, store.answering.value], ["error", 1, failure, null]);
  });

  test("shows the failure's words that come with the last events", () => {
    const { store, frame } = open();
    store.receive(show([asked, streaming]));
    const last = events("a1", [start, { ...end, status: "error", finishReason: null }]);
    store.receive(last.type === "events" ? { ...last, failure } : last);
    frame();
    assert.equal(store.turn("a1").value.failure, failure);
  });

  test("replaces, adds and drops messages as the host says", () => {
    const { store } = open();
    store.receive(show([asked, answer("a1", "Old")]));
    store.receive({ type: "messages", session: SESSION, messages: [answer("a2", "New")], follows: "q1" });
    assert.deepEqual(store.order.value, ["q1", "a2"]);
    assert.throws(() => store.turn("a1"), /no message a1/);
    store.receive({ type: "messages", session: "another", messages: [question("q9", "?")], follows: null });
    assert.deepEqual(store.order.value, ["q1", "a2"]);
  });

  test("makes a session of the first question, and takes its title later", () => {
    const { store, posted } = open();
    store.receive(show([]));
    store.send("Why?");
    assert.deepEqual([store.sending.value, posted], ["Why?", [{ type: "send", text: "Why?" }]]);
    store.receive({ type: "messages", session: SESSION, messages: [asked, streaming], follows: null });
    store.receive({ type: "title", session: SESSION, title: "Reasons" });
    assert.deepEqual([store.sending.value, store.session.value, store.answering.value], [null, { id: SESSION, title: "Reasons" }, "a1"]);
  });

  test("knows nothing of a model or a sidecar but what the host says", () => {
    const { store } = open();
    store.receive(show([]));
    store.receive({ type: "model", model: null });
    store.receive({ type: "sidecar", state: "failed", failure });
    assert.deepEqual([store.model.value, store.sidecar.value, store.sidecarFailure.value], [null, "failed", failure]);
    store.receive({ type: "sidecar", state: "ready" });
    assert.equal(store.sidecarFailure.value, null);
    store.receive({ type: "model", model: realModel });
    assert.equal(store.model.value, realModel);
  });
});

describe("The draft", () => {
  test("that is typed before the conversation is known stays, whatever was saved or told of it", () => {
    for (const saved of [null, { session: "another", text: "of another page" }]) {
      const { store } = open(saved);
      store.draft.value = "typed at once";
      store.receive(show([asked], { draft: "told" }));
      assert.equal(store.draft.value, "typed at once");
    }
  });

  test("comes back when its question could not be sent, before what was typed since", () => {
    const { store } = open();
    store.receive(show([]));
    store.draft.value = "Why?";
    store.send("Why?");
    assert.equal(store.draft.value, "");
    store.draft.value = "And how?";
    store.receive({ type: "not-sent", draft: "Why?", failure });
    assert.deepEqual([store.draft.value, store.sending.value, store.notSent.value], ["Why?\nAnd how?", null, failure]);
    store.send("Again");
    assert.equal(store.notSent.value, null);
  });

  test("of the page that was taken down wins over the host's, which may lack the last keys", () => {
    const { store } = open({ session: SESSION, text: "typed to the end" });
    store.receive(show([asked], { draft: "typed to the" }));
    assert.equal(store.draft.value, "typed to the end");
  });

  test("of another session is not shown in this one", () => {
    const { store } = open({ session: "another", text: "elsewhere" });
    store.receive(show([asked], { draft: "here" }));
    assert.equal(store.draft.value, "here");
  });

  test("survives that the same session is shown again, and gives way to another session's", () => {
    const { store } = open();
    store.receive(show([asked]));
    store.draft.value = "half a quest";
    store.receive(show([asked], { draft: "old" }));
    assert.equal(store.draft.value, "half a quest");
    store.receive(show([], { draft: "new chat's" }));
    assert.equal(store.draft.value, "new chat's");
  });
});
