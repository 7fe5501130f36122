// What a run over many files came to: how its answers ended, and what they took together.

import { totalsOf } from "../answers/totals.ts";
import type { GatherEnded } from "../protocol.ts";
import type { EndEvent } from "../types.ts";

/** Because of the budget. */
const NOT_SENT: ReadonlySet<string | undefined> = new Set(["budget-exhausted", "larger-than-budget"]);

export function runTotals(run: string, ends: readonly EndEvent[], hasBudget: boolean): GatherEnded {
  const count = (...statuses: readonly EndEvent["status"][]): number => ends.filter(({ status }) => statuses.includes(status)).length;
  return {
    run,
    complete: count("complete"),
    failed: count("error", "incomplete"),
    cancelled: count("cancelled"),
    ...(hasBudget ? { overBudget: ends.filter(({ error }) => NOT_SENT.has(error?.providerCode)).length } : {}),
    ...totalsOf(ends),
  };
}
