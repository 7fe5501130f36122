// What a run may spend: tokens, US dollars, requests. Before a request goes out, what it may take at most is reserved; when
// it is over, what it took is counted instead. So requests under way together never spend more than is left, as far as
// their size is known beforehand. Where it is not, it is guessed from what the answers of the run took.

import { invalidRequest } from "../answers/answer-error.ts";
import type { CacheWrites } from "../providers/cache-marks.ts";
import { ProviderError, type ReportedUsage } from "../providers/provider.ts";
import type { Cost, ErrorInfo } from "../types.ts";

export interface BudgetLimits {
  /** Tokens read and written, those from a cache included. */
  readonly tokens?: number | undefined;
  /** US dollars. Models whose price nobody knows are refused then. */
  readonly amount?: number | undefined;
  /**
   * Requests for an answer that are sent: also those that were refused and are sent again, without a field that the model does
   * not take or where a redirect leads. Not those by which a server that loads its model is asked whether it is ready.
   */
  readonly requests?: number | undefined;
}

/** What tokens cost, and what was paid beside them. Undefined where that cannot be told. */
export interface Tariff {
  costOf(usage: ReportedUsage): { readonly amount: number } | undefined;
}

/** What one request may take. */
export interface Need {
  /** An estimate. */
  readonly inputTokens: number;
  /** As many as the request allows; undefined where it sets no limit: then what answers usually take is reserved. */
  readonly outputTokens: number | undefined;
  /** Undefined: unknown. */
  readonly tariff: Tariff | undefined;
  /** Of the input; undefined: nothing. */
  readonly writes?: CacheWrites;
  /** It asks for another service tier than that of the lists of prices. */
  readonly otherTier?: true;
  /** For people. */
  readonly model: string;
}

/** Exactly one of `settle` and `cancel` is to be called, once. */
export interface Reservation {
  /** The request was refused, and may be sent again: there is room for one more. */
  mayRepeat(): boolean;
  /** It is sent again. */
  repeat(): void;
  /** The answer waits for its reader, who may be waiting for another one; or no longer. */
  heldBack(isHeldBack: boolean): void;
  /** The request was sent. `usage` null: it was refused before anything was done. */
  settle(usage: ReportedUsage | null, cost?: Cost): void;
  /** It was not sent. */
  cancel(): void;
}

interface Amounts {
  readonly tokens: number;
  readonly amount: number;
  readonly requests: number;
}

/** What an answer is expected to take at most as long as none has come. That can be far off, so few go out before one has. */
const FIRST_OUTPUT_TOKENS = 1000;
const FIRST_AT_ONCE = 4;
/** Above the mean of the answers so far. */
const MARGIN = 1.5;
/** So many requests in a row that are larger than what is left, or have no price, end a run: an endless one would be refused for ever. */
const MOST_REFUSED = 20;
const NOTHING: Amounts = { tokens: 0, amount: 0, requests: 0 };
/** No request takes less; there are models that cost nothing. */
const ONE: Amounts = { tokens: 1, amount: 0, requests: 1 };

/** A program without types may hand over anything. */
function checkObject(limits: unknown): void {
  if (typeof limits === "object" && limits !== null && !Array.isArray(limits)) return;
  throw invalidRequest("invalid-parameter", `A budget is an object with ${[...LIMITS].join(", ")}, such as { requests: 100 }.`);
}

export class Budget {
  readonly #limits: BudgetLimits;
  #spent = NOTHING;
  #held = NOTHING;
  #underWay = 0;
  /** Of those: answers that wait for their readers. */
  #heldBack = 0;
  #answers = 0;
  #outputTokens = 0;
  /** Input that was counted beyond the estimates of it, in all answers: instructions of the server, languages of many tokens. */
  #unforeseenTokens = 0;
  /** US dollars that were paid beyond the price of the tokens, in all answers: searches, fees, dearer servers; less what caches saved. */
  #unforeseenAmount = 0;
  /** What one of those that went out took at the least. */
  #smallest: Amounts | undefined;
  #refusedInARow = 0;
  #ending: () => ProviderError = budgetExhausted;
  /** Models that gave an answer of which nobody knows what it cost. */
  readonly #unpriced = new Set<string>();
  readonly #end = new AbortController();
  /** In order; each is tried again when something was settled. */
  readonly #waiting = new Set<() => void>();

  /** Throws a `ProviderError` (`invalid-parameter`) for limits that are none. */
  constructor(limits: BudgetLimits) {
    checkObject(limits);
    for (const [name, value] of Object.entries(limits)) {
      if (!LIMITS.has(name)) throw invalidRequest("invalid-parameter", `A budget has no "${name}"; it has ${[...LIMITS].join(", ")}.`);
      if (value === undefined || (typeof value === "number" && Number.isFinite(value) && value >= 0)) continue;
      throw invalidRequest("invalid-parameter", `The budget's "${name}" must be a number, 0 or more; it is ${String(value)}.`);
    }
    this.#limits = limits;
  }

  /** Whether it has to be known what a token costs. */
  get isInMoney(): boolean {
    return this.#limits.amount !== undefined;
  }

  /** Aborted when nothing more goes out. */
  get exhausted(): AbortSignal {
    return this.#end.signal;
  }

  /** What whatever did not go out before the end is told. */
  ending(): ProviderError {
    return this.#ending();
  }

  /**
   * Undefined: there is no room now, but what is under way may leave some. Throws `budget-exhausted`, `price-unknown`, and
   * `larger-than-budget` for what will never fit while smaller ones may.
   */
  tryReserve(need: Need): Reservation | undefined {
    if (this.exhausted.aborted) throw this.ending();
    if (this.#waiting.size > 0) return undefined;
    return this.#reserve(need);
  }

  /** Waits for room, in order. Throws as `tryReserve` does, and the signal's reason. */
  async reserve(need: Need, signal: AbortSignal): Promise<Reservation> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Reservation>();
    const attempt = (): void => {
      try {
        if (this.exhausted.aborted) throw this.ending();
        const [first] = this.#waiting;
        const reservation = first === attempt ? this.#reserve(need) : undefined;
        if (reservation === undefined) return;
        this.#waiting.delete(attempt);
        resolve(reservation);
      } catch (error) {
        this.#waiting.delete(attempt);
        reject(error);
      }
    };
    const abort = (): void => {
      this.#waiting.delete(attempt);
      reject(signal.reason);
      this.#tryWaiting();
    };
    this.#waiting.add(attempt);
    signal.addEventListener("abort", abort, { once: true });
    try {
      this.#tryWaiting();
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #reserve(need: Need): Reservation | undefined {
    const amounts = this.#amounts(need, need.outputTokens ?? this.#expectedOutput());
    const least = need.outputTokens === undefined ? this.#amounts(need, 1) : amounts;
    // Nothing that was spent comes back: what is too large for the rest now is so for ever.
    if (!this.#isWithin(sum(this.#spent, least), 1)) throw this.#refusal(largerThanBudget, budgetExhausted);
    // Where nobody knows how long the answer will be, one request at a time goes out as long as anything is left.
    const moving = this.#underWay - this.#heldBack;
    const together = this.#underWay + 1;
    if (moving > 0 && !this.#isWithin(sum(sum(this.#spent, this.#held), amounts), together)) return undefined;
    if (moving >= FIRST_AT_ONCE && this.#isUnknown()) return undefined;
    // Nothing is given back before a reader reads on, who may be waiting for this one.
    if (this.#heldBack > 0 && !this.#isWithin(sum(sum(this.#spent, this.#held), least), together)) throw largerThanBudget();
    this.#smallest = this.#smallest === undefined ? least : smaller(least, this.#smallest);
    this.#refusedInARow = 0;
    return this.#hold(amounts, need);
  }

  /** What answers take, where that matters. */
  #isUnknown(): boolean {
    return this.#answers === 0 && (this.#limits.tokens !== undefined || this.#limits.amount !== undefined);
  }

  /** One is refused alone, as long as what is left has room for one as small as any that has gone out. */
  #refusal(alone: () => ProviderError, afterMany: () => ProviderError): ProviderError {
    this.#refusedInARow++;
    const isAnyLeft = this.#isWithin(sum(this.#spent, this.#smallest ?? ONE), 1);
    if (isAnyLeft && this.#refusedInARow < MOST_REFUSED) return alone();
    if (isAnyLeft) this.#ending = afterMany;
    this.#end.abort();
    this.#tryWaiting();
    return this.ending();
  }

  #hold(amounts: Amounts, need: Need): Reservation {
    const { tariff, inputTokens, model } = need;
    this.#held = sum(this.#held, amounts);
    this.#underWay++;
    let open = true;
    let isHeldBack = false;
    const holdBack = (isIt: boolean): void => {
      if (!open || isHeldBack === isIt) return;
      isHeldBack = isIt;
      this.#heldBack += isIt ? 1 : -1;
      if (isIt) this.#tryWaiting();
    };
    const close = (spent: Amounts): void => {
      if (!open) return;
      holdBack(false);
      open = false;
      this.#held = sum(this.#held, amounts, -1);
      this.#spent = sum(this.#spent, spent);
      this.#underWay--;
      this.#tryWaiting();
    };
    const again: Amounts = { ...NOTHING, requests: 1 };
    return {
      mayRepeat: () => this.#isWithin(sum(sum(this.#spent, this.#held), again), this.#underWay),
      repeat: () => (this.#spent = sum(this.#spent, again)),
      heldBack: holdBack,
      settle: (usage, cost) => {
        if (usage === null) return close(again);
        this.#answers++;
        this.#outputTokens += usage.outputTokens;
        this.#unforeseenTokens += usage.inputTokens - inputTokens;
        // A cost that cannot be told is taken to be what was reserved for it, and no more goes out without knowing.
        const amount = cost?.amount ?? tariff?.costOf(usage)?.amount;
        if (amount === undefined) this.#unpriced.add(model);
        else this.#unforeseenAmount += amount - (listed(need, usage) ?? amount);
        return close({ tokens: usage.inputTokens + usage.outputTokens, amount: amount ?? amounts.amount + this.#unforeseen, requests: 1 });
      },
      cancel: () => close(NOTHING),
    };
  }

  #amounts(need: Need, outputTokens: number): Amounts {
    const unforeseen = this.#answers === 0 ? 0 : Math.ceil(this.#unforeseenTokens / this.#answers);
    const inputTokens = need.inputTokens + Math.max(0, unforeseen);
    return { tokens: inputTokens + outputTokens, amount: this.#amountOf(need, { inputTokens, outputTokens }), requests: 1 };
  }

  #amountOf(need: Need, tokens: ReportedUsage): number {
    if (this.#limits.amount === undefined) return 0;
    const amount = listed(need, tokens);
    if (amount !== undefined && !this.#unpriced.has(need.model)) return amount;
    const unknown = (): ProviderError => priceUnknown(need.model);
    throw this.#refusal(unknown, unknown);
  }

  #expectedOutput(): number {
    return this.#answers === 0 ? FIRST_OUTPUT_TOKENS : Math.ceil((this.#outputTokens / this.#answers) * MARGIN);
  }

  /** US dollars that one answer is expected to take beyond the price of its tokens. Not less: a cache need not have what comes next. */
  get #unforeseen(): number {
    return this.#answers === 0 ? 0 : Math.max(0, this.#unforeseenAmount / this.#answers);
  }

  /** `answers`: of so many it is not known yet what they take, also of those that went out before anything was learned. */
  #isWithin({ tokens, amount, requests }: Amounts, answers: number): boolean {
    const { tokens: mostTokens = Infinity, amount: mostAmount = Infinity, requests: mostRequests = Infinity } = this.#limits;
    // Sums of fractions of cents miss by less than this.
    const isInAmount = amount + answers * this.#unforeseen <= mostAmount + 1e-9;
    return tokens <= mostTokens && isInAmount && requests <= mostRequests;
  }

  #tryWaiting(): void {
    for (const attempt of this.#waiting) attempt();
  }
}

const LIMITS: ReadonlySet<string> = new Set(["tokens", "amount", "requests"] satisfies (keyof BudgetLimits)[]);

/** What so many tokens cost at most, as far as that is known before they are asked for: what may be written into a cache is. */
function listed({ tariff, writes, otherTier }: Need, { inputTokens, outputTokens }: ReportedUsage): number | undefined {
  const written = Math.min(writes?.tokens ?? 0, inputTokens);
  const tokens: ReportedUsage = {
    inputTokens,
    outputTokens,
    ...(writes === undefined ? {} : { cacheWriteTokens: written }),
    ...(writes?.hour === true ? { cacheWriteHourTokens: written } : {}),
    ...(otherTier === true ? { otherTier } : {}),
  };
  return tariff?.costOf(tokens)?.amount;
}

function sum(a: Amounts, b: Amounts, sign: 1 | -1 = 1): Amounts {
  return { tokens: a.tokens + sign * b.tokens, amount: a.amount + sign * b.amount, requests: a.requests + sign * b.requests };
}

function smaller(a: Amounts, b: Amounts): Amounts {
  return { tokens: Math.min(a.tokens, b.tokens), amount: Math.min(a.amount, b.amount), requests: Math.min(a.requests, b.requests) };
}

/** That a budget did not let the request out, which says nothing about the provider. */
export function isBudgetRefusal({ providerCode }: ErrorInfo): boolean {
  return providerCode !== undefined && REFUSALS.has(providerCode);
}

const REFUSALS: ReadonlySet<string> = new Set(["budget-exhausted", "larger-than-budget", "price-unknown"]);

/** The request was sent, and there is no room for sending it once more. */
export function notSentAgain(): ProviderError {
  return notSent("budget-exhausted", "The budget of this run is used up: this would have had to be sent once more, and was not.");
}

/** Nothing was sent for this one: the run had spent what it may. */
function budgetExhausted(): ProviderError {
  return notSent("budget-exhausted", "The budget of this run is used up: this was not sent.");
}

/** Nor for this one, but others may fit. */
function largerThanBudget(): ProviderError {
  return notSent("larger-than-budget", "This may take more than is left of the budget of this run: it was not sent.");
}

function notSent(providerCode: string, message: string): ProviderError {
  return new ProviderError(message, { kind: "quota", providerCode, phase: "before-headers", retryable: false });
}

/** A limit in money cannot be kept where nobody knows what a token costs. */
export function priceUnknown(model: string): ProviderError {
  return invalidRequest(
    "price-unknown",
    `Nobody knows what ${model} costs, so a budget in money cannot be kept. Limit tokens or requests instead.`,
  );
}
