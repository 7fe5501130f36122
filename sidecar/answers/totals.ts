// What many answers took together.

import type { Cost, EndEventBody, Usage } from "../types.ts";

export interface Totals {
  /** Null where nothing was used. */
  readonly usage: Usage | null;
  /** Absent as soon as one answer's price is unknown: a sum of some would be taken for the whole. */
  readonly cost?: Cost;
}

export function totalsOf(ends: readonly Pick<EndEventBody, "usage" | "cost">[]): Totals {
  const [only] = ends;
  if (only !== undefined && ends.length === 1) {
    const { usage, cost } = only;
    return usage === null || cost === undefined ? { usage } : { usage, cost };
  }
  const used = ends.filter((end) => end.usage !== null);
  const usage = used.reduce<Usage | null>((sum, end) => (end.usage === null ? sum : add(sum, end.usage)), null);
  const costs = used.map(({ cost }) => cost).filter((cost) => cost !== undefined);
  if (used.length === 0 || costs.length < used.length) return { usage };
  return { usage, cost: sumOf(costs) };
}

function sumOf(costs: readonly Cost[]): Cost {
  const amount = costs.reduce((sum, cost) => sum + cost.amount, 0);
  const sources = new Set(costs.map(({ source }) => source));
  const [source] = sources.size === 1 ? sources : [];
  return { amount, currency: "USD", ...(source === undefined ? {} : { source }) };
}

/** One estimate makes the sum an estimate. What some answers do not tell counts as nothing. */
function add(sum: Usage | null, usage: Usage): Usage {
  const cached = addOptional(sum?.cachedTokens, usage.cachedTokens);
  const written = addOptional(sum?.cacheWriteTokens, usage.cacheWriteTokens);
  const writtenForAnHour = addOptional(sum?.cacheWriteHourTokens, usage.cacheWriteHourTokens);
  const reasoning = addOptional(sum?.reasoningTokens, usage.reasoningTokens);
  return {
    inputTokens: (sum?.inputTokens ?? 0) + usage.inputTokens,
    outputTokens: (sum?.outputTokens ?? 0) + usage.outputTokens,
    ...(cached === undefined ? {} : { cachedTokens: cached }),
    ...(written === undefined ? {} : { cacheWriteTokens: written }),
    ...(writtenForAnHour === undefined ? {} : { cacheWriteHourTokens: writtenForAnHour }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
    ...(sum?.estimated === true || usage.estimated === true ? { estimated: true } : {}),
  };
}

function addOptional(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}
