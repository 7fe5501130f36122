// How many requests may run at once at one endpoint, and when none may. Every request of the process goes through its
// endpoint's limiter, whether it comes from a chat, from `gather` or from a bare `Promise.all`.

import type { WorkClass } from "../call-scope.ts";
import type { ProviderError } from "../providers/provider.ts";
import type { ErrorInfo } from "../types.ts";
import { AdaptiveSize } from "./adaptive-size.ts";
import { systemClock, type Clock } from "./clock.ts";
import { HeldPlace, type Lender } from "./held-place.ts";
import type { Learned, Limiter, WaitEnd } from "./limiter.ts";
import { type ModelLine, ModelLines, WORK_CLASSES } from "./model-lines.ts";
import type { Bound, Place, Standing } from "./place.ts";
import type { WaitPolicy } from "./shared-wait.ts";
import { Speaking } from "./overlap.ts";
import { TakenPlaces } from "./taken-places.ts";
import { ToldPlaces } from "./told-places.ts";
import { Waiter } from "./waiter.ts";

export interface LimiterOptions {
  /** Requests at once to begin with. */
  readonly start?: number;
  /**
   * Asks the server how many requests it works on at once; undefined where it does not tell. Never rejects. Called before the
   * first request of a batch, which waits for the answer, and seldom when a request has to wait, which does not.
   */
  readonly askPlaces?: () => Promise<number | undefined>;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Hears what is worth telling others who go to the same endpoint. */
  readonly learned?: (learned: Learned) => void;
  /** Hears of each model that is asked there, once, before its first request. */
  readonly met?: (model: string) => void;
}

/** Requests at once to begin with where nothing is known of a server. */
export const DEFAULT_START = 4;
/** Where nobody says whom they ask, all ask the same. */
const ONE_MODEL = "";
const unbounded: Bound = () => Infinity;

/**
 * As many at once as its adaptive size, where batch work is counted together with everything else, and foreground work by
 * itself alone. So a chat waits for other chats, as it would without a batch, and never for batch work, not even at an endpoint
 * of size 1: it goes out beside the batch. What a batch gives back it does not get again before all together are fewer than the
 * size, so that for as long as some answers of it take there is at most twice the size at the endpoint, and then the size.
 *
 * Where so many at once have been refused before, one chat alone goes beside a full batch, and where that is refused too, chats
 * take the batch's next free places, before it, until one was taken on; nothing is learned of the size from such a refusal. The waits that a provider
 * names hold for chats as well.
 *
 * How many may run is learned of the endpoint, unless one model alone is refused while others are served; what the provider wants
 * to be waited for is learned of each model; see `ModelLines`. How many may run there at most, as a setting or a program says, belongs
 * to who asks: a request with such a bound begins when fewer than that run there, whoever's they are, and nobody comes before it meanwhile.
 *
 * An answer that is not read is held back by its socket once so much of it lies here. While all that run are, one more goes beside
 * them, the one that was asked for last: their readers may be waiting for what they ask here, which would otherwise wait for them.
 *
 * A place is parked while the prompt it was taken for waits for other requests. As long as it is, it counts against what would begin,
 * so that no more prompts are made than may run, and not against what has begun: that waits for nobody but the provider and who
 * has begun as well, so none can wait for each other in a circle, at whatever endpoints they are.
 */
export class EndpointLimiter implements Limiter {
  readonly endpoint: object = this;
  readonly #size: AdaptiveSize;
  readonly #clock: Clock;
  readonly #places: ToldPlaces;
  readonly #taken = new TakenPlaces();
  readonly #speaking = new Speaking<HeldPlace>();
  readonly #lines: ModelLines;
  readonly #learned: (learned: Learned) => void;
  /** The size that was told last, or heard. */
  #knownSize: number | undefined;
  /** Raised by a refusal: what went out before it belongs to the same crowd, and counts once. */
  #era = 0;
  /**
   * Until when no chat goes beside a full batch: a chat was refused, which has not much patience, and none was taken on since. It
   * comes back after a pause, outside of the line, in which short answers of the batch may end and others begin.
   */
  #besideIsRefusedUntil = -Infinity;
  #cancelTimer: (() => void) | null = null;
  readonly #lender: Lender = {
    accepted: (place, exhaustedForMs) => this.#accepted(place, exhaustedForMs),
    spoke: (place) => this.#spoke(place),
    answered: (place) => this.#answered(place),
    heldBack: (place, isHeldBack) => this.#heldBack(place, isHeldBack),
    refused: (place, error, policy) => this.#refused(place, error, policy),
    failed: (place, error, policy, request) => this.#failed(place, error, policy, request),
    parked: (place) => this.#park(place),
    released: (place, wasParked) => this.#released(place, wasParked),
  };

  /** `most`: never more than this at once, whoever asks. */
  constructor(most: number, options: LimiterOptions = {}) {
    this.#size = new AdaptiveSize(most, options.start ?? DEFAULT_START);
    this.#lines = new ModelLines(options.random ?? Math.random, options.met ?? (() => {}));
    this.#clock = options.clock ?? systemClock;
    this.#places = new ToldPlaces(options.askPlaces, this.#clock, (places) => this.#toldPlaces(places));
    this.#learned = options.learned ?? (() => {});
  }

  get size(): number {
    return this.#size.size;
  }

  get active(): number {
    return this.#taken.active;
  }

  get parked(): number {
    return this.#taken.parked;
  }

  get waiting(): number {
    return this.#lines.length;
  }

  /** The same limiter for somebody who asks this model, and whose requests begin only while fewer than `bound` run there. */
  within(bound: Bound, model: string = ONE_MODEL): Limiter {
    return {
      endpoint: this.endpoint,
      tryAcquire: (workClass, standing) => this.tryAcquire(workClass, standing, bound, model),
      wait: (workClass, signal, show, standing) => this.wait(workClass, signal, show, standing, bound, model),
      givenUp: (workClass) => this.givenUp(workClass, model),
    };
  }

  /** To be told when somebody's bound is another one: those who wait may begin. */
  boundsChanged(): void {
    this.#admitWaiting();
  }

  /** Begins with more than it was made with; does nothing where it knows better. */
  startWith(size: number): void {
    if (this.#size.startWith(size)) this.#admitWaiting();
  }

  /** Another process has learned this. A wait holds here too; a size only where nothing was found out here. */
  learnFromOthers(learned: Learned): void {
    const now = this.#clock.now();
    if (learned.type === "size") {
      this.#knownSize = learned.size;
      this.#size.learnFromOthers(now, learned.size);
    } else if (learned.waitMs > 0) {
      const line = this.#lines.of(learned.model, now);
      line.endEra();
      this.#size.interrupt();
      line.wait.refusedElsewhere(now, learned.waitMs);
      this.#tellWait(line, now);
    }
    this.#admitWaiting();
  }

  /** A place if one is free and nobody of the same class waits for it who would come before. */
  tryAcquire(workClass: WorkClass, standing: Standing = "begins", bound: Bound = unbounded, model: string = ONE_MODEL): Place | undefined {
    const now = this.#clock.now();
    const line = this.#lines.of(model, now);
    if (line.refusal(workClass, now) !== undefined || !line.mayGo(workClass, now)) return undefined;
    if (this.#lines.before(line, workClass, standing === "begun", now) > 0) return undefined;
    return this.#hasPlace(workClass, { standing, bound }, now) ? this.#take(workClass, line, bound) : undefined;
  }

  /**
   * Waits for a place, in order, what has begun before what begins; yields what `show` makes of the end of the wait, each time that it is known anew. Throws the signal's reason, and
   * leaves the line, when it is aborted meanwhile; throws a `ProviderError` when the provider wants a longer wait than the
   * cap, and for batch work when too much of it was refused in a row. A place that comes when nobody reads any more goes to the next one.
   */
  async *wait<T>(
    workClass: WorkClass,
    signal: AbortSignal,
    show: (end: WaitEnd) => T,
    standing: Standing = "begins",
    bound: Bound = unbounded,
    model: string = ONE_MODEL,
  ): AsyncGenerator<T, Place, undefined> {
    signal.throwIfAborted();
    const now = this.#clock.now();
    const line = this.#lines.of(model, now);
    const tooLong = line.refusal(workClass, now);
    if (tooLong !== undefined) throw tooLong;
    const waiter = new Waiter(bound, standing);
    const wake = (): void => waiter.wake();
    const leave = this.#lines.join(line, workClass, waiter);
    signal.addEventListener("abort", wake, { once: true });
    try {
      this.#places.ask();
      this.#admitWaiting();
      // Not a number is no end, so the first one is told in any case.
      for (let told: number | undefined = Number.NaN; ;) {
        signal.throwIfAborted();
        const place = waiter.takePlace();
        if (place !== null) return place;
        // Nobody waits yet: it only becomes known how many may begin.
        if (workClass === "batch" && this.#places.isAwaited) {
          await waiter.changed();
          continue;
        }
        const end = line.wait.end(workClass, this.#clock.now());
        const news = end !== told;
        told = end;
        if (news) yield show(end === undefined ? null : end - this.#clock.now());
        else await waiter.changed();
      }
    } finally {
      signal.removeEventListener("abort", wake);
      leave();
      waiter.abandon();
      // Somebody behind it may have a wider bound.
      this.#admitWaiting();
    }
  }

  /** What a request that was refused is told in place of being asked again: work of its class was refused too often in a row. */
  givenUp(workClass: WorkClass, model: string = ONE_MODEL): ProviderError | undefined {
    const now = this.#clock.now();
    return workClass === "batch" ? this.#lines.of(model, now).wait.givenUp(now) : undefined;
  }

  #hasPlace(workClass: WorkClass, { standing, bound }: Pick<Waiter, "standing" | "bound">, now: number): boolean {
    if (workClass === "batch" && this.#places.isAwaited) return false;
    if (this.#taken.areHeldBack) return true;
    const parked = this.#taken.parkedFor(workClass, standing);
    const most = Math.min(this.size, bound());
    if (this.active + parked < most) return true;
    return workClass === "foreground" && this.#hasPlaceBeside(most, parked, now);
  }

  /** For a chat, while as many run as may. */
  #hasPlaceBeside(most: number, parked: number, now: number): boolean {
    if (now < this.#besideIsRefusedUntil) return false;
    const chats = this.#taken.chats() + parked;
    if (this.#size.isRefusedAbove && this.active >= this.size) return chats === 0 && this.active === this.size;
    return chats < most;
  }

  #take(workClass: WorkClass, line: ModelLine, bound: Bound): Place {
    const beside = this.active >= Math.min(this.size, bound());
    const begunAt = this.#clock.now();
    const place = new HeldPlace(this.#lender, { workClass, line, bound, beside, era: this.#era, begunAt });
    this.#taken.take(place);
    if (this.active >= this.size) this.#size.full(begunAt);
    line.taken(begunAt);
    return place;
  }

  #accepted(place: HeldPlace, exhaustedForMs: number | undefined): void {
    if (!place.unanswered && exhaustedForMs === undefined) return;
    const { line } = place;
    if (place.unanswered && place.lineEra === line.era) {
      line.wait.accepted(this.size);
      if (place.workClass === "foreground") this.#besideIsRefusedUntil = -Infinity;
    }
    if (place.unanswered) {
      this.#places.answered();
      line.faults.answered(this.#clock.now());
    }
    this.#taken.heard(place);
    if (exhaustedForMs !== undefined) this.#pause(line, exhaustedForMs);
    this.#admitWaiting();
  }

  #spoke(place: HeldPlace): void {
    this.#accepted(place, undefined);
    this.#speaking.begin(place, this.#clock.now());
    // It does not answer one after the other, which is why it was begun with fewer.
    if (this.size < DEFAULT_START && this.#speaking.count >= this.size && this.size > 1) this.startWith(DEFAULT_START);
  }

  #answered(place: HeldPlace): void {
    const { line, begunAt } = place;
    const now = this.#clock.now();
    line.answered(now, now - begunAt);
    this.#size.answered(now, this.active >= this.size, now - begunAt, this.#speaking.end(place, now));
    this.#tellSize();
  }

  #heldBack(place: HeldPlace, isHeldBack: boolean): void {
    this.#taken.holdBack(place, isHeldBack);
    if (isHeldBack) this.#admitWaiting();
  }

  #park(place: HeldPlace): void {
    this.#taken.park(place);
    this.#admitWaiting();
  }

  #released(place: HeldPlace, wasParked: boolean): void {
    if (wasParked) this.#taken.giveBackParked(place);
    else this.#taken.giveBack(place);
    this.#speaking.leave(place);
    this.#admitWaiting();
  }

  #refused(place: HeldPlace, error: ErrorInfo, policy: WaitPolicy): void {
    const { workClass, bound, line } = place;
    const now = this.#clock.now();
    const first = place.lineEra === line.era;
    // More than its own bound may run there also because others have a wider one.
    const beside = this.active > this.size || (this.#taken.anyBeside && this.active > bound());
    if (beside || workClass === "foreground") this.#besideIsRefusedUntil = now + policy.capMs;
    // A chat has not the patience to find out whose limit it is.
    if (workClass === "batch" && this.#lines.isRefusedAlone(line)) {
      if (first) line.refusedAlone(now);
    } else if (place.era === this.#era) {
      this.#era++;
      if (beside) this.#size.interrupt();
      else this.#size.refused(now, this.active);
    }
    if (first) line.endEra();
    if (first && workClass === "batch") line.wait.batchRefused(now, error, policy);
    line.wait.refused(now, error, policy, first);
    this.#tellWait(line, now);
    if (error.retryAfterMs !== undefined) this.#learned({ type: "wait", model: line.model, waitMs: error.retryAfterMs });
    this.#tellSize();
  }

  #failed({ workClass, line, lineEra }: HeldPlace, error: ErrorInfo, policy: WaitPolicy, request: object): boolean {
    const now = this.#clock.now();
    if (!line.faults.failed(request, error, now) || workClass !== "batch") return false;
    // What was under way together fails together, and counts once. Nothing is learned of how many may run.
    if (lineEra === line.era) {
      line.endEra();
      this.#size.interrupt();
      const inVain = line.wait.batchFailed(error, policy);
      if (inVain !== undefined) {
        line.faults.giveUp();
        line.failBatch(inVain);
        return false;
      }
      line.wait.refused(now, error, policy, true);
      this.#tellWait(line, now);
    }
    return true;
  }

  #tellWait(line: ModelLine, now: number): void {
    line.tell(now);
    this.#setTimer(now);
  }

  #pause(line: ModelLine, ms: number): void {
    line.endEra();
    this.#size.interrupt();
    line.wait.exhausted(this.#clock.now(), ms);
    this.#learned({ type: "wait", model: line.model, waitMs: ms });
    line.wake();
  }

  /** Once a size has proved to be the right one. */
  #tellSize(): void {
    if (this.#size.phase !== "holding" || this.#size.size === this.#knownSize) return;
    this.#knownSize = this.#size.size;
    this.#learned({ type: "size", size: this.#size.size });
  }

  #admitWaiting(): void {
    if (this.#lines.areEmpty) return this.#stopTimer();
    // One time for both: a wait that ended between them would have neither a place taken for it nor a timer.
    const now = this.#clock.now();
    for (const workClass of WORK_CLASSES) {
      for (;;) {
        // What a reader waits for in place of reading was asked for after all that it does not wait for.
        const isLast = this.#taken.areHeldBack;
        const next = this.#lines.next(workClass, isLast, now);
        if (next === undefined || !this.#hasPlace(workClass, next.waiter, now)) break;
        const waiting = next.line.waiting[workClass];
        if (isLast) waiting.pop();
        else waiting.shift();
        next.waiter.admit(this.#take(workClass, next.line, next.waiter.bound));
      }
    }
    this.#setTimer(now);
  }

  /** For the end of the first wait that somebody waits for: a timer keeps the process alive, and nobody else does. */
  #setTimer(now: number): void {
    this.#stopTimer();
    const end = this.#lines.firstEnd(now);
    if (end === Infinity) return;
    this.#cancelTimer = this.#clock.after(Math.max(1, Math.ceil(end - now)), () => {
      this.#cancelTimer = null;
      this.#admitWaiting();
      for (const line of this.#lines) line.wake();
    });
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #toldPlaces(places: number | undefined): void {
    if (places !== undefined) this.#size.setPlaces(places);
    this.#admitWaiting();
    // Those who are left begin to wait.
    for (const { waiting } of this.#lines) for (const waiter of waiting.batch) waiter.wake();
  }
}
