// How many answers a server gives at once, told from when they are spoken: from the first token of an answer to its end. A server
// that queues in silence never speaks more of them at once than it has slots, however many requests it has; one that works on all
// that it has speaks as many at once as chance brings together. Half a dozen answers tell the two apart, long before their rate
// does, unless they are short beside the time for which they are waited for.

/** Fewer answers than this, or than may run at once, say nothing: those that begin together end in the order in which they spoke first. */
const LEAST_ANSWERS = 4;
/** Milliseconds. What is spoken in less may have come as a whole, and then meets nobody wherever it comes from. */
const LEAST_SPOKEN_MS = 50;
/** The last part of an answer, in which another one that begins does not meet it: what ended for the server may end later here. */
const END_PART = 0.1;

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
  #answers = 0;
  #spokenMs = 0;
  #most = 0;

  /** `size` requests at once, since `now` in milliseconds. */
  constructor(size: number, now: number) {
    this.#size = size;
    this.#since = now;
  }

  /** As many as may ran when it ended. `begunAt`: when its request began; what was under way before says nothing of this size. */
  add(begunAt: number, { ms, met }: Spoken): void {
    if (begunAt < this.#since || ms < LEAST_SPOKEN_MS) return;
    this.#answers++;
    this.#spokenMs += (1 - END_PART) * ms;
    this.#most = Math.max(this.#most, met + 1);
  }

  /** The most that were spoken at once. */
  get most(): number {
    return this.#most;
  }

  /**
   * How likely it is that no more of them would have met, if each were spoken whenever it is: 0 to 1. Near 0: the server gives no
   * more at once.
   */
  doubt(now: number): number {
    if (this.#answers < Math.max(LEAST_ANSWERS, this.#size) || this.#most >= this.#size) return 1;
    const part = Math.min(this.#spokenMs / Math.max(now - this.#since, 1) / this.#size, 1);
    return atMost(this.#most - 1, this.#size - 1, part) ** this.#answers;
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
