// What an answer took: tokens, money, time. And whose word a fact is.

/** Tokens. `estimated` marks figures that the provider did not give. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Part of `inputTokens`: read from the provider's cache. */
  readonly cachedTokens?: number;
  /** Part of `inputTokens`, beside `cachedTokens`: written into the provider's cache, where it charges for that. */
  readonly cacheWriteTokens?: number;
  /** Part of `cacheWriteTokens`: kept for an hour, which costs more than the usual minutes (Anthropic). */
  readonly cacheWriteHourTokens?: number;
  /** Part of `outputTokens`. */
  readonly reasoningTokens?: number;
  readonly estimated?: boolean;
}

/**
 * Where a fact about a model comes from, the strongest first. `setting`: the user's own word. `live`: the provider tells it.
 * `bundled`: the list of published prices and windows that Parley brings along. `local`: the model runs on this machine and
 * costs nothing. `default`: nobody knows; a careful guess.
 */
export type FactSource = "setting" | "live" | "bundled" | "local" | "default";

/** `charged`: the provider said with the answer what it took for it. All others are computed from usage and price. */
export type CostSource = "charged" | Exclude<FactSource, "default">;

/** An unknown price is an absent cost, never zero. */
export interface Cost {
  readonly amount: number;
  readonly currency: "USD";
  /** Absent in a sum over several sources. */
  readonly source?: CostSource;
}

/** US dollars for a million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  /** Input read from the provider's cache. Absent: as other input. */
  readonly cachedInput?: number;
  /** Input written into the provider's cache. Absent: as other input. */
  readonly cacheWrite?: number;
  /** US dollars for each request, beside its tokens. */
  readonly perRequest?: number;
  /** Prompts of more tokens than this are charged at higher rates than those given here. */
  readonly higherAbove?: number;
}

/** Milliseconds from the moment the request was asked for. `firstTokenMs` is null when no token came. */
export interface Timings {
  readonly firstTokenMs: number | null;
  readonly totalMs: number;
}
