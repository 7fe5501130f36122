// The right to run one request at an endpoint, and what its holder tells of it.

import type { WorkClass } from "../call-scope.ts";
import type { ErrorInfo } from "../types.ts";
import type { WaitPolicy } from "./shared-wait.ts";

/** Requests at once at an endpoint from which on somebody's next one waits. Asked anew each time: the settings may change. */
export type Bound = () => number;

/** What begins takes a place more; what has begun has its prompt already, or is asked in the making of one: it comes first. */
export type Standing = "begins" | "begun";

/** Every method does nothing after `release`, and after `park` only `release` does anything. */
export interface Place {
  /** The provider has taken the request on; may be told again. `exhaustedForMs`: it said that a limit is used up for so long. */
  accepted(exhaustedForMs?: number): void;
  /** A whole answer came. */
  answered(): void;
  /** True: the provider is kept from sending on, since what has come of the answer is not being read; false: it is again. */
  heldBack(isHeldBack: boolean): void;
  /** The provider has too much to do, or was asked too much. */
  refused(error: ErrorInfo, policy: WaitPolicy): void;
  /**
   * The request has failed otherwise. Whether everything that is asked there now would fail, so that batch work waits together until
   * the server is back: it has answered before, and nobody is there any more, or nothing but failures came since. Always false for
   * a chat, which has a person waiting for it.
   */
  failed(error: ErrorInfo, policy: WaitPolicy): boolean;
  /**
   * The request's prompt waits for other requests. The place is for whatever has begun meanwhile, and nothing else begins for it;
   * the holder takes another one, as one who has begun, and then releases this.
   */
  park(): void;
  readonly isParked: boolean;
  /** To be called once it is over, however it ended. */
  release(): void;
}

/** Who lent the place, and hears of it while it is held. */
export interface Lender {
  accepted(place: HeldPlace, exhaustedForMs: number | undefined): void;
  answered(place: HeldPlace): void;
  heldBack(place: HeldPlace, isHeldBack: boolean): void;
  refused(place: HeldPlace, error: ErrorInfo, policy: WaitPolicy): void;
  failed(place: HeldPlace, error: ErrorInfo, policy: WaitPolicy): boolean;
  parked(place: HeldPlace): void;
  released(place: HeldPlace, wasParked: boolean): void;
}

/** What is known of a place from the first. */
type Lent = Pick<HeldPlace, "workClass" | "bound" | "beside" | "era" | "begunAt">;

export class HeldPlace implements Place {
  readonly workClass: WorkClass;
  /** Of who has it. */
  readonly bound: Bound;
  /** It was lent while as many ran as may. */
  readonly beside: boolean;
  /** Of the limiter, when the place was taken. */
  readonly era: number;
  /** Milliseconds, by the limiter's clock. */
  readonly begunAt: number;
  /** The provider has not taken the request on yet. For the lender. */
  unanswered = true;
  /** Its answer waits for its reader. For the lender. */
  isHeldBack = false;
  readonly #lender: Lender;
  #state: "held" | "parked" | "released" = "held";

  constructor(lender: Lender, { workClass, bound, beside, era, begunAt }: Lent) {
    this.#lender = lender;
    this.workClass = workClass;
    this.bound = bound;
    this.beside = beside;
    this.era = era;
    this.begunAt = begunAt;
  }

  accepted(exhaustedForMs?: number): void {
    if (this.#state === "held") this.#lender.accepted(this, exhaustedForMs);
  }

  answered(): void {
    if (this.#state === "held") this.#lender.answered(this);
  }

  heldBack(isHeldBack: boolean): void {
    if (this.#state === "held") this.#lender.heldBack(this, isHeldBack);
  }

  refused(error: ErrorInfo, policy: WaitPolicy): void {
    if (this.#state === "held") this.#lender.refused(this, error, policy);
  }

  failed(error: ErrorInfo, policy: WaitPolicy): boolean {
    return this.#state === "held" && this.#lender.failed(this, error, policy);
  }

  get isParked(): boolean {
    return this.#state === "parked";
  }

  park(): void {
    if (this.#state !== "held") return;
    this.#state = "parked";
    this.#lender.parked(this);
  }

  release(): void {
    if (this.#state === "released") return;
    const { isParked } = this;
    this.#state = "released";
    this.#lender.released(this, isParked);
  }
}
