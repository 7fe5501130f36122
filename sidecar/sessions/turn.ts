// One question and its answer, from the moment both are committed to the end of the answer.

import { AnswerFold } from "../answers/fold.ts";
import type { GenerateOptions, Llm, PromptSource } from "../api.ts";
import { currentScope, runInScope } from "../call-scope.ts";
import { Failure } from "../failure.ts";
import { ProviderError } from "../providers/provider.ts";
import type { ErrorInfo, SessionInfo, StoredMessage, StreamEvent } from "../types.ts";
import type { AnswerWriter } from "./answer-writer.ts";
import { fittingContext, type WhenContextIsFull } from "./compaction/fit-context.ts";
import type { FinishedAnswer, SessionStore } from "./store.ts";

export interface TurnParts {
  /** The question, as kept. */
  readonly user: StoredMessage;
  /** The empty answer, as kept: its status is `streaming`. It follows the question, or the answer that it goes on with. */
  readonly assistant: StoredMessage;
  /** The session, as the turn has left it. */
  readonly session: SessionInfo;
  readonly llm: Llm;
  readonly options: GenerateOptions;
  readonly store: SessionStore;
  readonly writer: AnswerWriter;
  readonly whenContextIsFull: WhenContextIsFull;
  /** Told of a summary of older messages after it was committed. */
  readonly summarized: (summary: StoredMessage) => void;
  /** Called when the next turn may begin. */
  readonly release: () => void;
}

type Batches = AsyncGenerator<readonly StreamEvent[], void, undefined>;

export class Turn {
  readonly user: StoredMessage;
  readonly assistant: StoredMessage;
  readonly session: SessionInfo;
  readonly #parts: TurnParts;
  readonly #fold: AnswerFold;
  /** Aborted when the reader leaves. */
  readonly #left = new AbortController();
  readonly #signal: AbortSignal;
  /** Of the last event told. */
  #seq = 0;

  constructor(parts: TurnParts) {
    this.user = parts.user;
    this.assistant = parts.assistant;
    this.session = parts.session;
    this.#parts = parts;
    this.#fold = new AnswerFold(parts.llm.ref);
    const { signal } = parts.options;
    this.#signal = signal === undefined ? this.#left.signal : AbortSignal.any([signal, this.#left.signal]);
    parts.writer.follow(this.assistant.id, () => this.#fold.result().message);
  }

  /**
   * Calls the model. To be called once, always: the next turn of the session waits for its end. The batch that holds `end`
   * comes after the whole answer was committed, or, where that failed, with a warning `not-kept` before it. Leaving early
   * closes the provider's socket and keeps what had come, as cancelled.
   */
  async *events(): Batches {
    const { writer } = this.#parts;
    try {
      for await (const batch of this.#answer()) {
        this.#fold.add(batch);
        if (this.#fold.end === null) {
          writer.changed(this.assistant.id);
          yield batch;
        } else yield await this.#finish(batch);
      }
    } finally {
      this.#left.abort();
      try {
        // Already done, and passed over, unless the reader has left.
        await writer.finish(this.#finished());
      } finally {
        this.#parts.release();
      }
    }
  }

  /**
   * What does not fit into the model's window is made to fit before it is asked. Where nobody knows the window, or knows it
   * wrongly, the model itself refuses: then once more, with less.
   */
  async *#answer(): Batches {
    const { whenContextIsFull } = this.#parts;
    const prompt = yield* this.#prompt();
    let refusal: ErrorInfo | undefined;
    for await (const batch of this.#asked(prompt)) {
      if (whenContextIsFull === "summarize") refusal = this.#refusalAsTooLong(batch);
      if (refusal !== undefined) break;
      yield this.#numberedOn(batch);
    }
    if (refusal === undefined) return;
    const shorter = yield* this.#prompt(refusal);
    for await (const batch of this.#asked(shorter)) yield this.#numberedOn(batch);
  }

  /** As a turn of a conversation, also inside `gather`. */
  #asked(prompt: PromptSource): AsyncIterable<readonly StreamEvent[]> {
    const { llm, options } = this.#parts;
    return runInScope({ ...currentScope(), goesOn: true }, () => llm.streamBatches(prompt, options));
  }

  /** What cannot be read or does not fit fails or cancels the answer on the one path of every answer. */
  async *#prompt(refusal?: ErrorInfo): AsyncGenerator<readonly StreamEvent[], PromptSource, undefined> {
    const { promise: summarizing, resolve } = Promise.withResolvers<void>();
    const reading = this.#context(refusal !== undefined, resolve);
    const read = reading.then(
      () => true,
      () => true,
    );
    if ((await Promise.race([summarizing, read])) !== true) {
      this.#seq += 1;
      let left = true;
      try {
        yield [{ type: "status", phase: "summarizing", seq: this.#seq }];
        left = false;
      } finally {
        // Whoever leaves here leaves the model's summary too, and what that holds is given back before this ends.
        if (left) this.#left.abort();
        if (left) await read;
      }
    }
    try {
      return await reading;
    } catch (error) {
      return () => Promise.reject(refusal === undefined ? error : whatIsTooLong(error, refusal));
    }
  }

  async #context(refused: boolean, summarizing: () => void): ReturnType<typeof fittingContext> {
    const { store, llm, options, whenContextIsFull: whenFull, summarized } = this.#parts;
    const { signal: _signal, timeLimits: _timeLimits, ...parameters } = options;
    const session = this.session.id;
    // An answer follows its question, or the answer that it goes on with.
    const leaf = this.assistant.parent ?? this.user.id;
    const [path, summaries] = await Promise.all([store.getPath(leaf), store.listSummaries(session)]);
    const keep = async (summary: StoredMessage): Promise<void> => {
      await store.addMessages({ session, messages: [summary] });
      summarized(summary);
    };
    return fittingContext({ session, path, summaries, llm, parameters, whenFull, refused, summarizing, keep }, this.#signal);
  }

  /** Refused as longer than the model reads, before anything came, by whoever has counted it. */
  #refusalAsTooLong(batch: readonly StreamEvent[]): ErrorInfo | undefined {
    const end = batch.at(-1);
    if (end?.type !== "end" || end.error?.kind !== "context-length" || end.error.providerCode === "context-full") return undefined;
    return this.#signal.aborted || this.#fold.result().message.content.length > 0 ? undefined : end.error;
  }

  /** From 1 without gaps, however many requests an answer took; nearly always they come so. */
  #numberedOn(batch: readonly StreamEvent[]): readonly StreamEvent[] {
    const before = this.#seq;
    this.#seq += batch.length;
    return batch[0]?.seq === before + 1 ? batch : batch.map((event, index) => ({ ...event, seq: before + 1 + index }));
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

/** A status of 413 is said of bytes, those of a picture for example: where nothing can be summarised its own words are truer than a count of tokens. */
function whatIsTooLong(error: unknown, refusal: ErrorInfo): unknown {
  const isOurs = error instanceof ProviderError && error.providerCode === "context-full";
  return isOurs && refusal.status === 413 ? new ProviderError(refusal.message, refusal) : error;
}
