// One question and its answer, from the moment both are committed to the end of the answer.

import { AnswerFold } from "../answers/fold.ts";
import type { GenerateOptions, Llm } from "../api.ts";
import { Failure } from "../failure.ts";
import type { SessionInfo, StoredMessage, StreamEvent } from "../types.ts";
import type { AnswerWriter } from "./answer-writer.ts";
import { modelContext } from "./model-context.ts";
import type { FinishedAnswer, SessionStore } from "./store.ts";

export interface TurnParts {
  /** The question, as kept. */
  readonly user: StoredMessage;
  /** The empty answer, as kept: its status is `streaming`. */
  readonly assistant: StoredMessage;
  /** The session, as the turn has left it. */
  readonly session: SessionInfo;
  readonly llm: Llm;
  readonly options: GenerateOptions;
  readonly store: SessionStore;
  readonly writer: AnswerWriter;
  /** Called when the next turn may begin. */
  readonly release: () => void;
}

export class Turn {
  readonly user: StoredMessage;
  readonly assistant: StoredMessage;
  readonly session: SessionInfo;
  readonly #parts: TurnParts;
  readonly #fold: AnswerFold;

  constructor(parts: TurnParts) {
    this.user = parts.user;
    this.assistant = parts.assistant;
    this.session = parts.session;
    this.#parts = parts;
    this.#fold = new AnswerFold(parts.llm.ref);
    parts.writer.follow(this.assistant.id, () => this.#fold.result().message);
  }

  /**
   * Calls the model. To be called once, always: the next turn of the session waits for its end. The batch that holds `end`
   * comes after the whole answer was committed, or, where that failed, with a warning `not-kept` before it. Leaving early
   * closes the provider's socket and keeps what had come, as cancelled.
   */
  async *events(): AsyncGenerator<readonly StreamEvent[], void, undefined> {
    const { llm, options, store, writer } = this.#parts;
    try {
      const prompt = async () => modelContext(await store.getPath(this.user.id));
      for await (const batch of llm.streamBatches(prompt, options)) {
        this.#fold.add(batch);
        if (this.#fold.end === null) {
          writer.changed(this.assistant.id);
          yield batch;
        } else yield await this.#finish(batch);
      }
    } finally {
      try {
        // Already done, and passed over, unless the reader has left.
        await writer.finish(this.#finished());
      } finally {
        this.#parts.release();
      }
    }
  }

  async #finish(batch: readonly StreamEvent[]): Promise<readonly StreamEvent[]> {
    try {
      await this.#parts.writer.finish(this.#finished());
      return batch;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const first = batch[0]?.seq ?? 1;
      const warning: StreamEvent = { type: "warning", code: "not-kept", message: error.message, seq: first };
      return [warning, ...batch.map((event, index) => ({ ...event, seq: first + 1 + index }))];
    }
  }

  #finished(): FinishedAnswer {
    const { end } = this.#fold;
    const { message } = this.#fold.result();
    const { id } = this.assistant;
    if (end === null) return { id, message, status: "cancelled", finishReason: null };
    return {
      id,
      message,
      status: end.status,
      finishReason: end.finishReason,
      timings: end.timings,
      ...(end.usage === null ? {} : { usage: end.usage }),
      ...(end.cost === undefined ? {} : { cost: end.cost }),
      ...(end.error === undefined ? {} : { error: end.error }),
    };
  }
}
