// Figures and names as people read them. Pure.

import type { Cost, CostSource, ModelRef, Timings, Usage } from "../../sidecar/types.ts";
import type { ModelView } from "../protocol.ts";
import { text, type TextKey } from "../strings.ts";

/** The name of an answer's model: that of the picker where it is the one chosen now, else the provider's own id of it. */
export function modelName(ref: ModelRef | undefined, chosen: ModelView | null): string {
  if (ref === undefined) return "";
  if (chosen?.ref === ref) return chosen.name;
  const [provider, ...rest] = ref.split("/");
  const id = rest.join("/");
  // A model that is a file is named for the file.
  return provider === "local" && /[\\/]/.test(id) ? (id.split(/[\\/]/).findLast((part) => part !== "") ?? id) : id;
}

/** 950, 1.2K, 3.4M, in the conventions of the page's language. */
export function shortNumber(value: number, language: string): string {
  return new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** Milliseconds where tenths of a second would say nothing; under ten seconds with one decimal, then whole seconds, then minutes. */
export function duration(ms: number): string {
  if (ms < 100) return text("milliseconds", { milliseconds: Math.round(ms) });
  const seconds = ms / 1000;
  if (seconds < 9.95) return text("seconds", { seconds: seconds.toFixed(1) });
  const whole = Math.round(seconds);
  if (whole < 60) return text("seconds", { seconds: whole });
  return text("minutes", { minutes: Math.floor(whole / 60), seconds: whole % 60 });
}

/** Whole seconds until a moment, for a countdown; undefined where none is known or it has come. */
export function timeLeft(untilMs: number | undefined, nowMs: number): string | undefined {
  if (untilMs === undefined || untilMs <= nowMs) return undefined;
  const seconds = Math.ceil((untilMs - nowMs) / 1000);
  return seconds < 60 ? text("seconds", { seconds }) : duration(seconds * 1000);
}

export function tokenLabel(usage: Usage, language: string): string {
  const values = { input: shortNumber(usage.inputTokens, language), output: shortNumber(usage.outputTokens, language) };
  return text(usage.estimated === true ? "tokensEstimated" : "tokens", values);
}

/** Dollars with as many decimals as the first two significant digits need. */
export function costLabel(amount: number, language: string): string {
  const small = amount > 0 && amount < 0.1;
  const digits = small ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return new Intl.NumberFormat(language, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", ...digits }).format(amount);
}

/** What is shown beside an answer: nothing where it cost nothing because its model runs here. */
export function costFigure(cost: Cost | undefined, language: string): string {
  return cost === undefined || cost.source === "local" ? "" : costLabel(cost.amount, language);
}

const COST_WORDS: { readonly [Source in CostSource]: TextKey } = {
  charged: "costCharged",
  setting: "costSetting",
  live: "costLive",
  bundled: "costBundled",
  local: "costLocal",
};

export interface Figures {
  readonly usage?: Usage | undefined;
  readonly cost?: Cost | undefined;
  readonly timings?: Timings | undefined;
}

/** All that is known of an answer's figures, a line each. */
export function figureLines({ usage, cost, timings }: Figures, language: string): readonly string[] {
  const lines: string[] = [];
  const full = (value: number): string => new Intl.NumberFormat(language).format(value);
  if (usage !== undefined) {
    const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens = 0, reasoningTokens } = usage;
    const input = { tokens: full(inputTokens), cached: full(cachedTokens ?? 0) };
    lines.push(text(cachedTokens === undefined ? "inputTokens" : "inputTokensCached", input));
    if (cacheWriteTokens > 0) lines.push(text("cacheWrites", { tokens: full(cacheWriteTokens) }));
    const output = { tokens: full(outputTokens), reasoning: full(reasoningTokens ?? 0) };
    lines.push(text(reasoningTokens === undefined ? "outputTokens" : "outputTokensReasoning", output));
    if (usage.estimated === true) lines.push(text("estimated"));
  }
  if (cost !== undefined) lines.push(text(COST_WORDS[cost.source ?? "bundled"], { cost: costLabel(cost.amount, language) }));
  const first = timings?.firstTokenMs ?? null;
  if (first !== null) lines.push(text("firstWords", { time: duration(first) }));
  return lines;
}
