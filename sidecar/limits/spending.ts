// What one answer takes from the budgets of the runs that it is part of, outermost first: a request goes out when all of
// them have room for it.

import { estimateInputTokens } from "../answers/token-estimate.ts";
import { cacheWritesOf } from "../providers/cache-marks.ts";
import type { ModelRequest, ReportedUsage } from "../providers/provider.ts";
import { providerRow } from "../providers/registry.ts";
import { isOtherTier } from "../providers/service-tier.ts";
import type { Cost, ModelRef } from "../types.ts";
import { notSentAgain, type Budget, type Need, type Reservation, type Tariff } from "./budget.ts";

export class Spending {
  readonly #budgets: readonly Budget[];
  readonly #ref: ModelRef;
  readonly #tariff: () => Promise<Tariff | undefined>;
  #reserved: readonly Reservation[] | null = null;

  constructor(budgets: readonly Budget[], ref: ModelRef, tariff: () => Promise<Tariff | undefined>) {
    this.#budgets = budgets;
    this.#ref = ref;
    this.#tariff = tariff;
  }

  /** There is a budget that the answer counts for. */
  get isCounted(): boolean {
    return this.#budgets.length > 0;
  }

  /** What this request may take; null where nothing has to be reserved for it, or has been. */
  async need(request: ModelRequest): Promise<Need | null> {
    if (this.#budgets.length === 0 || this.#reserved !== null) return null;
    const provider = this.#ref.slice(0, this.#ref.indexOf("/"));
    const row = providerRow(provider);
    const { parameters } = request;
    const options = parameters.providerOptions?.[provider];
    const writes = row === undefined ? undefined : cacheWritesOf(request, row, options);
    return {
      inputTokens: estimateInputTokens(request),
      outputTokens: parameters.maxOutputTokens,
      // Whoever knows it may have to be asked.
      tariff: this.#budgets.some((budget) => budget.isInMoney) ? await this.#tariff() : undefined,
      ...(writes === undefined ? {} : { writes }),
      ...(isOtherTier(options, row) ? { otherTier: true } : {}),
      model: this.#ref,
    };
  }

  /** False: there is no room now. Throws as `Budget.tryReserve` does. */
  tryReserve(need: Need): boolean {
    const reserved: Reservation[] = [];
    try {
      for (const budget of this.#budgets) {
        const reservation = budget.tryReserve(need);
        if (reservation === undefined) break;
        reserved.push(reservation);
      }
    } finally {
      if (reserved.length === this.#budgets.length) this.#reserved = reserved;
      else for (const reservation of reserved) reservation.cancel();
    }
    return this.#reserved !== null;
  }

  /** Waits for room. Throws as `tryReserve` does, and the signal's reason. */
  async reserve(need: Need, signal: AbortSignal): Promise<void> {
    const reserved: Reservation[] = [];
    try {
      for (const budget of this.#budgets) reserved.push(await budget.reserve(need, signal));
      this.#reserved = reserved;
    } catch (error) {
      for (const reservation of reserved) reservation.cancel();
      throw error;
    }
  }

  /** The request is sent once more. Throws `budget-exhausted` where a budget has no room for that. */
  repeat(): void {
    const reserved = this.#reserved ?? [];
    if (!reserved.every((reservation) => reservation.mayRepeat())) throw notSentAgain();
    for (const reservation of reserved) reservation.repeat();
  }

  /** See `Reservation`. */
  heldBack(isHeldBack: boolean): void {
    for (const reservation of this.#reserved ?? []) reservation.heldBack(isHeldBack);
  }

  /** The request is over. Null: nothing was done for it. Does nothing where nothing is reserved. */
  settle(usage: ReportedUsage | null, cost?: Cost): void {
    for (const reservation of this.#reserved ?? []) reservation.settle(usage, cost);
    this.#reserved = null;
  }

  /** The request did not go out. */
  cancel(): void {
    for (const reservation of this.#reserved ?? []) reservation.cancel();
    this.#reserved = null;
  }
}
