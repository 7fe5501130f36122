// Writes the partial answers of all that run into the store, twice a second in one transaction, so that a process that is
// killed loses less than a second of text. One for each store and process.

import type { ErrorInfo, Message } from "../types.ts";
import { Failure } from "../failure.ts";
import { type FinishedAnswer, signOfLifeMs, type SessionStore } from "./store.ts";

/** Milliseconds. Half of the second that is promised: the other half is for the writing itself. */
const progressMs = 500;
/** Ended answers that wait for a store that refuses them; the oldest are given up. */
const mostLate = 256;

interface RunningAnswer {
  /** What has come so far. */
  readonly message: () => Message;
  changed: boolean;
}

export class AnswerWriter {
  readonly #store: SessionStore;
  readonly #onError: (error: unknown) => void;
  readonly #running = new Map<string, RunningAnswer>();
  /** Ended, and refused by the store: tried again until it takes them. */
  #late: FinishedAnswer[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing = false;
  #writtenAt = 0;
  /** Set while the store fails, so that it is told once and not twice a second. */
  #failing = false;

  /** `onError` hears of the first of several failures in a row to write; what could not be written is tried again. */
  constructor(store: SessionStore, onError: (error: unknown) => void = () => {}) {
    this.#store = store;
    this.#onError = onError;
  }

  /** Begins to write an answer that was committed as `streaming` just now. */
  follow(id: string, message: () => Message): void {
    this.#running.set(id, { message, changed: false });
    if (this.#timer !== undefined) return;
    this.#writtenAt = Date.now();
    this.#timer = setInterval(() => void this.#write(), progressMs).unref();
  }

  /** More of it has come. */
  changed(id: string): void {
    const running = this.#running.get(id);
    if (running !== undefined) running.changed = true;
  }

  /**
   * Commits how an answer ended. Does nothing for one that was interrupted before. Rejects with a `Failure`; the answer is
   * then committed as soon as the store takes it, unless its conversation is gone. One that no store can keep as it is
   * is committed as incomplete, with its words alone.
   */
  async finish(answer: FinishedAnswer): Promise<void> {
    if (!this.#running.delete(answer.id)) return;
    try {
      await this.#commit(answer);
    } catch (error) {
      // The answer must not stay one that is being written. That it is not kept as it is is told all the same.
      if (isNoData(error)) await this.#commit(wordsOf(answer, error)).catch(() => {});
      throw error;
    } finally {
      this.#rest();
    }
  }

  async #commit(answer: FinishedAnswer): Promise<void> {
    try {
      await this.#store.finishAnswers([answer]);
    } catch (error) {
      if (!isGone(error) && !isNoData(error)) this.#late = [...this.#late, answer].slice(-mostLate);
      throw error;
    }
  }

  /** Commits what has come of every running answer, as incomplete for the reason given. Rejects with a `Failure`. */
  async interrupt(error: ErrorInfo): Promise<void> {
    const answers = Array.from(this.#running, ([id, running]): FinishedAnswer => {
      return { id, message: running.message(), status: "incomplete", finishReason: null, error };
    });
    const all = [...this.#late, ...answers];
    this.#running.clear();
    this.#late = [];
    this.#rest();
    if (all.length > 0) await this.#finishAll(all);
  }

  #rest(): void {
    if (this.#running.size > 0 || this.#late.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    try {
      await this.#writeLate();
      await this.#writeProgress();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#onError(error);
      this.#failing = true;
    } finally {
      this.#writing = false;
      this.#rest();
    }
  }

  async #writeLate(): Promise<void> {
    const late = this.#late;
    if (late.length === 0) return;
    await this.#finishAll(late);
    this.#late = this.#late.filter((answer) => !late.includes(answer));
  }

  /** Nobody reads these any more, so that nobody is to be told of a conversation that is gone. */
  async #finishAll(answers: readonly FinishedAnswer[]): Promise<void> {
    try {
      await this.#store.finishAnswers(answers);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** What is to be written is chosen and handed over in one go: an answer that ends later is then also written later. */
  async #writeProgress(): Promise<void> {
    const changed = Array.from(this.#running).filter(([, running]) => running.changed);
    const isDue = changed.length > 0 || Date.now() - this.#writtenAt >= signOfLifeMs - progressMs;
    if (this.#running.size === 0 || !isDue) return;
    for (const [, running] of changed) running.changed = false;
    try {
      await this.#store.saveProgress(changed.map(([id, { message }]) => ({ id, message: message() })));
      this.#writtenAt = Date.now();
    } catch (error) {
      for (const [, running] of changed) running.changed = true;
      throw error;
    }
  }
}

/** What is left of an answer that cannot be kept as it is. */
function wordsOf({ id, message }: FinishedAnswer, { message: why }: Failure): FinishedAnswer {
  const content = message.role === "assistant" ? message.content.filter(({ type }) => type === "text" || type === "reasoning") : [];
  const error: ErrorInfo = { kind: "protocol", providerCode: "not-kept", message: why, phase: "mid-stream", retryable: false };
  return { id, message: { role: "assistant", content }, status: "incomplete", finishReason: null, error };
}

/** No store takes it, however often it is tried. */
function isNoData(error: unknown): error is Failure {
  return error instanceof Failure && error.code === "invalid-params";
}

/** The store has kept the others. */
function isGone(error: unknown): boolean {
  return error instanceof Failure && error.code === "session-not-found";
}
