// The Markdown that `parley gather --report` writes: a section for each file, whatever became of it.

import type { Totals } from "../answers/totals.ts";
import type { ModelRef } from "../types.ts";

export interface ReportItem {
  readonly item: string;
  readonly model: ModelRef;
  readonly content: string;
  /** Why it is not whole; absent for a complete answer. */
  readonly problem?: string;
}

export interface Report {
  readonly prompt: string;
  readonly models: readonly ModelRef[];
  readonly items: readonly ReportItem[];
  readonly totals: Totals;
}

export function reportMarkdown({ prompt, models, items, totals }: Report): string {
  const sections = items.map((item) => section(item, models.length > 1));
  return `# ${oneLine(prompt)}\n\n${sections.join("\n")}\n---\n\n${footer(models, items, totals)}\n`;
}

function section({ item, model, content, problem }: ReportItem, severalModels: boolean): string {
  const heading = `## ${oneLine(item)}${severalModels ? ` (${oneLine(model)})` : ""}`;
  const parts = [heading];
  if (content.trim() !== "") parts.push(content.trim());
  else if (problem === undefined) parts.push("> The model answered with no text.");
  if (problem !== undefined) parts.push(`> **Not complete:** ${oneLine(problem)}`);
  return `${parts.join("\n\n")}\n`;
}

function footer(models: readonly ModelRef[], items: readonly ReportItem[], { usage, cost }: Totals): string {
  const failed = items.filter(({ problem }) => problem !== undefined).length;
  const parts = [`${items.length - failed} of ${items.length} complete`, `by ${models.join(", ")}`];
  if (usage !== null) {
    const { inputTokens, outputTokens, cachedTokens = 0 } = usage;
    const cached = cachedTokens === 0 ? "" : ` (${cachedTokens} of them cached)`;
    parts.push(`${usage.estimated === true ? "about " : ""}${inputTokens} tokens in${cached}, ${outputTokens} out`);
  }
  if (cost !== undefined) parts.push(`${priceOf(cost.amount)}${cost.source === "bundled" ? ", by published prices" : ""}`);
  return parts.join("; ");
}

/** US dollars. What ran here costs nothing, and what costs little is not said to cost nothing. */
function priceOf(amount: number): string {
  if (amount === 0) return "at no cost";
  return amount < 0.0001 ? "less than $0.0001" : `$${amount.toFixed(4)}`;
}

/** Line breaks would end a heading, and a leading blank would make it none. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, " ").trim();
}
