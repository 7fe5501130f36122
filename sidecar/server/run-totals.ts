// What a run over many files came to: how its answers ended, and what they cost together.

import type { GatherEnded } from "../protocol.ts";
import type { EndEvent, Usage } from "../types.ts";

export function runTotals(run: string, ends: readonly EndEvent[]): GatherEnded {
  const count = (...statuses: readonly EndEvent["status"][]): number => ends.filter(({ status }) => statuses.includes(status)).length;
  const used = ends.filter(({ usage }) => usage !== null);
  const costs = used.map(({ cost }) => cost);
  // One answer of unknown price makes the sum unknown.
  const known = costs.filter((cost) => cost !== undefined);
  const amount = known.reduce((sum, cost) => sum + cost.amount, 0);
  return {
    run,
    complete: count("complete"),
    failed: count("error", "incomplete"),
    cancelled: count("cancelled"),
    usage: sumOf(used.flatMap(({ usage }) => (usage === null ? [] : [usage]))),
    ...(known.length > 0 && known.length === costs.length ? { cost: { amount, currency: "USD" } } : {}),
  };
}

/** Null where no answer used anything. An estimate among them makes the sum one. */
function sumOf(usages: readonly Usage[]): Usage | null {
  if (usages.length === 0) return null;
  const sum = (field: "inputTokens" | "outputTokens" | "cachedTokens" | "reasoningTokens"): number =>
    usages.reduce((total, usage) => total + (usage[field] ?? 0), 0);
  const [cachedTokens, reasoningTokens] = [sum("cachedTokens"), sum("reasoningTokens")];
  return {
    inputTokens: sum("inputTokens"),
    outputTokens: sum("outputTokens"),
    ...(cachedTokens === 0 ? {} : { cachedTokens }),
    ...(reasoningTokens === 0 ? {} : { reasoningTokens }),
    ...(usages.some(({ estimated }) => estimated === true) ? { estimated: true } : {}),
  };
}
