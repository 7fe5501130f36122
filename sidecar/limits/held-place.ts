// A place while it is held, and who lent it.

import type { WorkClass } from "../call-scope.ts";
import type { ErrorInfo } from "../types.ts";
import type { ModelLine } from "./model-lines.ts";
import type { Bound, Place } from "./place.ts";
import type { WaitPolicy } from "./shared-wait.ts";

/** Who lent the place, and hears of it while it is held. */
export interface Lender {
  accepted(place: HeldPlace, exhaustedForMs: number | undefined): void;
  spoke(place: HeldPlace): void;
  answered(place: HeldPlace): void;
  heldBack(place: HeldPlace, isHeldBack: boolean): void;
  refused(place: HeldPlace, error: ErrorInfo, policy: WaitPolicy): void;
  failed(place: HeldPlace, error: ErrorInfo, policy: WaitPolicy, request: object): boolean;
  parked(place: HeldPlace): void;
  released(place: HeldPlace, wasParked: boolean): void;
}

/** What is known of a place from the first. */
type Lent = Pick<HeldPlace, "workClass" | "line" | "bound" | "beside" | "era" | "begunAt">;

export class HeldPlace implements Place {
  readonly workClass: WorkClass;
  /** Of the model that is asked. */
  readonly line: ModelLine;
  /** Of that line, when the place was taken. */
  readonly lineEra: number;
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
  #hasSpoken = false;

  constructor(lender: Lender, { workClass, line, bound, beside, era, begunAt }: Lent) {
    this.#lender = lender;
    this.workClass = workClass;
    this.line = line;
    this.lineEra = line.era;
    this.bound = bound;
    this.beside = beside;
    this.era = era;
    this.begunAt = begunAt;
  }

  accepted(exhaustedForMs?: number): void {
    if (this.#state === "held") this.#lender.accepted(this, exhaustedForMs);
  }

  spoke(): void {
    if (this.#hasSpoken || this.#state !== "held") return;
    this.#hasSpoken = true;
    this.#lender.spoke(this);
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

  failed(error: ErrorInfo, policy: WaitPolicy, request: object): boolean {
    return this.#state === "held" && this.#lender.failed(this, error, policy, request);
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
