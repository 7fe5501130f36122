// Those who wait at one endpoint, by the model that they ask. Providers limit by model: what one of their models refuses, and for
// how long, says nothing about the others, which go on beside it and come before whoever has to wait.

import type { WorkClass } from "../call-scope.ts";
import type { ProviderError } from "../providers/provider.ts";
import { AdaptiveSize } from "./adaptive-size.ts";
import { LastAnswer, ServerFaults } from "./server-faults.ts";
import { SharedWait } from "./shared-wait.ts";
import type { Waiter } from "./waiter.ts";
import { WaitingLine } from "./waiting-line.ts";

/** Those who come first are given a place first. */
export const WORK_CLASSES: readonly WorkClass[] = ["foreground", "batch"];

/** Kept with what is known of them. More than anybody asks at one endpoint. */
const MAX_MODELS = 256;
/** Requests at once of one model. */
const MOST_OF_ONE = 10_000;

export class ModelLine {
  readonly model: string;
  /** What the provider wants of those who ask this model. */
  readonly wait: SharedWait;
  readonly faults: ServerFaults;
  readonly waiting: Readonly<Record<WorkClass, WaitingLine<Waiter>>> = { foreground: new WaitingLine(), batch: new WaitingLine() };
  /** Requests that are under way and that the provider has not taken on yet. */
  readonly unanswered: Record<WorkClass, number> = { foreground: 0, batch: 0 };
  /** Requests that are under way, but for answers that wait for their readers: who waits for them in a circle is not kept waiting. */
  running = 0;
  /** Raised by a refusal: what went out before it belongs to the same crowd, and counts once. */
  #era = 0;
  /** How many of it may run in a batch, once it was refused while others went through. */
  #size: AdaptiveSize | undefined;

  constructor(model: string, server: LastAnswer, random: () => number) {
    this.model = model;
    this.wait = new SharedWait(random);
    this.faults = new ServerFaults(server);
  }

  get length(): number {
    return this.waiting.foreground.length + this.waiting.batch.length;
  }

  get era(): number {
    return this.#era;
  }

  /** What goes out from now on is no part of what was under way. */
  endEra(): void {
    this.#era++;
    this.#size?.interrupt();
  }

  /** The provider has taken on a request that is under way. */
  get isServed(): boolean {
    return this.running > this.unanswered.foreground + this.unanswered.batch;
  }

  /** Somebody was given a place. */
  taken(now: number): void {
    if (this.#size !== undefined && this.running >= this.#size.size) this.#size.full(now);
  }

  /** A whole answer came after so many milliseconds. */
  answered(now: number, tookMs: number): void {
    this.wait.answered();
    this.faults.answered(now);
    this.#size?.answered(now, this.running >= this.#size.size, tookMs);
  }

  /** It has too much to do, and the endpoint has not. To be told once for all that were under way then. */
  refusedAlone(now: number): void {
    this.#size ??= new AdaptiveSize(MOST_OF_ONE, this.running);
    this.#size.refused(now, this.running);
  }

  refusedTogether(): void {
    this.#size = undefined;
  }

  /** Whether the provider wants requests of this class now. */
  mayGo(workClass: WorkClass, now: number): boolean {
    if (this.wait.end(workClass, now) !== undefined) return false;
    if (workClass === "batch" && this.#size !== undefined && this.running >= this.#size.size) return false;
    const { foreground, batch } = this.unanswered;
    return this.wait.unanswered === null || (workClass === "foreground" ? foreground : foreground + batch) < this.wait.unanswered;
  }

  /** Why nobody of this class is to wait. A person who asks anew may know better than the last refusal; a batch does not. */
  refusal(workClass: WorkClass, now: number): ProviderError | undefined {
    return workClass === "batch" ? (this.wait.tooLong(now) ?? this.wait.givenUp(now)) : undefined;
  }

  /** Whoever waits hears of the end of the wait, or that it is too long to be waited for. */
  tell(now: number): void {
    const tooLong = this.wait.tooLong(now);
    for (const workClass of WORK_CLASSES) {
      const line = this.waiting[workClass];
      const error = tooLong ?? this.refusal(workClass, now);
      if (error === undefined) for (const waiter of line) waiter.wake();
      else failAll(line, error);
    }
  }

  /** All of a batch that waits. */
  failBatch(error: ProviderError): void {
    failAll(this.waiting.batch, error);
  }

  wake(): void {
    for (const workClass of WORK_CLASSES) for (const waiter of this.waiting[workClass]) waiter.wake();
  }
}

export class ModelLines {
  readonly #random: () => number;
  readonly #met: (model: string) => void;
  readonly #lines = new Map<string, ModelLine>();
  readonly #server = new LastAnswer();
  #refusedAlone: ModelLine | "several" | undefined;
  #turns = 0;
  /** Who joined a line and has not left it. */
  #joined = 0;

  /** `met` hears of each model once. */
  constructor(random: () => number, met: (model: string) => void) {
    this.#random = random;
    this.#met = met;
  }

  of(model: string, now: number): ModelLine {
    const known = this.#lines.get(model);
    if (known !== undefined) return known;
    if (this.#lines.size >= MAX_MODELS) this.#forgetOne(now);
    const line = new ModelLine(model, this.#server, this.#random);
    this.#lines.set(model, line);
    this.#met(model);
    return line;
  }

  /** One of which nothing is known that holds, and whom nobody asks. */
  #forgetOne(now: number): void {
    for (const [model, line] of this.#lines) {
      if (line.length + line.running > 0 || line === this.#refusedAlone || line.wait.end("batch", now) !== undefined) continue;
      this.#lines.delete(model);
      return;
    }
  }

  /** Nobody waits, as it nearly always is: there is nothing to look for in the lines. */
  get areEmpty(): boolean {
    return this.#joined === 0;
  }

  get length(): number {
    if (this.areEmpty) return 0;
    let length = 0;
    for (const line of this) length += line.length;
    return length;
  }

  /**
   * Whether what this one is refused for is its own: others are served, and it is the only one that was ever refused while they were.
   * Where two are, they share a limit, and are to learn it together.
   */
  isRefusedAlone(line: ModelLine): boolean {
    if (this.#refusedAlone === "several" || !this.#areOthersServed(line)) return false;
    if (this.#refusedAlone !== undefined && this.#refusedAlone !== line) {
      this.#refusedAlone.refusedTogether();
      this.#refusedAlone = "several";
      return false;
    }
    this.#refusedAlone = line;
    return true;
  }

  #areOthersServed(line: ModelLine): boolean {
    for (const other of this) if (other !== line && other.isServed) return true;
    return false;
  }

  [Symbol.iterator](): IterableIterator<ModelLine> {
    return this.#lines.values();
  }

  /** How many would be before one who joins `own` now. */
  before(own: ModelLine, workClass: WorkClass, ahead: boolean, now: number): number {
    if (this.areEmpty) return 0;
    let before = 0;
    for (const line of this) if (line === own || line.mayGo(workClass, now)) before += line.waiting[workClass].before(ahead);
    return before;
  }

  /** Gives what leaves the line again, to be called once, also by who was called up. */
  join(line: ModelLine, workClass: WorkClass, waiter: Waiter): () => void {
    waiter.turn = this.#turns++;
    this.#joined++;
    const leave = line.waiting[workClass].join(waiter, waiter.standing === "begun");
    return () => {
      this.#joined--;
      leave();
    };
  }

  /**
   * Whose turn it is, of those whose provider wants them now: who joined first, or last where `isLast`, and in both cases somebody
   * who has begun before all who have not. Stays in its line.
   */
  next(workClass: WorkClass, isLast: boolean, now: number): { readonly line: ModelLine; readonly waiter: Waiter } | undefined {
    let next: { line: ModelLine; waiter: Waiter } | undefined;
    for (const line of this) {
      const waiter = isLast ? line.waiting[workClass].last() : line.waiting[workClass].first();
      if (waiter === undefined || !line.mayGo(workClass, now)) continue;
      if (next === undefined || comesBefore(waiter, next.waiter, isLast)) next = { line, waiter };
    }
    return next;
  }

  /** When the first wait is over for which somebody waits; infinity: none is. */
  firstEnd(now: number): number {
    let end = Infinity;
    for (const { waiting, wait } of this) {
      for (const workClass of WORK_CLASSES) {
        if (waiting[workClass].length > 0) end = Math.min(end, wait.end(workClass, now) ?? Infinity);
      }
    }
    return end;
  }
}

function failAll(line: WaitingLine<Waiter>, error: ProviderError): void {
  for (let waiter = line.shift(); waiter !== undefined; waiter = line.shift()) waiter.fail(error);
}

function comesBefore(one: Waiter, other: Waiter, isLast: boolean): boolean {
  if (one.standing !== other.standing) return one.standing === "begun";
  return isLast ? one.turn > other.turn : one.turn < other.turn;
}
