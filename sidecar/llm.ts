// The one path of every answer: `generate`, `stream`, sessions and `gather` all run `AnswerRun`. It waits for a place at the
// endpoint, calls the provider, asks again where nothing had come yet, numbers the events, and ends with exactly one `end`
// whatever happens: an error, a cut stream and a cancellation are results.

import { setTimeout as wait } from "node:timers/promises";
import { followSignal } from "./abort.ts";
import { AnswerBatches } from "./answers/answer-batches.ts";
import { AnswerReading } from "./answers/answer-reading.ts";
import { AnswerError, errorInfo } from "./answers/answer-error.ts";
import { ChunkStream } from "./answers/chunk-stream.ts";
import { AnswerFold } from "./answers/fold.ts";
import { AnswerNumbering, type Outcome } from "./answers/numbering.ts";
import { checkedOptions, isAbortSignal } from "./answers/parameters.ts";
import { checkExtras, RequestSource } from "./answers/request-source.ts";
import { countTokens } from "./answers/token-count.ts";
import { defaultRetryPolicy, isRefusal, Retries, type Retry, type RetryPolicy } from "./answers/retry.ts";
import type { Chunk, GenerateOptions, GenerateResult, Llm, PromptSource } from "./api.ts";
import { currentScope, type CallScope, type WorkClass } from "./call-scope.ts";
import { admit, type Admitted } from "./limits/admission.ts";
import type { Limiter } from "./limits/limiter.ts";
import type { Place } from "./limits/place.ts";
import { isBudgetRefusal } from "./limits/budget.ts";
import { hasLoaded, mayAskAgain, toldLoading, type LoadingModel } from "./limits/loading-questions.ts";
import { Spending } from "./limits/spending.ts";
import type { PriceQuote } from "./prices/price-quote.ts";
import { SchemaRounds } from "./structured/schema-rounds.ts";
import type { ModelRequest, Provider, RequestContext } from "./providers/provider.ts";
import type { ErrorInfo, JsonObject, ModelRef, StreamEvent, TimeLimits } from "./types.ts";

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

/** Costs nothing: no request, no connection, nothing loaded until the first answer is asked for. */
export function createLlmAt(target: LlmTarget, defaults: GenerateOptions = {}): Llm {
  const { ref } = target;
  const run = (prompt: PromptSource, options: GenerateOptions = {}): AnswerRun => {
    // The scope is that of the caller: a stream made inside `gather` belongs to it wherever it is read.
    const scope = currentScope();
    const signals = [defaults.signal, options.signal, scope.signal];
    return new AnswerRun(target, prompt, { ...defaults, ...options }, scope, signals);
  };
  return {
    ref,
    streamBatches: (prompt, options): AnswerBatches => run(prompt, options).batches,
    stream: (prompt, options): AsyncGenerator<Chunk, void, undefined> => {
      return new ChunkStream(run(prompt, options).batches);
    },
    generate: async (prompt, options): Promise<GenerateResult> => {
      const fold = new AnswerFold(ref);
      for await (const batch of run(prompt, options).batches) fold.add(batch);
      const result = fold.result();
      if (fold.error !== undefined) throw new AnswerError(fold.error, result);
      return result;
    },
    contextWindow: async (signal) => target.contextWindow?.(signal),
    countTokens: async (prompt, options, signal) => {
      checkedOptions(options);
      checkExtras(target, options);
      return countTokens(target, prompt, { ...defaults, ...options }, signal);
    },
  };
}

/** One for all: an abort without a reason makes an error with a stack of its own, at the end of every answer. */
const left = new DOMException("Nobody reads this answer any more.", "AbortError");

/** For all answers that no budget counts: nothing is ever reserved. */
const uncounted = new Spending([], "", () => Promise.resolve(undefined));

/** What became of one request. */
interface Sent {
  policy: RetryPolicy;
  limiter?: Limiter;
  outcome: Outcome;
  /** Why it may be sent again; absent where it was answered. */
  error?: ErrorInfo;
  /** Everything that is asked there now would fail; see `Place.failed`. */
  isServerFault: boolean;
  /** Work of its class was refused too often in a row. */
  isGivenUp: boolean;
}

class AnswerRun {
  readonly batches = new AnswerBatches(
    () => this.#run(),
    () => this.#leave(),
  );
  readonly #target: LlmTarget;
  readonly #source: RequestSource;
  readonly #options: GenerateOptions;
  /** Where the request was made. */
  readonly #scope: CallScope;
  readonly #workClass: WorkClass;
  /** The caller's. What is none is told by the check of the options. */
  readonly #signals: readonly (AbortSignal | undefined)[];
  /** Aborted by any of the caller's signals, and when the reader leaves. */
  readonly #abort = new AbortController();
  readonly #numbering: AnswerNumbering;
  readonly #spending: Spending;
  /** Where the answer must satisfy one. */
  #schema: SchemaRounds | undefined;
  #quote: Promise<PriceQuote | undefined> | undefined;
  /** A provider was called: only then is there anything to be paid. */
  #asked = false;
  /** It failed by what seems the server's trouble. Another request tells whether it is: the same one may be what the server fails at. */
  #comesLast = false;

  constructor(
    target: LlmTarget,
    prompt: PromptSource,
    options: GenerateOptions,
    scope: CallScope,
    signals: readonly (AbortSignal | undefined)[],
  ) {
    this.#target = target;
    this.#source = new RequestSource(target, prompt, options, scope);
    this.#options = options;
    this.#scope = scope;
    this.#workClass = scope.workClass;
    this.#signals = signals;
    this.#spending = scope.budgets.length === 0 ? uncounted : new Spending(scope.budgets, target.ref, () => this.#tariff());
    this.#numbering = new AnswerNumbering(target.provider, target.model);
  }

  /** Never rejects, but for a fault of its own. */
  async #run(): Promise<void> {
    const links = this.#signals.map((signal) => (isAbortSignal(signal) ? this.#follow(signal) : undefined));
    try {
      this.#tell(this.#numbering.start());
      const outcome = await this.#rounds();
      this.#tell(this.#numbering.end(outcome, this.#asked ? await this.#price() : undefined));
    } finally {
      for (const unlink of links) unlink?.();
      this.#source.forget();
    }
  }

  #tell(...events: readonly StreamEvent[]): void {
    this.batches.tell(events);
  }

  /** The reader wants no more: whatever is under way for this answer stops. */
  #leave(): void {
    this.#abort.abort(left);
  }

  /** An answer that does not satisfy the schema it was given is asked for again. */
  #rounds(): Promise<Outcome> {
    const { responseSchema } = this.#options;
    if (responseSchema === undefined) return this.#attempts();
    return this.#judged(responseSchema);
  }

  async #judged(responseSchema: JsonObject): Promise<Outcome> {
    try {
      checkedOptions(this.#options);
      this.#schema = await SchemaRounds.of(responseSchema, this.#signal);
    } catch (thrown) {
      return this.#signal.aborted ? { type: "cancelled" } : { type: "failed", error: errorInfo(thrown) };
    }
    try {
      return await this.#untilItFits(this.#schema);
    } catch (thrown) {
      if (this.#signal.aborted) return { type: "cancelled", isUnjudged: true };
      throw thrown;
    }
  }

  async #untilItFits(schema: SchemaRounds): Promise<Outcome> {
    for (;;) {
      this.#tell(this.#numbering.attempt(schema.attempt));
      const outcome = await this.#attempts();
      this.#signal.throwIfAborted();
      if (outcome.type === "failed" && isBudgetRefusal(outcome.error)) return schema.notAskedAgain ?? outcome;
      if (outcome.type !== "returned") return outcome;
      const verdict = await schema.judge(this.#numbering.finishReason, this.#signal);
      if (verdict.type === "rejected") {
        this.#tell(this.#numbering.withdrawn());
        return verdict;
      }
      if (verdict.type === "again") continue;
      this.#tell(...this.#numbering.events(verdict.events));
      return outcome;
    }
  }

  /** Asked for until one is taken on. What it took is counted when it is over, also when its reader has left. */
  async #attempts(): Promise<Outcome> {
    let outcome: Outcome = { type: "cancelled" };
    try {
      const sent = await this.#send();
      outcome = sent.error === undefined && !this.#signal.aborted ? sent.outcome : await this.#retried(sent);
      return outcome;
    } finally {
      const { usage, cost } = this.#numbering.spent(outcome);
      this.#spending.settle(usage, cost);
    }
  }

  /** A stream that ended without a word is asked again like one that failed: to whoever waits it is the same. */
  async #retried(first: Sent): Promise<Outcome> {
    const retries = new Retries(this.#workClass);
    /** How the request ended when it was sent last. */
    let before: Outcome | undefined;
    for (let sent = first; ; sent = await this.#send()) {
      const { outcome, error } = sent;
      if (this.#signal.aborted) return { type: "cancelled" };
      if (error === undefined || sent.isGivenUp) return outcome;
      // What the server has said tells more than that nobody paid for hearing it once more.
      if (before !== undefined && isBudgetRefusal(error)) return before;
      let next: Retry | null;
      do {
        next = this.#numbering.beforeFirstToken ? retries.after(error, sent.policy, sent.isServerFault) : null;
        if (next === null) return outcome;
        if (next.phase === "retrying") before = { type: "failed", error };
        if (!(await this.#pause(next, sent))) return { type: "cancelled" };
      } while (!this.#mayAskAgain(next, sent.limiter));
    }
  }

  /** One request, and what became of it. */
  async #send(): Promise<Sent> {
    const sent: Sent = { policy: defaultRetryPolicy, outcome: { type: "returned" }, isServerFault: false, isGivenUp: false };
    /** Held from before the prompt is built until the provider's stream is closed. */
    let place: Place | undefined;
    try {
      const endpoint = this.#target.endpoint();
      const { provider, limiter } = endpoint;
      sent.policy = endpoint.retry ?? sent.policy;
      sent.limiter = limiter;
      this.#signal.throwIfAborted();
      const admitted = await this.#admitted(limiter, provider);
      ({ place } = admitted);
      await this.#pass(admitted, endpoint, sent.policy);
      const { shortfall } = this.#numbering;
      if (shortfall !== undefined) sent.error = shortfall;
      if (this.#numbering.finishReason !== null) place.answered();
    } catch (thrown) {
      const told = errorInfo(thrown);
      if (isRefusal(told)) place?.refused(told, sent.policy);
      else sent.isServerFault = place?.failed(told, sent.policy, this) === true;
      place?.release();
      const givenUp = isRefusal(told) ? sent.limiter?.givenUp(this.#workClass) : undefined;
      sent.isGivenUp = givenUp !== undefined;
      sent.error = givenUp?.info ?? told;
      sent.outcome = { type: "failed", error: sent.error };
    } finally {
      place?.release();
    }
    this.#comesLast = sent.isServerFault;
    return sent;
  }

  /** The provider's stream begins. Resolves when it was taken to its end; rejects with what it broke off with. */
  #pass({ place, request }: Admitted, { provider, limiter, timeLimits }: Endpoint, policy: RetryPolicy): Promise<void> {
    this.#tell(this.#numbering.sending(request));
    const signal = this.#signal;
    const reading = new AnswerReading({ provider, request, place, numbering: this.#numbering, schema: this.#schema, signal });
    const context: RequestContext = {
      signal,
      timeLimits: { ...timeLimits, ...this.#options.timeLimits },
      // A limit that is used up for longer than anybody waits is better told by the refusal of a request.
      onAccepted: (forMs = 0) => {
        hasLoaded(this.#loading(limiter));
        place.accepted(forMs > 0 && forMs <= policy.capMs ? forMs : undefined);
      },
      // A turn later, since whoever reads as it comes takes it in this one.
      onWhole: () => void setImmediate(() => this.batches.takeOn(reading)),
      onHeldBack: (isHeldBack) => {
        place.heldBack(isHeldBack);
        this.#spending.heldBack(isHeldBack);
      },
      onRepeat: () => this.#spending.repeat(),
      onUsage: (usage) => this.#numbering.told(usage),
    };
    this.#asked = true;
    const passed = this.batches.pass(provider.stream(request, context), reading);
    // Looked up while the provider works: once the request is on its way.
    setImmediate(() => void this.#price());
    return passed;
  }

  /** False when the answer was cancelled meanwhile. */
  async #pause(next: Retry, { outcome, limiter }: Sent): Promise<boolean> {
    this.#settleBefore(next, outcome);
    this.#tell(this.#numbering.waiting(next.phase, Math.round(Date.now() + next.delayMs)));
    if (next.phase === "loading-model" && limiter !== undefined) toldLoading(this.#loading(limiter), this);
    return this.#sleep(next.delayMs);
  }

  /** A chat does not wait for the questions of a batch. */
  #mayAskAgain({ phase, delayMs }: Retry, limiter: Limiter | undefined): boolean {
    if (phase !== "loading-model" || this.#workClass !== "batch" || limiter === undefined) return true;
    return mayAskAgain(this.#loading(limiter), this, delayMs);
  }

  #loading({ endpoint }: Limiter): LoadingModel {
    return { endpoint, model: this.#target.model };
  }

  /** The request that is asked again was refused, and took nothing; or it was not, and took what the provider told. */
  #settleBefore(next: Retry, outcome: Outcome): void {
    if (next.phase === "loading-model") return this.#spending.cancel();
    if (outcome.type !== "returned" && !this.#numbering.counted) return this.#spending.settle(null);
    const { usage, cost } = this.#numbering.keepTold();
    this.#spending.settle(usage, cost);
  }

  #admitted(limiter: Limiter, provider: Provider): Promise<Admitted> {
    return admit({
      limiter,
      workClass: this.#workClass,
      spending: this.#spending,
      within: this.#scope.making,
      slot: this.#scope.slot,
      isMade: this.#source.isMade,
      comesLast: this.#comesLast,
      build: (asks) => this.#request(provider, asks),
      signal: this.#signal,
      show: (end) => this.#tell(this.#numbering.status("waiting-for-limit", end === null ? undefined : Math.round(Date.now() + end))),
    });
  }

  #request(provider: Provider, asks: () => void): ModelRequest | Promise<ModelRequest> {
    const schema = this.#schema;
    const request = this.#source.request(provider, asks, this.#signal);
    return schema === undefined ? request : Promise.resolve(request).then((made) => schema.request(made));
  }

  /** An answer is none the worse for a price that cannot be had. */
  #price(): Promise<PriceQuote | undefined> | undefined {
    this.#quote ??= this.#target.price?.().catch(() => undefined);
    return this.#quote;
  }

  /** The same for a budget, which cannot do without: the request fails with what the question failed with, and may ask again. */
  async #tariff(): Promise<PriceQuote | undefined> {
    const asked = this.#target.price?.(this.#signal);
    this.#quote = asked?.catch(() => undefined);
    return asked;
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
    return followSignal(signal, abort);
  }

  get #signal(): AbortSignal {
    return this.#abort.signal;
  }
}
