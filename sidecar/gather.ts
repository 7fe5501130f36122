// Bounded fan-out: many requests at once, over one provider or several. How many run at one endpoint is its limiter's affair,
// which every request passes wherever it is made; `gather` bounds how many functions are started, hands them its signal and
// their batch class (by AsyncLocalStorage, so that a bare function needs neither), and never fails because of one item.

import { setImmediate as turn } from "node:timers/promises";
import { AnswerError, invalidRequest } from "./answers/answer-error.ts";
import { checkNames, checkSignal, type OptionNames } from "./answers/parameters.ts";
import { currentScope, runInScope, type CallScope, type Slot } from "./call-scope.ts";
import { Budget, type BudgetLimits } from "./limits/budget.ts";
import type { AnswerStatus } from "./types.ts";

/**
 * What one item does. `signal` is that of the whole run; requests of an `Llm` made inside follow it by themselves. Whatever else
 * it waits for must follow it too: a run that is cancelled ends when all that began has ended, so that nothing goes on unseen.
 */
export type GatherTask<T> = (signal: AbortSignal) => T | PromiseLike<T>;

/** An array is started in order; any other iterable is asked for the next function only when a slot is free. */
export type GatherTasks<T> = Iterable<GatherTask<T>> | AsyncIterable<GatherTask<T>>;

export interface GatherOptions {
  /**
   * Functions that run at once. Endpoints have their own, mostly narrower, limits. Default 64; of an array, those that only wait for
   * a place at an endpoint are then not counted, up to 1024 of them, so that one server's line keeps no other server idle.
   */
  readonly concurrency?: number;
  /** Aborting it cancels what runs, and what has not begun ends as `cancelled` without being called. */
  readonly signal?: AbortSignal;
  /**
   * What all requests made inside may take together, also those of bare functions. What is under way is reserved. Where it is
   * used up, what runs goes on to its end, and what has not begun ends with an error of the code `budget-exhausted`; a lazy
   * iterable is asked for no more. A request that may take more than is left is refused by itself (`larger-than-budget`), and
   * smaller ones still go, until twenty in a row were refused. With an `amount`, a model whose price nobody knows is
   * refused in the same way (`price-unknown`). Tokens and amounts are kept to where requests say `maxOutputTokens`; where not, answers are
   * expected to be as long as those of the run so far, and longer ones may overrun the budget.
   */
  readonly budget?: BudgetLimits;
}

export interface GatherResult<T> {
  /** The place among the tasks, from 0. */
  readonly index: number;
  /** That of the answer, where the function returned or failed with one. Otherwise `complete`, `error` or `cancelled`. */
  readonly status: AnswerStatus;
  /** The answer's text as far as it got; of a function that returned a text, this text; otherwise empty. */
  readonly content: string;
  /** What the function returned. */
  readonly value?: T;
  /** What it failed with: a `ProviderError`, or an error of its own. */
  readonly error?: Error;
}

/**
 * Awaited, it gives the results in the order of the tasks. Iterated, it gives them as they finish, and `break` cancels the
 * rest. It rejects only when the iterable of tasks itself fails.
 */
export interface Gathering<T> extends Promise<readonly GatherResult<T>[]>, AsyncIterable<GatherResult<T>> {}

const DEFAULT_CONCURRENCY = 64;
/** Functions that wait in the lines of endpoints, each with what it holds. */
const MOST_IN_LINES = 1024;
/** Milliseconds for which functions are begun without a turn of the event loop. */
const TURN_MS = 10;
const OPTIONS: OptionNames<GatherOptions> = { concurrency: true, signal: true, budget: true };

/** Begins at once, awaited or not. Throws a `ProviderError` (`invalid-request`) for tasks that are no functions, and for options that it does not have. */
export function gather<T>(tasks: GatherTasks<T>, options: GatherOptions = {}): Gathering<T> {
  checkNames("option of gather", options, OPTIONS);
  const { concurrency = DEFAULT_CONCURRENCY } = options;
  const passesLines = options.concurrency === undefined && Array.isArray(tasks);
  if (options.signal !== undefined) checkSignal(options.signal);
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw invalidRequest("invalid-parameter", `The parameter "concurrency" must be a whole number, 1 or more; it is ${concurrency}.`);
  }
  if (!isIterable(tasks)) {
    throw invalidRequest("invalid-parameter", "gather takes a list of functions, or an iterable that gives one after the other.");
  }
  if (Array.isArray(tasks)) for (const task of tasks) if (typeof task !== "function") throw noFunction();
  const outer = currentScope();
  const signals = [options.signal, outer.signal].filter((signal) => signal !== undefined);
  const budget = options.budget === undefined ? null : new Budget(options.budget);
  return new GatherRun(tasks, { concurrency, passesLines, signals, budget, outer });
}

interface RunOptions {
  readonly concurrency: number;
  /** More functions begin in place of those that wait in an endpoint's line. */
  readonly passesLines: boolean;
  readonly signals: readonly AbortSignal[];
  readonly budget: Budget | null;
  readonly outer: CallScope;
}

type TaskIterator<T> = Iterator<GatherTask<T>> | AsyncIterator<GatherTask<T>>;

class GatherRun<T> implements Gathering<T> {
  readonly [Symbol.toStringTag] = "Gathering";
  readonly #concurrency: number;
  readonly #passesLines: boolean;
  readonly #abort = new AbortController();
  readonly #scope: CallScope;
  /** As they finished. */
  #results: GatherResult<T>[] = [];
  /** Kept to be awaited or read again. The results of a lazy iterable are not, unless it is awaited: it may be endless. */
  #retained: boolean;
  #handedOut = false;
  #running = 0;
  /** Of those: functions that wait in an endpoint's line, where they keep no other one from beginning. */
  #inLines = 0;
  #ended = false;
  #sourceError: { readonly error: unknown } | null = null;
  #changed = Promise.withResolvers<void>();

  constructor(tasks: GatherTasks<T>, { concurrency, passesLines, signals, budget, outer }: RunOptions) {
    this.#concurrency = concurrency;
    this.#passesLines = passesLines;
    const budgets = budget === null ? outer.budgets : [...outer.budgets, budget];
    this.#scope = { ...outer, workClass: "batch", signal: this.#abort.signal, budgets, slot: undefined };
    this.#retained = Array.isArray(tasks);
    const links = signals.map((signal) => this.#follow(signal));
    void this.#run(tasks).finally(() => {
      for (const unlink of links) unlink();
    });
  }

  then<A = readonly GatherResult<T>[], B = never>(
    fulfilled?: ((results: readonly GatherResult<T>[]) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#all().then(fulfilled, rejected);
  }

  catch<B = never>(rejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<readonly GatherResult<T>[] | B> {
    return this.#all().catch(rejected);
  }

  finally(done?: (() => void) | null): Promise<readonly GatherResult<T>[]> {
    return this.#all().finally(done);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<GatherResult<T>, void, undefined> {
    let finished = false;
    try {
      for (let read = 0; ;) {
        const result = this.#retained ? this.#results[read++] : this.#results.shift();
        if (result !== undefined) {
          this.#handedOut ||= !this.#retained;
          this.#notify();
          yield result;
          continue;
        }
        if (this.#retained) read--;
        if (this.#ended) break;
        await this.#changed.promise;
      }
      finished = true;
      if (this.#sourceError !== null) throw this.#sourceError.error;
    } finally {
      if (!finished) this.#cancel(new DOMException("The reader of the results has left.", "AbortError"));
    }
  }

  async #all(): Promise<readonly GatherResult<T>[]> {
    if (this.#handedOut) throw new Error("These results were handed out one by one already; await the run or iterate over it, not both.");
    this.#retained = true;
    this.#notify();
    while (!this.#ended) await this.#changed.promise;
    if (this.#sourceError !== null) throw this.#sourceError.error;
    return this.#results.toSorted((a, b) => a.index - b.index);
  }

  async #run(tasks: GatherTasks<T>): Promise<void> {
    let index = 0;
    let turnedAt = performance.now();
    try {
      const iterator = Symbol.asyncIterator in tasks ? tasks[Symbol.asyncIterator]() : tasks[Symbol.iterator]();
      for (;;) {
        // Where what is begun waits for nothing, since it is refused at once, no timer and no abort would come between.
        if (performance.now() - turnedAt > TURN_MS) {
          await turn();
          turnedAt = performance.now();
        }
        while (!this.#hasRoom()) await this.#changed.promise;
        const next = await this.#next(iterator);
        if (next === null) break;
        void this.#settle(next, index++);
      }
    } catch (error) {
      // What runs goes on to its end: one bad source must not lose the answers that are being paid for.
      this.#sourceError = { error };
    }
    if (Array.isArray(tasks)) for (; index < tasks.length; index++) this.#results.push({ index, ...this.#notBegun() });
    while (this.#running > 0) await this.#changed.promise;
    this.#ended = true;
    this.#notify();
  }

  #notBegun(): Outcome {
    // Also by requests of a run around this one, or of one inside it.
    const ended = this.#scope.budgets.find(({ exhausted }) => exhausted.aborted);
    if (this.#abort.signal.aborted || ended === undefined) return { status: "cancelled", content: "" };
    return { status: "error", content: "", error: ended.ending() };
  }

  /** A free slot, and nobody too far behind in reading: an endless source with a slow reader must not fill the memory. */
  #hasRoom(): boolean {
    if (this.#abort.signal.aborted) return true;
    if (this.#inLines >= MOST_IN_LINES) return false;
    return this.#running - this.#inLines < this.#concurrency && (this.#retained || this.#results.length < this.#concurrency);
  }

  /** Null at the end of the tasks, after an abort and when a budget is used up, also while the source has not answered yet. */
  async #next(iterator: TaskIterator<T>): Promise<GatherTask<T> | null> {
    const ends = [this.#abort.signal, ...this.#scope.budgets.map(({ exhausted }) => exhausted)];
    const ended = Promise.withResolvers<null>();
    const giveUp = (): void => ended.resolve(null);
    for (const signal of ends) signal.addEventListener("abort", giveUp);
    try {
      const next = ends.some(({ aborted }) => aborted) ? null : await Promise.race([iterator.next(), ended.promise]);
      if (next !== null) return next.done === true ? null : next.value;
      void closeSource(iterator);
      return null;
    } finally {
      for (const signal of ends) signal.removeEventListener("abort", giveUp);
    }
  }

  async #settle(task: GatherTask<T>, index: number): Promise<void> {
    this.#running++;
    const { signal } = this.#abort;
    const slot = this.#passesLines ? new LineSlot((change) => this.#countInLines(change)) : undefined;
    let result: GatherResult<T>;
    try {
      if (typeof task !== "function") throw noFunction();
      const value = await runInScope(slot === undefined ? this.#scope : { ...this.#scope, slot }, () => task(signal));
      result = { index, ...outcomeOf(value), value };
    } catch (thrown) {
      result = { index, ...failureOf(thrown, signal.aborted) };
    }
    slot?.end();
    this.#running--;
    this.#results.push(result);
    this.#notify();
  }

  #countInLines(change: 1 | -1): void {
    this.#inLines += change;
    if (change > 0) this.#notify();
  }

  #follow(signal: AbortSignal): () => void {
    const abort = (): void => this.#cancel(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    return () => signal.removeEventListener("abort", abort);
  }

  #cancel(reason: unknown): void {
    this.#abort.abort(reason);
    this.#notify();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** Of one function. It is in a line while any of its requests is. */
class LineSlot implements Slot {
  readonly #count: (change: 1 | -1) => void;
  #waiting = 0;
  #ended = false;

  constructor(count: (change: 1 | -1) => void) {
    this.#count = count;
  }

  waits(): () => void {
    if (this.#ended) return () => {};
    if (this.#waiting++ === 0) this.#count(1);
    return () => {
      if (--this.#waiting === 0 && !this.#ended) this.#count(-1);
    };
  }

  /** The function has ended, whatever it has left in a line. */
  end(): void {
    this.#ended = true;
    if (this.#waiting > 0) this.#count(-1);
  }
}

/** A generator that hangs would never answer this, so nothing waits for it. */
async function closeSource(iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // What it fails with on its way out changes nothing about the results.
  }
}

type Outcome = Omit<GatherResult<never>, "index" | "value">;

function outcomeOf(value: unknown): Outcome {
  if (typeof value === "string") return { status: "complete", content: value };
  const { status, content } = isAnswer(value) ? value : { status: "complete" as const, content: "" };
  return { status, content };
}

function failureOf(thrown: unknown, aborted: boolean): Outcome {
  if (thrown instanceof AnswerError) return { status: thrown.partial.status, content: thrown.partial.content, error: thrown };
  // A function's own `fetch` rejects when the run is aborted: that is the cancellation that was asked for.
  if (aborted) return { status: "cancelled", content: "" };
  return { status: "error", content: "", error: thrown instanceof Error ? thrown : new Error(wordsOf(thrown)) };
}

/** Not everything that can be thrown can be written. */
function wordsOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "Something was thrown that is no error and has no words.";
  }
}

const STATUSES: readonly unknown[] = ["complete", "cancelled", "error", "incomplete"] satisfies AnswerStatus[];

function isAnswer(value: unknown): value is { readonly status: AnswerStatus; readonly content: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    "status" in value &&
    STATUSES.includes(value.status) &&
    "content" in value &&
    typeof value.content === "string"
  );
}

function noFunction(): Error {
  return invalidRequest("invalid-parameter", "gather takes functions, such as () => llm.generate(…): what was given has begun already.");
}

/** The types say so; a program without types may hand over anything. */
function isIterable(tasks: unknown): boolean {
  return typeof tasks === "object" && tasks !== null && (Symbol.iterator in tasks || Symbol.asyncIterator in tasks);
}
