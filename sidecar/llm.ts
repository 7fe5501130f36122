// The one path of every answer: `generate`, `stream`, sessions and `gather` all run `AnswerRun`. It waits for a place at the
// endpoint, calls the provider, asks again where nothing had come yet, numbers the events, and ends with exactly one `end`
// whatever happens: an error, a cut stream and a cancellation are results.

import { setTimeout as wait } from "node:timers/promises";
import { AnswerReading } from "./answers/answer-reading.ts";
import { AnswerError, errorInfo, invalidRequest } from "./answers/answer-error.ts";
import { ChunkStream } from "./answers/chunk-stream.ts";
import { AnswerFold } from "./answers/fold.ts";
import { AnswerNumbering, type Outcome } from "./answers/numbering.ts";
import { checkedOptions, checkProviderOptions, isAbortSignal } from "./answers/parameters.ts";
import { buildModelRequest } from "./answers/request.ts";
import { countTokens } from "./answers/token-count.ts";
import { defaultRetryPolicy, isRefusal, Retries, type Retry, type RetryPolicy } from "./answers/retry.ts";
import type { Chunk, GenerateOptions, GenerateResult, Llm, Prompt, PromptSource } from "./api.ts";
import { currentScope, type CallScope, type WorkClass } from "./call-scope.ts";
import { admit, type Admitted } from "./limits/admission.ts";
import type { Limiter, Place, WaitEnd } from "./limits/limiter.ts";
import { Spending } from "./limits/spending.ts";
import type { PriceQuote } from "./prices/price-quote.ts";
import { SchemaRounds } from "./structured/schema-rounds.ts";
import { ProviderError, type ModelRequest, type Provider, type RequestContext } from "./providers/provider.ts";
import type { ErrorInfo, ModelRef, StreamEvent, TimeLimits } from "./types.ts";

/** Where a request goes, as the settings say at the moment it is made. */
export interface Endpoint {
  readonly provider: Provider;
  readonly limiter: Limiter;
  readonly timeLimits: TimeLimits;
  readonly retry?: RetryPolicy;
}

export interface LlmTarget {
  readonly ref: ModelRef;
  readonly provider: string;
  readonly model: string;
  /** Asked anew for each request, so that changed settings and keys count at once. Throws `ProviderError`. */
  endpoint(): Endpoint;
  /**
   * What the model costs; undefined: unknown. With a signal the provider may be asked, where it has a list of prices; without,
   * nobody is. Rejects with the signal's reason.
   */
  price?(asking?: AbortSignal): Promise<PriceQuote | undefined>;
  /** The ids of all providers, for which a request may have extras; undefined: any. */
  providers?(): readonly string[];
  /** See `Llm`. */
  contextWindow?(signal: AbortSignal): Promise<number | undefined>;
}

type Batches = AsyncGenerator<readonly StreamEvent[], void, undefined>;
type Steps<T = Outcome> = AsyncGenerator<readonly StreamEvent[] | Passage, T, undefined>;

/**
 * A provider's stream on its way to the reader, past the generators between the two: through each of them every batch would
 * cost some promises more.
 */
class Passage {
  readonly batches: Batches;
  /** What the stream broke off with, once it was read. */
  failure: { readonly thrown: unknown } | null = null;

  constructor(read: (passage: Passage) => Batches) {
    this.batches = read(this);
  }
}

/** Costs nothing: no request, no connection, nothing loaded until the first answer is asked for. */
export function createLlmAt(target: LlmTarget, defaults: GenerateOptions = {}): Llm {
  const { ref } = target;
  const run = (prompt: PromptSource, options: GenerateOptions = {}): AnswerRun => {
    // The scope is that of the caller: a stream made inside `gather` belongs to it wherever it is read.
    const scope = currentScope();
    const signals = [defaults.signal, options.signal, scope.signal].filter(isAbortSignal);
    return new AnswerRun(target, prompt, { ...defaults, ...options }, scope, signals);
  };
  return {
    ref,
    streamBatches: (prompt, options): Batches => run(prompt, options).events(),
    stream: (prompt, options): AsyncGenerator<Chunk, void, undefined> => {
      const answer = run(prompt, options);
      return new ChunkStream(answer.events(), () => answer.leave());
    },
    generate: async (prompt, options): Promise<GenerateResult> => {
      const fold = new AnswerFold(ref);
      for await (const batch of run(prompt, options).events()) fold.add(batch);
      const result = fold.result();
      if (fold.error !== undefined) throw new AnswerError(fold.error, result);
      return result;
    },
    contextWindow: async (signal) => target.contextWindow?.(signal),
    countTokens: async (prompt, options, signal) => {
      checkForTarget(target, options);
      return countTokens(target, prompt, { ...defaults, ...options }, signal);
    },
  };
}

/** Throws a `ProviderError` for options that no request can be made of. */
function checkForTarget(target: LlmTarget, options: GenerateOptions): void {
  checkedOptions(options);
  const ids = target.providers?.();
  if (ids !== undefined) checkProviderOptions(options.providerOptions, ids);
}

/** One for all: an abort without a reason makes an error with a stack of its own, at the end of every answer. */
const left = new DOMException("Nobody reads this answer any more.", "AbortError");

class AnswerRun {
  readonly #target: LlmTarget;
  readonly #prompt: PromptSource;
  readonly #options: GenerateOptions;
  readonly #workClass: WorkClass;
  readonly #signals: readonly AbortSignal[];
  /** Aborted by any of the caller's signals, and when the reader leaves. */
  readonly #abort = new AbortController();
  readonly #numbering: AnswerNumbering;
  readonly #spending: Spending;
  /** Where the answer must satisfy a schema. */
  #rounds: SchemaRounds | undefined;
  #quote: Promise<PriceQuote | undefined> | undefined;

  constructor(target: LlmTarget, prompt: PromptSource, options: GenerateOptions, scope: CallScope, signals: readonly AbortSignal[]) {
    this.#target = target;
    this.#prompt = prompt;
    this.#options = options;
    this.#workClass = scope.workClass;
    this.#signals = signals;
    this.#spending = new Spending(scope.budgets, target.ref, () => this.#price(this.#signal));
    this.#numbering = new AnswerNumbering(target.provider, target.model);
  }

  /** To be called once. */
  async *events(): Batches {
    const links = this.#signals.map((signal) => this.#follow(signal));
    const steps = this.#roundsOf();
    try {
      yield [this.#numbering.start()];
      let step = await steps.next();
      for (; step.done !== true; step = await steps.next()) {
        if (step.value instanceof Passage) yield* step.value.batches;
        else yield step.value;
      }
      yield [this.#numbering.end(step.value, await this.#quote)];
    } finally {
      await steps.return({ type: "cancelled" });
      for (const unlink of links) unlink();
      this.leave();
    }
  }

  /** The reader wants no more: whatever is under way for this answer stops. */
  leave(): void {
    this.#abort.abort(left);
  }

  /** An answer that does not satisfy the schema it was given is asked for again. */
  async *#roundsOf(): Steps {
    const { responseSchema } = this.#options;
    if (responseSchema === undefined) return yield* this.#attempts();
    try {
      this.#rounds = await SchemaRounds.of(responseSchema);
    } catch (thrown) {
      return { type: "failed", error: errorInfo(thrown) };
    }
    for (;;) {
      yield [this.#numbering.attempt(this.#rounds.attempt)];
      const outcome = yield* this.#attempts();
      if (outcome.type !== "returned") return outcome;
      const verdict = this.#rounds.judge(this.#numbering.finishReason);
      if (verdict.type === "rejected") {
        yield [this.#numbering.withdrawn()];
        return verdict;
      }
      if (verdict.type === "again") continue;
      const events = this.#numbering.events(verdict.events);
      if (events.length > 0) yield events;
      return outcome;
    }
  }

  /** Asked for until one is taken on. What it took is counted when it is over, also when its reader has left. */
  async *#attempts(): Steps {
    let outcome: Outcome = { type: "cancelled" };
    try {
      outcome = yield* this.#retried();
      return outcome;
    } finally {
      const { usage, cost } = this.#numbering.spent(outcome);
      this.#spending.settle(usage, cost);
    }
  }

  /** A stream that ended without a word is asked again like one that failed: to whoever waits it is the same. */
  async *#retried(): Steps {
    const retries = new Retries(this.#workClass);
    for (;;) {
      let policy = defaultRetryPolicy;
      let outcome: Outcome = { type: "returned" };
      let error: ErrorInfo | undefined;
      let givenUp: ProviderError | undefined;
      let limiter: Limiter | undefined;
      try {
        const endpoint = this.#target.endpoint();
        policy = endpoint.retry ?? policy;
        limiter = endpoint.limiter;
        yield* this.#attempt(endpoint, policy);
        error = this.#numbering.shortfall;
      } catch (thrown) {
        const told = errorInfo(thrown);
        givenUp = isRefusal(told) ? limiter?.givenUp(this.#workClass) : undefined;
        error = givenUp?.info ?? told;
        outcome = { type: "failed", error };
      }
      if (this.#signal.aborted) return { type: "cancelled" };
      if (error === undefined || givenUp !== undefined) return outcome;
      const next = this.#numbering.beforeFirstToken ? retries.after(error, policy) : null;
      if (next === null) return outcome;
      this.#settleBefore(next, outcome);
      yield [this.#numbering.waiting(next.phase, Math.round(Date.now() + next.delayMs))];
      if (!(await this.#sleep(next.delayMs))) return { type: "cancelled" };
    }
  }

  /** The request that is asked again was refused, and took nothing; or it was not, and took what the provider told. */
  #settleBefore(next: Retry, outcome: Outcome): void {
    if (next.phase === "loading-model") return this.#spending.cancel();
    if (outcome.type !== "returned") return this.#spending.settle(null);
    const { usage, cost } = this.#numbering.keepTold();
    this.#spending.settle(usage, cost);
  }

  /** One request. The place at the endpoint is held from before the prompt is built until the provider's stream is closed. */
  async *#attempt({ provider, limiter, timeLimits }: Endpoint, policy: RetryPolicy): Steps<void> {
    this.#signal.throwIfAborted();
    const { place, request } = yield* this.#admitted(limiter);
    try {
      yield [this.#numbering.sending(request)];
      // Looked up while the provider works.
      void this.#price();
      const context: RequestContext = {
        signal: this.#signal,
        timeLimits: { ...timeLimits, ...this.#options.timeLimits },
        // A limit that is used up for longer than anybody waits is better told by the refusal of a request.
        onAccepted: (forMs = 0) => place.accepted(forMs > 0 && forMs <= policy.capMs ? forMs : undefined),
        onUsage: (usage) => this.#numbering.told(usage),
      };
      const reading = new AnswerReading(provider, request, this.#numbering);
      const passage = new Passage((passage) => this.#read(provider.stream(request, context), reading, place, passage));
      yield passage;
      if (passage.failure !== null) throw passage.failure.thrown;
      if (this.#numbering.finishReason !== null) place.answered();
    } catch (thrown) {
      const error = errorInfo(thrown);
      if (isRefusal(error)) place.refused(error, policy);
      throw thrown;
    } finally {
      place.release();
    }
  }

  #admitted(limiter: Limiter): AsyncGenerator<readonly StreamEvent[], Admitted, undefined> {
    return admit({
      limiter,
      workClass: this.#workClass,
      spending: this.#spending,
      build: () => this.#buildRequest(),
      signal: this.#signal,
      show: (end: WaitEnd) => [this.#numbering.status("waiting-for-limit", end === null ? undefined : Math.round(Date.now() + end))],
    });
  }

  async *#read(stream: ReturnType<Provider["stream"]>, reading: AnswerReading, place: Place, passage: Passage): Batches {
    try {
      for await (const batch of stream) {
        if (this.#signal.aborted) break;
        const events = reading.read(batch);
        if (!this.#numbering.beforeFirstToken) place.accepted();
        this.#rounds?.read(events);
        if (events.length > 0) yield events;
      }
    } catch (thrown) {
      passage.failure = { thrown };
    }
    // Also where it broke off: what was held back had come, and stays.
    const rest = reading.end();
    if (passage.failure === null) this.#rounds?.read(rest);
    if (rest.length > 0) yield rest;
  }

  async #buildRequest(): Promise<ModelRequest> {
    checkForTarget(this.#target, this.#options);
    const built = buildModelRequest(this.#target.model, await this.#readPrompt(), this.#options);
    // One of many questions that nobody will go on from.
    const request = this.#workClass === "batch" && built.messages.length === 1 ? { ...built, oneOff: true } : built;
    return this.#rounds?.request(request) ?? request;
  }

  async #readPrompt(): Promise<Prompt> {
    if (typeof this.#prompt !== "function") return this.#prompt;
    try {
      return await this.#prompt(this.#signal);
    } catch (error) {
      if (error instanceof ProviderError) throw error;
      throw invalidRequest("prompt-unreadable", `The prompt could not be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** An answer is none the worse for a price that cannot be had. */
  async #price(asking?: AbortSignal): Promise<PriceQuote | undefined> {
    this.#quote ??= this.#target.price?.(asking).catch(() => undefined);
    return this.#quote;
  }

  /** False when the answer was cancelled meanwhile. */
  async #sleep(ms: number): Promise<boolean> {
    try {
      await wait(ms, undefined, { signal: this.#signal });
      return true;
    } catch {
      return false;
    }
  }

  /** By hand instead of `AbortSignal.any`: one signal may be shared by thousands of answers, and each lets go of it at its end. */
  #follow(signal: AbortSignal): () => void {
    const abort = (): void => this.#abort.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    return () => signal.removeEventListener("abort", abort);
  }

  get #signal(): AbortSignal {
    return this.#abort.signal;
  }
}
