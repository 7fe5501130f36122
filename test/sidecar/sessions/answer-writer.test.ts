import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Failure } from "../../../sidecar/failure.ts";
import { AnswerWriter } from "../../../sidecar/sessions/answer-writer.ts";
import { deletedMeanwhile, notData } from "../../../sidecar/sessions/failures.ts";
import { sidecarEnded } from "../../../sidecar/sessions/interrupted.ts";
import { MemoryStore } from "../../../sidecar/sessions/memory-store.ts";
import type { AnswerProgress, FinishedAnswer } from "../../../sidecar/sessions/store.ts";
import type { Message } from "../../../sidecar/types.ts";

const message = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });

/** Remembers each transaction; refuses while told to. */
class RecordingStore extends MemoryStore {
  readonly progress: (readonly AnswerProgress[])[] = [];
  readonly finished: (readonly FinishedAnswer[])[] = [];
  full = false;

  override async saveProgress(answers: readonly AnswerProgress[]): Promise<void> {
    if (this.full) throw new Failure("storage", "The disk is full.");
    this.progress.push(answers);
  }

  override async finishAnswers(answers: readonly FinishedAnswer[]): Promise<void> {
    if (this.full) throw new Failure("storage", "The disk is full.");
    this.finished.push(answers);
  }
}

/** Half a second passes, with all that waits for it. */
async function tick(context: TestContext, times = 1): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    context.mock.timers.tick(500);
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  }
}

function withClock(title: string, run: (context: TestContext, store: RecordingStore) => Promise<void>): void {
  test(title, async (context) => {
    context.mock.timers.enable({ apis: ["setInterval", "Date"] });
    await run(context, new RecordingStore());
  });
}

withClock("what has changed of all running answers is written twice a second, in one transaction", async (context, store) => {
  const writer = new AnswerWriter(store);
  const texts = new Map([
    ["a", "a1"],
    ["b", "b1"],
    ["c", "c1"],
  ]);
  for (const id of texts.keys()) writer.follow(id, () => message(texts.get(id) ?? ""));
  writer.changed("a");
  writer.changed("b");
  texts.set("a", "a2");
  assert.deepEqual(store.progress, []);
  await tick(context);
  assert.deepEqual(store.progress, [
    [
      { id: "a", message: message("a2") },
      { id: "b", message: message("b1") },
    ],
  ]);
  await tick(context);
  assert.equal(store.progress.length, 1);
  writer.changed("c");
  await tick(context);
  assert.deepEqual(store.progress[1], [{ id: "c", message: message("c1") }]);
});

withClock("a running answer of which nothing comes still gives a sign of life every five seconds", async (context, store) => {
  const writer = new AnswerWriter(store);
  writer.follow("a", () => message(""));
  await tick(context, 9);
  assert.deepEqual(store.progress, [[]]);
  await tick(context, 9);
  assert.deepEqual(store.progress, [[], []]);
});

withClock("nothing is written any more of an answer that has ended", async (context, store) => {
  const writer = new AnswerWriter(store);
  writer.follow("a", () => message("a"));
  writer.changed("a");
  await writer.finish({ id: "a", message: message("all"), status: "complete" });
  await tick(context, 20);
  assert.deepEqual(store.progress, []);
  assert.deepEqual(store.finished, [[{ id: "a", message: message("all"), status: "complete" }]]);
});

withClock("an end that the store refuses is committed as soon as it takes it, and only then the writing rests", async (context, store) => {
  const errors: unknown[] = [];
  const writer = new AnswerWriter(store, (error) => errors.push(error));
  const end = { id: "a", message: message("all"), status: "complete" } as const;
  writer.follow("a", () => message("a"));
  store.full = true;
  await assert.rejects(writer.finish(end), Failure);
  await tick(context, 3);
  assert.deepEqual(store.finished, []);
  assert.equal(errors.length, 1);
  store.full = false;
  await tick(context, 3);
  assert.deepEqual(store.finished, [[end]]);
  assert.deepEqual(store.progress, []);
});

withClock("an end that the store has refused is tried once more when all is interrupted", async (_, store) => {
  const writer = new AnswerWriter(store);
  const end = { id: "a", message: message("all"), status: "complete" } as const;
  writer.follow("a", () => message("a"));
  store.full = true;
  await assert.rejects(writer.finish(end), Failure);
  store.full = false;
  await writer.interrupt(sidecarEnded);
  assert.deepEqual(store.finished, [[end]]);
});

withClock("interrupting commits all that runs in one transaction, and the answers' own ends change nothing then", async (_, store) => {
  const writer = new AnswerWriter(store);
  writer.follow("a", () => message("a"));
  writer.follow("b", () => message("b"));
  await writer.interrupt(sidecarEnded);
  const outcome = { status: "incomplete", finishReason: null, error: sidecarEnded } as const;
  assert.deepEqual(store.finished, [
    [
      { id: "a", message: message("a"), ...outcome },
      { id: "b", message: message("b"), ...outcome },
    ],
  ]);
  await writer.finish({ id: "a", message: message("a"), status: "cancelled" });
  assert.equal(store.finished.length, 1);
});

withClock("an answer that ends while others are being written is not made to run again", async (context, store) => {
  const writer = new AnswerWriter(store);
  const order: string[] = [];
  const slow = Promise.withResolvers<void>();
  store.finishAnswers = async (answers) => {
    if (store.full) throw new Failure("storage", "The disk is full.");
    order.push(...answers.map(({ id }) => `${id} ends`));
    await slow.promise;
  };
  store.saveProgress = async (answers) => void order.push(...answers.map(({ id }) => `${id} runs`));
  for (const id of ["late", "a"]) writer.follow(id, () => message(id));
  store.full = true;
  await assert.rejects(writer.finish({ id: "late", message: message("late"), status: "complete" }));
  store.full = false;
  writer.changed("a");
  await tick(context);
  const ended = writer.finish({ id: "a", message: message("a"), status: "complete" });
  slow.resolve();
  await ended;
  await tick(context);
  assert.deepEqual(order, ["late ends", "a ends"]);
});

withClock("what could not be written is tried again, and the failure is told once", async (context, store) => {
  const errors: unknown[] = [];
  const writer = new AnswerWriter(store, (error) => errors.push(error));
  writer.follow("a", () => message("a"));
  writer.changed("a");
  store.full = true;
  await tick(context, 3);
  assert.equal(errors.length, 1);
  assert.ok(errors[0] instanceof Failure);
  store.full = false;
  await tick(context);
  assert.deepEqual(store.progress, [[{ id: "a", message: message("a") }]]);
  store.full = true;
  writer.changed("a");
  await tick(context, 2);
  assert.equal(errors.length, 2);
});

withClock("an answer whose conversation was deleted is refused once, and not tried again", async (context, store) => {
  const refusals: unknown[] = [];
  const writer = new AnswerWriter(store, (error) => refusals.push(error));
  let asked = 0;
  store.finishAnswers = async () => {
    asked += 1;
    throw deletedMeanwhile();
  };
  writer.follow("a", () => message("a"));
  const gone = writer.finish({ id: "a", message: message("a"), status: "complete" });
  await assert.rejects(gone, (error) => error instanceof Failure && error.code === "session-not-found");
  await tick(context, 3);
  await writer.interrupt(sidecarEnded);
  assert.deepEqual([asked, refusals], [1, []]);
});

withClock("an end that is no data is refused, and committed as incomplete with its words alone", async (context, store) => {
  const writer = new AnswerWriter(store);
  const kept: FinishedAnswer[] = [];
  store.finishAnswers = async (answers) => {
    if (answers.some(({ message: { content } }) => content.some(({ type }) => type === "opaque"))) throw notData(new Error("a function"));
    kept.push(...answers);
  };
  writer.follow("a", () => message("a"));
  const odd: Message = {
    role: "assistant",
    content: [
      { type: "text", text: "all" },
      { type: "opaque", provider: "odd", data: {} },
    ],
  };
  const refused = writer.finish({ id: "a", message: odd, status: "complete", finishReason: "stop" });
  await assert.rejects(refused, (error) => error instanceof Failure && error.code === "invalid-params");
  await tick(context, 3);
  const [end, ...more] = kept;
  assert.deepEqual(
    [end?.message, end?.status, end?.finishReason, end?.error?.providerCode],
    [message("all"), "incomplete", null, "not-kept"],
  );
  assert.deepEqual(more, []);
});
