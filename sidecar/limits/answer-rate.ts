// How many answers come in a time while so many requests run, and how far that may be off.

/** Fewer answers than this say nothing about a rate. */
export const LEAST_ANSWERS = 4;

/** What so many requests at once have achieved. */
export interface Measured {
  readonly size: number;
  /** Answers per millisecond. */
  readonly rate: number;
  /** Of the rate's logarithm: how far it may be off. */
  readonly variance: number;
}

/** The answers of a time that began when one of them ended, or when as many ran as may. */
export class AnswerRate {
  readonly #startedAt: number;
  #answers = 0;
  /** Milliseconds that they took, together, and the sum of the squares. */
  #took = 0;
  #squares = 0;

  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  get answers(): number {
    return this.#answers;
  }

  add(tookMs: number): void {
    this.#answers++;
    this.#took += tookMs;
    this.#squares += tookMs ** 2;
  }

  measured(size: number, now: number): Measured {
    const mean = this.#took / this.#answers;
    const scatter = mean === 0 ? 0 : Math.max(0, this.#squares / this.#answers / mean ** 2 - 1);
    return { size, rate: this.#answers / Math.max(now - this.#startedAt, 0.001), variance: scatter / this.#answers };
  }
}

/** The logarithm of what the rates are to each other where that part of the growth in requests is gained. */
export function logOfGain(part: number, base: Measured, now: Measured): number {
  return Math.log(1 + part * (now.size / base.size - 1));
}
