// The right to run one request at an endpoint, and what its holder tells of it.

import type { WorkClass } from "../call-scope.ts";
import type { ErrorInfo } from "../types.ts";
import type { WaitPolicy } from "./shared-wait.ts";

/** Requests at once at an endpoint from which on somebody's next one waits. Asked anew each time: the settings may change. */
export type Bound = () => number;

/** Every method does nothing after `release`. */
export interface Place {
  /** The provider has taken the request on; may be told again. `exhaustedForMs`: it said that a limit is used up for so long. */
  accepted(exhaustedForMs?: number): void;
  /** A whole answer came. */
  answered(): void;
  /** The provider has too much to do, or was asked too much. */
  refused(error: ErrorInfo, policy: WaitPolicy): void;
  /** To be called once it is over, however it ended. */
  release(): void;
}

/** Who lent the place, and hears of it while it is held. */
export interface Lender {
  accepted(place: HeldPlace, exhaustedForMs: number | undefined): void;
  answered(place: HeldPlace): void;
  refused(place: HeldPlace, error: ErrorInfo, policy: WaitPolicy): void;
  released(place: HeldPlace): void;
}

/** What is known of a place from the first. */
type Lent = Pick<HeldPlace, "workClass" | "bound" | "beside" | "era" | "begunAt">;

export class HeldPlace implements Place {
  readonly workClass: WorkClass;
  /** Of who has it. */
  readonly bound: Bound;
  /** It was lent to a chat while as many ran as may. */
  readonly beside: boolean;
  /** Of the limiter, when the place was taken. */
  readonly era: number;
  /** Milliseconds, by the limiter's clock. */
  readonly begunAt: number;
  /** The provider has not taken the request on yet. For the lender. */
  unanswered = true;
  readonly #lender: Lender;
  #held = true;

  constructor(lender: Lender, { workClass, bound, beside, era, begunAt }: Lent) {
    this.#lender = lender;
    this.workClass = workClass;
    this.bound = bound;
    this.beside = beside;
    this.era = era;
    this.begunAt = begunAt;
  }

  accepted(exhaustedForMs?: number): void {
    if (this.#held) this.#lender.accepted(this, exhaustedForMs);
  }

  answered(): void {
    if (this.#held) this.#lender.answered(this);
  }

  refused(error: ErrorInfo, policy: WaitPolicy): void {
    if (this.#held) this.#lender.refused(this, error, policy);
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#lender.released(this);
  }
}
