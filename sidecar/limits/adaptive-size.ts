// How many requests at once an endpoint bears, learned from what becomes of them. Pure: it is told what happens and when.
//
// Growth is judged in rounds. A round is as many answers as may run at once, all of them while every place was taken: with
// free places nothing can be said about more of them. The measure is answers per second. Tokens per second would be known
// sooner, but they do not count the reading of long prompts and the thinking in silence, which are what keeps many servers
// busy, and providers send them in pieces of any size; an answer is what whoever waits for a batch waits for.
//
//   doubling   from the start: twice as many after each round, as long as that raises the answers per second
//   climbing   after a refusal: from half of what was refused, one more after each round, up to one less than that
//   holding    just below what was refused, or at what made more requests worth nothing; measures on
//   probing    seldom: once more at that size, to learn whether things have changed

/** Fewer answers than this say nothing about a rate. */
const LEAST_ANSWERS = 4;
/** The part of the growth in requests by which answers per second must rise: doubled requests, a quarter more answers. */
const LEAST_GAIN = 0.25;
/** Milliseconds between learning that a size is too much and trying it again; doubled each time that it is still too much. */
const PROBE_AFTER_MS = 5 * 60_000;
const MOST_DOUBLINGS_OF_PROBE = 4;
/** Answers in the meantime, beside the time: what was idle has learned nothing. */
const PROBE_AFTER_ANSWERS = 20;

type Phase = "doubling" | "climbing" | "holding" | "probing";

/** A size that is too much. */
interface Ceiling {
  readonly size: number;
  readonly why: "refused" | "no-gain";
  readonly since: number;
  /** Times that it was tried again in vain. */
  readonly vainProbes: number;
  answers: number;
}

interface Round {
  readonly startedAt: number;
  /** Those that end the round. */
  readonly needed: number;
  /** A size that seems to gain nothing gets a second round before that is believed. */
  readonly again: boolean;
  answers: number;
}

export class AdaptiveSize {
  readonly #most: number;
  /** Places that the server itself says it has. */
  #places = Infinity;
  #start: number;
  #size: number;
  #phase: Phase = "doubling";
  #ceiling: Ceiling | null = null;
  /** What fewer requests at once have achieved. */
  #baseline: { readonly size: number; readonly rate: number } | null = null;
  #round: Round | null = null;

  /** `most`: never more than this. */
  constructor(most: number, start: number) {
    this.#most = atLeastOne(most);
    this.#start = atLeastOne(start);
    this.#size = Math.min(this.#start, this.#most);
  }

  get size(): number {
    return this.#size;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The provider itself has refused more than this at once, as far as anybody has tried lately. */
  get isRefusedAbove(): boolean {
    return this.#ceiling?.why === "refused";
  }

  /** Who knows the provider need not begin as low as others. What was learned in the meantime stays. */
  set start(start: number) {
    if (atLeastOne(start) <= this.#start) return;
    this.#start = atLeastOne(start);
    this.#resize(this.#leastSize());
  }

  /** The server has told how many requests it works on at once: more would only lie in its queue. */
  setPlaces(places: number): void {
    if (atLeastOne(places) === this.#places) return;
    this.#places = atLeastOne(places);
    this.#ceiling = null;
    this.#phase = "doubling";
    this.#resize(this.#places);
  }

  /** As many run as may. */
  full(now: number): void {
    this.#round ??= this.#newRound(now);
  }

  /** A round that was broken off by something else than refusals says nothing: a common wait, a lack of work. */
  interrupt(): void {
    this.#round = null;
  }

  /** A whole answer came. `full`: as many ran as may. */
  answered(now: number, full: boolean): void {
    if (this.#ceiling !== null) this.#ceiling.answers++;
    const round = full ? this.#round : null;
    if (round === null) {
      this.#round = full ? this.#newRound(now) : null;
      return;
    }
    round.answers++;
    if (round.answers < round.needed) return;
    this.#round = null;
    this.#endRound(now, round);
    this.#round ??= this.#newRound(now);
  }

  /** The provider has refused a request because of too many. To be told once for all that were under way then. */
  refused(now: number, underWay: number): void {
    const size = Math.max(1, Math.min(underWay, this.#size));
    const known = this.#ceiling;
    const held = known?.why === "no-gain" ? (this.#baseline?.size ?? 1) : (known?.size ?? 1) - 1;
    this.#baseline = null;
    if (this.#phase === "probing" && known !== null) {
      this.#ceiling = { ...known, since: now, vainProbes: known.vainProbes + 1, answers: 0 };
      this.#hold(held);
      return;
    }
    const vainProbes = known?.size === size ? known.vainProbes : 0;
    // One request alone was not too many at once: then it was too many in a time, which the waits see to.
    this.#ceiling = size === 1 ? null : { size, why: "refused", since: now, vainProbes, answers: 0 };
    this.#phase = "climbing";
    this.#resize(Math.floor(size / 2));
  }

  /** Another process has found that the endpoint bears so many at once. What was found out here counts more. */
  learnFromOthers(now: number, size: number): void {
    if (this.#ceiling !== null || this.#phase !== "doubling") return;
    this.#ceiling = { size: atLeastOne(size) + 1, why: "refused", since: now, vainProbes: 0, answers: 0 };
    this.#hold(atLeastOne(size));
  }

  #endRound(now: number, round: Round): void {
    const rate = round.answers / Math.max(now - round.startedAt, 0.001);
    switch (this.#phase) {
      case "doubling":
      case "probing":
        this.#judge(now, round, rate);
        return;
      case "climbing":
        if (this.#ceiling !== null && this.#size >= this.#ceiling.size - 1) this.#hold(this.#size);
        else this.#resize(this.#size + 1);
        return;
      case "holding":
        this.#baseline = { size: this.#size, rate };
        if (this.#probeIsDue(now)) this.#probe();
    }
  }

  #judge(now: number, round: Round, rate: number): void {
    const ceiling = this.#ceiling;
    if (this.#phase === "probing" && ceiling?.why === "refused") {
      this.#ceiling = null;
      this.#phase = "climbing";
      return;
    }
    const base = this.#baseline;
    if (base === null || base.size >= this.#size || gains(base, { size: this.#size, rate })) {
      this.#baseline = { size: this.#size, rate };
      this.#ceiling = null;
      this.#phase = "doubling";
      this.#resize(this.#size * 2);
      return;
    }
    if (!round.again) {
      this.#round = { startedAt: round.startedAt, needed: round.answers * 2, again: true, answers: round.answers };
      return;
    }
    const vainProbes = this.#phase === "probing" && ceiling !== null ? ceiling.vainProbes + 1 : 0;
    this.#ceiling = { size: this.#size, why: "no-gain", since: now, vainProbes, answers: 0 };
    this.#hold(base.size);
  }

  /** Where nothing is too much yet, no less than it begins with. */
  #leastSize(): number {
    return this.#ceiling === null && this.#phase === "doubling" ? Math.max(this.#size, this.#start) : this.#size;
  }

  #hold(size: number): void {
    this.#phase = "holding";
    this.#resize(size);
  }

  #probeIsDue(now: number): boolean {
    const ceiling = this.#ceiling;
    if (ceiling === null) return false;
    const after = PROBE_AFTER_MS * 2 ** Math.min(ceiling.vainProbes, MOST_DOUBLINGS_OF_PROBE);
    return now - ceiling.since >= after && ceiling.answers >= Math.max(PROBE_AFTER_ANSWERS, this.#size);
  }

  #probe(): void {
    if (this.#ceiling === null) return;
    this.#phase = "probing";
    this.#resize(this.#ceiling.size);
  }

  #newRound(now: number): Round {
    return { startedAt: now, needed: Math.max(this.#size, LEAST_ANSWERS), again: false, answers: 0 };
  }

  #resize(size: number): void {
    this.#round = null;
    this.#size = Math.max(1, Math.min(size, this.#most, this.#places));
  }
}

function gains(base: { readonly size: number; readonly rate: number }, now: { readonly size: number; readonly rate: number }): boolean {
  return now.rate / base.rate - 1 >= LEAST_GAIN * (now.size / base.size - 1);
}

function atLeastOne(size: number): number {
  return Number.isFinite(size) ? Math.max(1, Math.floor(size)) : 1;
}
