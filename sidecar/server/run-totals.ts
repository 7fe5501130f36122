// What a run over many files came to: how its answers ended, and what they took together.

import { totalsOf } from "../answers/totals.ts";
import type { GatherEnded } from "../protocol.ts";
import type { EndEvent } from "../types.ts";

export function runTotals(run: string, ends: readonly EndEvent[], hasBudget: boolean): GatherEnded {
  const count = (...statuses: readonly EndEvent["status"][]): number => ends.filter(({ status }) => statuses.includes(status)).length;
  return {
    run,
    complete: count("complete"),
    failed: count("error", "incomplete"),
    cancelled: count("cancelled"),
    ...(hasBudget ? { overBudget: ends.filter(({ error }) => error?.providerCode === "budget-exhausted").length } : {}),
    ...totalsOf(ends),
  };
}
