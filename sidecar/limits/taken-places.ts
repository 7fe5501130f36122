// Which of an endpoint's places are taken, by whom, and how far those are that have them.

import type { WorkClass } from "../call-scope.ts";
import type { HeldPlace } from "./held-place.ts";
import type { Standing } from "./place.ts";

type Count = Record<WorkClass, number>;

const none = (): Count => ({ foreground: 0, batch: 0 });

export class TakenPlaces {
  readonly #active = none();
  readonly #parked = none();
  /** Of the active ones: those that went out while as many ran as may. */
  #beside = 0;
  /** Of the active ones: those whose answer waits for its reader. */
  #heldBack = 0;

  get active(): number {
    return total(this.#active);
  }

  get parked(): number {
    return total(this.#parked);
  }

  /** Somebody has one who went out while as many ran as may. */
  get anyBeside(): boolean {
    return this.#beside > 0;
  }

  /** Nobody of those who have one gets any further before somebody reads. */
  get areHeldBack(): boolean {
    return this.#heldBack > 0 && this.#heldBack === this.active;
  }

  chats(): number {
    return this.#active.foreground;
  }

  /** Those that count against one more of this class. */
  parkedFor(workClass: WorkClass, standing: Standing): number {
    if (standing === "begun") return 0;
    return workClass === "foreground" ? this.#parked.foreground : this.parked;
  }

  take({ workClass, line, beside }: HeldPlace): void {
    this.#active[workClass]++;
    line.unanswered[workClass]++;
    line.running++;
    if (beside) this.#beside++;
  }

  park(place: HeldPlace): void {
    this.giveBack(place);
    this.#parked[place.workClass]++;
  }

  giveBackParked({ workClass }: HeldPlace): void {
    this.#parked[workClass]--;
  }

  giveBack(place: HeldPlace): void {
    this.heard(place);
    this.holdBack(place, false);
    this.#active[place.workClass]--;
    place.line.running--;
    if (place.beside) this.#beside--;
  }

  heard(place: HeldPlace): void {
    if (place.unanswered) place.line.unanswered[place.workClass]--;
    place.unanswered = false;
  }

  holdBack(place: HeldPlace, isHeldBack: boolean): void {
    if (place.isHeldBack === isHeldBack) return;
    place.isHeldBack = isHeldBack;
    this.#heldBack += isHeldBack ? 1 : -1;
    place.line.running += isHeldBack ? -1 : 1;
  }
}

const total = ({ foreground, batch }: Count): number => foreground + batch;
