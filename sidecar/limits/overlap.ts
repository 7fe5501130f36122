// How many answers a server gives at once, told from when they are spoken: from the first token of an answer to its end. A server
// that queues in silence never speaks more of them at once than it has slots, however many requests it has; one that works on all
// that it has speaks as many at once as chance brings together. Half a dozen answers tell the two apart, long before their rate
// does, unless they are short beside the time for which they are waited for.

import { AnswerRate, LEAST_ANSWERS, type Measured } from "./answer-rate.ts";

/** Milliseconds. What is spoken in less may have come as a whole, and then meets nobody wherever it comes from. */
const LEAST_SPOKEN_MS = 50;
/** The last part of an answer, in which another one that begins does not meet it: what ended for the server may end later here. */
const END_PART = 0.1;

/** Milliseconds by which a time can be off that was reckoned from two others. */
const ROUNDING_MS = 0.01;

/** What an answer tells of this. */
export interface Spoken {
  /** Milliseconds from its first token to its end. */
  readonly ms: number;
  /** Others that were being spoken when its first token came. */
  readonly met: number;
}

/** The answers that are being spoken at an endpoint. */
export class Speaking<Who> {
  readonly #begun = new Map<Who, { readonly at: number; met: number }>();

  get count(): number {
    return this.#begun.size;
  }

  /** The first token of somebody's answer. */
  begin(who: Who, now: number): void {
    if (!this.#begun.has(who)) this.#begun.set(who, { at: now, met: this.#begun.size });
  }

  /** It is whole. Undefined: nothing of it was seen coming. */
  end(who: Who, now: number): Spoken | undefined {
    const own = this.#begun.get(who);
    if (own === undefined) return undefined;
    this.#begun.delete(who);
    const ms = now - own.at;
    for (const other of this.#begun.values()) if (other.at > now - END_PART * ms) other.met--;
    return { ms, met: own.met };
  }

  /** Without an end that says anything. */
  leave(who: Who): void {
    this.#begun.delete(who);
  }
}

/** What the answers tell that came since so many requests were allowed at once. */
export class Overlap {
  readonly #size: number;
  readonly #since: number;
  /** When the first request of these was begun. */
  #from = Infinity;
  #answers = 0;
  #spokenMs = 0;
  #most = 0;
  /** Of the answers behind the first ones, which end together where they are given at once. */
  #rate: AnswerRate | null = null;

  /** `size` requests at once, since that time in milliseconds. */
  constructor(size: number, since: number) {
    this.#size = size;
    this.#since = since;
  }

  /** As many as may ran when it ended. What was under way before says nothing of this size. */
  add(now: number, tookMs: number, { ms, met }: Spoken): void {
    const begunAt = now - tookMs;
    if (begunAt < this.#since - ROUNDING_MS || ms < LEAST_SPOKEN_MS) return;
    this.#from = Math.min(this.#from, begunAt);
    this.#answers++;
    this.#spokenMs += (1 - END_PART) * ms;
    this.#most = Math.max(this.#most, met + 1);
    this.#rate?.add(tookMs);
    if (this.#answers === this.#size) this.#rate = new AnswerRate(now);
  }

  /** The most that were spoken at once. */
  get most(): number {
    return this.#most;
  }

  /**
   * How likely it is that no more of them would have met, if each were spoken whenever it is: 0 to 1. Near 0: the server gives no
   * more at once. Nothing is said of fewer than may run at once: those that begin together end in the order in which they spoke first.
   */
  doubt(now: number): number {
    if (this.#answers < Math.max(LEAST_ANSWERS, this.#size) || this.#most >= this.#size) return 1;
    const part = Math.min(this.#spokenMs / Math.max(now - this.#from, 1) / this.#size, 1);
    return atMost(this.#most - 1, this.#size - 1, part) ** this.#answers;
  }

  /** Undefined as long as there were too few answers to tell. */
  achieved(now: number): Measured | undefined {
    if (this.#rate === null || this.#rate.answers < Math.max(LEAST_ANSWERS, this.#size)) return undefined;
    const measured = this.#rate.measured(this.#size, now);
    // If it gives no more at once, each of them has waited for others, whose times scatter less together than one by itself.
    return { ...measured, variance: (measured.variance * this.#size) / this.#most };
  }
}

/** How likely it is to meet no more than `few` of so many, each of which is met with this chance (a binomial distribution). */
function atMost(few: number, of: number, chance: number): number {
  if (chance >= 1) return few >= of ? 1 : 0;
  let term = (1 - chance) ** of;
  let sum = term;
  for (let met = 1; met <= few; met++) {
    term *= ((of - met + 1) / met) * (chance / (1 - chance));
    sum += term;
  }
  return Math.min(sum, 1);
}
