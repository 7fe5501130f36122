// How many requests at once an endpoint bears, learned from what becomes of them. Pure: it is told what happens and when.
//
// Growth is judged in rounds. A round is as many answers as may run at once, all of them while every place was taken: with
// free places nothing can be said about more of them. The measure is answers per second. Tokens per second would be known
// sooner, but they do not count the reading of long prompts and the thinking in silence, which are what keeps many servers
// busy, and providers send them in pieces of any size; an answer is what whoever waits for a batch waits for.
//
// Sooner than their rate, and without a look at more of them, the answers themselves may tell that the server gives no more at once
// than so many: see `Overlap`. Then that many are checked; as long as it is in doubt, nothing grows. Where they prove to be worse, something
// else keeps the answers apart, and what they tell of this is not listened to any more.
//
// What is asked changes meanwhile, and how long answers take scatters widely. So a size is said to gain nothing only where that
// is beyond the scatter of the answers, or stays so for long, and only after the size below it has been measured once more: if that
// has become as slow as well, it was the work that changed.
//
//   doubling   from the start: twice as many after each round, as long as that raises the answers per second
//   checking   back at half of what seemed to gain nothing, to see that this is as good
//   descending at half of what is held, as long as that is as good too: chance may have let growth go on too far
//   climbing   after a refusal: from half of what was refused, one more after each round, up to one less than that
//   holding    just below what was refused, or at what made more requests worth nothing; measures on
//   probing    seldom: once more at that size, to learn whether things have changed

import { AnswerRate, LEAST_ANSWERS, logOfGain, type Measured } from "./answer-rate.ts";
import { Overlap, type Spoken } from "./overlap.ts";

/** Times its size that the answers of a round may be, as long as they leave in doubt whether there is a gain. */
const MOST_ROUNDS = 3;
/** The same where fewer are tried: what is given up wrongly is missed for long. */
const MOST_ROUNDS_OF_FEWER = 6;
/** The part of the growth in requests by which answers per second must rise: doubled requests, a quarter more answers. */
const LEAST_GAIN = 0.25;
/** The same where it is believed at once. */
const CLEAR_GAIN = 0.6;
/** Standard errors by which the measured gain must miss the least one before there is said to be none. */
const CERTAINTY = 1.5;
/** The same by which it must exceed that against what the answers themselves tell. */
const CERTAINTY_AGAINST = 2.5;
/** The doubt up to which the server is believed to give no more at once, and up to which more answers are waited for before growing. */
const DOUBT = { believed: 0.03, waited: 0.35 };
const MOST_TO_LEAP_FROM = 4;
/** Milliseconds between learning that a size is too much and trying it again; doubled each time that it is still too much. */
const PROBE_AFTER_MS = { refused: 5 * 60_000, "no-gain": 60_000 };
const MOST_DOUBLINGS_OF_PROBE = 4;
/** Answers in the meantime, beside the time: what was idle has learned nothing. */
const PROBE_AFTER_ANSWERS = 20;

type Phase = "doubling" | "checking" | "descending" | "climbing" | "holding" | "probing";

type Gain = "yes" | "rather-yes" | "rather-no" | "no";

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
  readonly came: AnswerRate;
  /** Answers that end the round. */
  needed: number;
  /** No answer of it was begun at another size. */
  readonly settled: boolean;
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
  #baseline: Measured | null = null;
  /** What seemed to gain nothing, while that is checked. */
  #doubted: Measured | null = null;
  #round: Round | null = null;
  /** When anything was heard last. */
  #now = -Infinity;
  /** When there came to be this size. */
  #since = -Infinity;
  /** What the answers tell since then. */
  #overlap: Overlap | null = null;
  /** What is checked was doubted for that. */
  #doubtedByOverlap = false;
  #isMisleading = false;

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

  /** Who knows the provider need not begin as low as others. What was learned in the meantime stays. False: that changes nothing. */
  startWith(start: number): boolean {
    if (atLeastOne(start) <= this.#start) return false;
    this.#start = atLeastOne(start);
    this.#resize(this.#leastSize());
    return true;
  }

  /** The server has told how many requests it works on at once: more would only lie in its queue. */
  setPlaces(places: number): void {
    if (atLeastOne(places) === this.#places) return;
    this.#places = atLeastOne(places);
    this.#ceiling = null;
    this.#doubted = null;
    this.#phase = "doubling";
    this.#resize(this.#places);
  }

  /** As many run as may. */
  full(now: number): void {
    this.#now = now;
    this.#round ??= this.#newRound(now);
    this.#overlap ??= new Overlap(this.#size, this.#since);
  }

  /** A round that was broken off by something else than refusals says nothing: a common wait, a lack of work. */
  interrupt(): void {
    this.#round = null;
  }

  /** A whole answer came after so many milliseconds. `full`: as many ran as may. `spoken`: what is known of when it was spoken. */
  answered(now: number, full: boolean, tookMs: number, spoken?: Spoken): void {
    this.#now = now;
    if (this.#ceiling !== null) this.#ceiling.answers++;
    if (full && spoken !== undefined) this.#overlap?.add(now, tookMs, spoken);
    if (full && this.#seemsToGiveNoMore(now)) return;
    const round = full ? this.#round : null;
    if (round === null) {
      this.#round = full ? this.#newRound(now) : null;
      return;
    }
    round.came.add(tookMs);
    if (round.came.answers < round.needed) return;
    this.#round = null;
    this.#endRound(now, round);
    this.#round ??= this.#newRound(now);
  }

  /** The provider has refused a request because of too many. To be told once for all that were under way then. */
  refused(now: number, underWay: number): void {
    this.#now = now;
    const size = Math.max(1, Math.min(underWay, this.#size));
    const known = this.#ceiling;
    const held = known?.why === "no-gain" ? (this.#baseline?.size ?? 1) : (known?.size ?? 1) - 1;
    this.#baseline = null;
    this.#doubted = null;
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

  /** Whether the answers tell now that the server gives fewer at once than may run. Then it is tried what as many as it gives achieve. */
  #seemsToGiveNoMore(now: number): boolean {
    const overlap = this.#overlap;
    if (overlap === null || this.#isMisleading || this.#phase === "climbing" || overlap.doubt(now) > DOUBT.believed) return false;
    const achieved = overlap.achieved(now);
    if (achieved === undefined) return false;
    const base = this.#baseline;
    if (base !== null && base.size < this.#size && base.size >= overlap.most && this.#gains(base, achieved, "spoken-against") === "yes") {
      this.#isMisleading = true;
      return false;
    }
    this.#doubted = achieved;
    this.#doubtedByOverlap = true;
    this.#phase = "checking";
    // From many at once not at a leap: what keeps them apart may be something else, and then far too few would run meanwhile.
    this.#resize(this.#size <= MOST_TO_LEAP_FROM ? overlap.most : Math.max(overlap.most, Math.ceil(this.#size / 2)));
    return true;
  }

  #endRound(now: number, round: Round): void {
    const measured = round.came.measured(this.#size, now);
    switch (this.#phase) {
      case "doubling":
      case "probing":
        this.#judge(now, round, measured);
        return;
      case "checking":
        this.#check(now, round, measured);
        return;
      case "descending":
        this.#compareFewer(now, round, measured);
        return;
      case "climbing":
        if (this.#ceiling !== null && this.#size >= this.#ceiling.size - 1) this.#hold(this.#size);
        else this.#resize(this.#size + 1);
        return;
      case "holding":
        this.#baseline = measured;
        if (this.#probeIsDue(now)) this.#probe();
    }
  }

  #judge(now: number, round: Round, measured: Measured): void {
    if (this.#phase === "probing" && this.#ceiling?.why === "refused") {
      this.#ceiling = null;
      this.#phase = "climbing";
      return;
    }
    const base = this.#baseline;
    const gain = base === null || base.size >= this.#size ? "yes" : this.#gains(base, measured);
    if (this.#goesOn(now, round, gain)) return;
    if (base === null || gain === "yes" || gain === "rather-yes") this.#grow(measured);
    else {
      this.#doubted = measured;
      this.#doubtedByOverlap = false;
      this.#phase = "checking";
      this.#resize(base.size);
    }
  }

  /** Whether less has become slow as well. */
  #check(now: number, round: Round, measured: Measured): void {
    const doubted = this.#doubted;
    if (doubted === null) return;
    const gain = this.#gains(measured, doubted, this.#doubtedByOverlap ? "spoken-against" : "more");
    if (this.#goesOn(now, round, gain)) return;
    this.#doubted = null;
    if (gain === "yes" || gain === "rather-yes") {
      this.#isMisleading ||= this.#doubtedByOverlap;
      this.#grow(doubted);
      return;
    }
    const known = this.#ceiling;
    const vainProbes = known?.size === doubted.size ? known.vainProbes + 1 : 0;
    this.#ceiling = { size: doubted.size, why: "no-gain", since: now, vainProbes, answers: 0 };
    this.#settleAt(measured);
  }

  /** At what is as good as more; half of it is tried as well, down to one: what only lies in the server's queue lies there before every chat. */
  #settleAt(measured: Measured): void {
    this.#baseline = measured;
    const fewer = Math.ceil(measured.size / 2);
    if (fewer === measured.size) {
      this.#hold(measured.size);
      return;
    }
    this.#phase = "descending";
    this.#resize(fewer);
  }

  /** Whether what is held gains anything over half of it. */
  #compareFewer(now: number, round: Round, measured: Measured): void {
    const above = this.#baseline;
    if (above === null) return;
    const gain = this.#gains(measured, above, "fewer");
    if (this.#goesOn(now, round, gain)) return;
    if (gain === "yes" || gain === "rather-yes") {
      this.#hold(above.size);
      return;
    }
    this.#ceiling = { size: above.size, why: "no-gain", since: now, vainProbes: 0, answers: 0 };
    this.#settleAt(measured);
  }

  /**
   * What gained nothing before, or what the answers speak against, must be as certain to gain now: otherwise chance would let it in
   * sooner or later.
   */
  #gains(base: Measured, now: Measured, tried: "more" | "fewer" | "spoken-against" = "more"): Gain {
    const gain = Math.log(now.rate / base.rate);
    const above = gain - logOfGain(LEAST_GAIN, base, now);
    const error = (tried === "spoken-against" ? CERTAINTY_AGAINST : CERTAINTY) * Math.sqrt(base.variance + now.variance);
    if (above < -error) return "no";
    const doubtful = above < error && (tried === "spoken-against" || (tried === "more" && this.#ceiling !== null));
    if (gain >= logOfGain(CLEAR_GAIN, base, now) && !doubtful) return "yes";
    return above < 0 || doubtful ? "rather-no" : "rather-yes";
  }

  /** From what has proved to gain something. */
  #grow(measured: Measured): void {
    this.#baseline = measured;
    this.#ceiling = null;
    this.#phase = "doubling";
    this.#resize(measured.size * 2);
  }

  /**
   * A second round is measured alone, since in the first one the answers end that another size has begun, and is gone on with
   * until it is clear or was long enough.
   */
  #goesOn(now: number, round: Round, gain: Gain): boolean {
    const rounds = this.#phase === "descending" ? MOST_ROUNDS_OF_FEWER : MOST_ROUNDS;
    const most = rounds * Math.max(this.#doubted?.size ?? this.#size, LEAST_ANSWERS);
    if (gain === "yes" && this.#phase !== "checking" && this.#phase !== "descending") {
      if (this.#isMisleading || (this.#overlap?.doubt(now) ?? 1) > DOUBT.waited || round.came.answers >= most) return false;
      round.needed++;
      this.#round = round;
      return true;
    }
    if (!round.settled) {
      const again = this.#newRound(now);
      this.#round = { ...again, settled: true, needed: 2 * again.needed };
      return true;
    }
    if (gain === "yes" || gain === "no" || round.came.answers >= most) return false;
    round.needed = Math.min(round.came.answers * 2, most);
    this.#round = round;
    return true;
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
    const after = PROBE_AFTER_MS[ceiling.why] * 2 ** Math.min(ceiling.vainProbes, MOST_DOUBLINGS_OF_PROBE);
    return now - ceiling.since >= after && ceiling.answers >= Math.max(PROBE_AFTER_ANSWERS, this.#size);
  }

  #probe(): void {
    if (this.#ceiling === null) return;
    this.#phase = "probing";
    this.#resize(this.#ceiling.size);
  }

  #newRound(now: number): Round {
    return { came: new AnswerRate(now), needed: Math.max(this.#size, LEAST_ANSWERS), settled: false };
  }

  #resize(size: number): void {
    this.#round = null;
    this.#overlap = null;
    this.#since = this.#now;
    this.#size = Math.max(1, Math.min(size, this.#most, this.#places));
  }
}

function atLeastOne(size: number): number {
  return Number.isFinite(size) ? Math.max(1, Math.floor(size)) : 1;
}
