// Turns what a provider yields into the events of one answer: numbered from 1 without gaps, `start` first, exactly one `end`
// last. It also keeps what the end has to tell: first token, usage, finish reason, request id.

import { Buffer } from "node:buffer";
import type {
  AttemptEventBody,
  Cost,
  EndEventBody,
  ErrorInfo,
  FinishReason,
  StatusPhase,
  StreamEvent,
  StreamEventBody,
  Usage,
} from "../types.ts";
import type { Billing, ModelRequest, ProviderEvent, ReportedUsage } from "../providers/provider.ts";
import { providerRow } from "../providers/registry.ts";
import { isOtherTier } from "../providers/service-tier.ts";
import type { PriceQuote } from "../prices/price-quote.ts";
import { estimateInputTokens, tokensOfBytes } from "./token-estimate.ts";
import { totalsOf, type Totals } from "./totals.ts";

export type Outcome =
  | { readonly type: "returned" }
  /** What had come may be whole: `isUnjudged` where nobody had looked whether it satisfies its schema. */
  | { readonly type: "cancelled"; readonly isUnjudged?: true }
  | { readonly type: "failed"; readonly error: ErrorInfo }
  /** Whole, and yet not what was asked for: its text was withdrawn. */
  | { readonly type: "rejected"; readonly error: ErrorInfo };

type Finish = Extract<ProviderEvent, { type: "finish" }>;
type OpaqueBody = Extract<StreamEventBody, { type: "opaque" }>;

/** What one attempt took. */
interface Spent {
  readonly usage: Usage | null;
  readonly billing: Billing;
}

interface Taken {
  readonly usage: ReportedUsage | null;
  /** Where the provider told it. */
  readonly cost?: Cost;
}

const NO_BILLING: Billing = {};

export class AnswerNumbering {
  readonly #provider: string;
  readonly #model: string;
  readonly #askedAt = performance.now();
  /** Of the batch that is being numbered. */
  readonly #events: StreamEvent[] = [];
  #seq = 0;
  #firstTokenAt: number | null = null;
  #outputBytes = 0;
  /** Those of them that can be taken back. */
  readonly #bytesOf = { text: 0, reasoning: 0 };
  /** Output counted when the provider's last figures came: what came later is not in them. */
  #outputBytesAtUsage = 0;
  #usage: Usage | null = null;
  /** The provider itself told it at the end of its request, be it one that failed. */
  #counted = false;
  /** What the provider says of the price of what `#usage` counts. */
  #billing: Billing = NO_BILLING;
  /** By the attempts before this one. */
  readonly #spent: Spent[] = [];
  /** Of this attempt. */
  #anyToken = false;
  /** What came of it before its first token, for nobody to see: no part of an answer that is asked for again. */
  #unseen: OpaqueBody[] = [];
  #finish: Finish | null = null;
  #requestId: string | undefined;
  #warned: Set<string> | null = null;
  /** Once set, the provider has seen the request, and may charge for it. */
  #sent: ModelRequest | null = null;

  constructor(provider: string, model: string) {
    this.#provider = provider;
    this.#model = model;
  }

  /** No token has come yet: a retry is safe, and takes nothing back that anybody was given. */
  get beforeFirstToken(): boolean {
    return !this.#anyToken;
  }

  /** The provider's own mark of the end, once it has come. */
  get finishReason(): FinishReason | null {
    return this.#finish?.finishReason ?? null;
  }

  /** What a stream that ended by itself lacks of an answer; undefined: nothing. */
  get shortfall(): ErrorInfo | undefined {
    return this.#verdict({ type: "returned" }).error;
  }

  start(): StreamEvent {
    return this.#number({ type: "start", provider: this.#provider, model: `${this.#provider}/${this.#model}` });
  }

  status(phase: StatusPhase, untilMs?: number): StreamEvent {
    return this.#number({ type: "status", phase, ...(untilMs === undefined ? {} : { untilMs }) });
  }

  sending(request: ModelRequest): StreamEvent {
    this.#sent = request;
    return this.status("connecting");
  }

  /** The first attempt at an answer, or one after another that was rejected: what that one took is kept. */
  attempt(attempt: Omit<AttemptEventBody, "type">): StreamEvent {
    const usage = this.#finalUsage("complete");
    if (usage !== null) this.#spent.push({ usage, billing: this.#billingOf(usage) });
    this.#usage = null;
    this.#counted = false;
    this.#billing = NO_BILLING;
    this.#outputBytes = 0;
    this.#outputBytesAtUsage = 0;
    this.#bytesOf.text = 0;
    this.#bytesOf.reasoning = 0;
    this.#anyToken = false;
    this.#unseen = [];
    this.#finish = null;
    this.#sent = null;
    return this.#number({ type: "attempt", ...attempt });
  }

  /** The text is no part of the answer, and was paid for. */
  withdrawn(): StreamEvent {
    return this.#number({ type: "discard", what: "text" });
  }

  /** The provider told what the request took, also where it failed: it is paid for. */
  get counted(): boolean {
    return this.#counted;
  }

  /** What was told of a request that is asked again and was not refused: it counts beside what follows. Null: nothing was told. */
  keepTold(): Taken {
    const told: Spent = { usage: this.#usage, billing: this.#billing };
    if (told.usage !== null) this.#spent.push(told);
    return taken(told);
  }

  /** The request is asked again. It was refused before any work, or what it took is kept: what it holds is not counted. */
  waiting(phase: "retrying" | "loading-model", untilMs: number): StreamEvent {
    this.#sent = null;
    this.#usage = null;
    this.#counted = false;
    this.#billing = NO_BILLING;
    this.#unseen = [];
    this.#finish = null;
    return this.status(phase, untilMs);
  }

  events(batch: readonly ProviderEvent[]): StreamEvent[] {
    const events = this.#events;
    for (const event of batch) {
      switch (event.type) {
        case "finish":
          this.#finish = event;
          // An answer may hold nothing else, such as a call of another kind than functions.
          if (this.#unseen.length > 0 && event.finishReason !== "error") this.#begin();
          break;
        case "request-id":
          this.#requestId = event.requestId;
          break;
        case "usage": {
          const usage = this.#count(event);
          if (usage !== null) events.push(this.#number({ type: "usage", ...(totalsOf([...this.#spent, { usage }]).usage ?? usage) }));
          break;
        }
        case "text-delta":
          if (event.text === "") break;
          this.#countOutput(event.text, "text");
          // Written out: there is one for each token, logs keep them, and what is copied by `...` takes 80 bytes instead of 48.
          events.push({ type: "text-delta", text: event.text, seq: ++this.#seq });
          break;
        case "text-gap":
          events.push(this.#number({ type: "text-delta", text: event.text }));
          break;
        case "reasoning-delta":
          if (event.text === "") break;
          this.#countOutput(event.text, "reasoning");
          events.push({ type: "reasoning-delta", text: event.gap === undefined ? event.text : event.gap + event.text, seq: ++this.#seq });
          break;
        case "tool-call":
          this.#countOutput(event.name + event.arguments);
          events.push(this.#number(event));
          break;
        case "opaque":
          if (this.#anyToken) events.push(this.#number(event));
          else this.#unseen.push(event);
          break;
        case "discard":
          // What follows was counted already.
          this.#outputBytes -= this.#bytesOf[event.what];
          this.#bytesOf[event.what] = 0;
          events.push(this.#number(event));
          break;
        case "warning":
          if (this.#isNews(event)) events.push(this.#number(event));
          break;
        case "status":
          events.push(this.#number(event));
      }
    }
    // Not a new `[]` each time: see `HttpExchange.take`.
    return events.splice(0);
  }

  /** Null: zeros alone are no figures. No prompt is empty, and no answer with text is: what was not told of them is estimated. */
  #count({ type: _type, ...told }: { readonly type: "usage" } & ReportedUsage): Usage | null {
    const sent = told.charged === undefined ? this.#sent : null;
    const lacksInput = told.inputTokens === 0;
    if (sent !== null && lacksInput && told.outputTokens === 0) return null;
    this.#outputBytesAtUsage = this.#outputBytes;
    this.#counted = true;
    const lacksOutput = told.outputTokens === 0 && this.#outputBytes > 0;
    if (sent === null || !(lacksInput || lacksOutput)) return this.#setUsage(told);
    const inputTokens = lacksInput ? estimateInputTokens(sent) : told.inputTokens;
    return this.#setUsage({
      ...told,
      inputTokens,
      outputTokens: lacksOutput ? tokensOfBytes(this.#outputBytes) : told.outputTokens,
      estimated: true,
    });
  }

  /**
   * Figures that came before the answer was broken off, for its end alone. Where the provider named their price, they are for all
   * that came; where not, the answer may be longer than they say.
   */
  told(reported: ReportedUsage): void {
    const { inputTokens, charged } = reported;
    // No prompt is empty: whoever counts it at the end begins with a zero.
    if (this.#finish !== null || (inputTokens === 0 && charged === undefined)) return;
    this.#setUsage(reported);
    if (charged !== undefined) this.#outputBytesAtUsage = this.#outputBytes;
  }

  /** What the request that has just ended took; null: nothing was done for it. The cost only where the provider told it. */
  spent(outcome: Outcome): Taken {
    const usage = this.#finalUsage(this.#verdict(outcome).status);
    return taken({ usage, billing: this.#billingOf(usage) });
  }

  /** `quote` undefined: nobody knows what the model costs. */
  end(outcome: Outcome, quote?: PriceQuote): StreamEvent {
    const { finishReason } = this;
    const { status, error } = this.#verdict(outcome);
    const now = performance.now();
    const requestId = this.#requestId ?? error?.requestId;
    const { usage, cost } = this.#totals(status, quote);
    const body: EndEventBody = {
      type: "end",
      status,
      finishReason,
      rawFinishReason: this.#finish?.rawFinishReason ?? null,
      usage,
      ...(cost === undefined ? {} : { cost }),
      timings: {
        firstTokenMs: this.#firstTokenAt === null ? null : milliseconds(this.#firstTokenAt - this.#askedAt),
        totalMs: milliseconds(now - this.#askedAt),
      },
      ...(requestId === undefined ? {} : { requestId }),
      ...(error === undefined ? {} : { error: { provider: this.#provider, model: this.#model, ...error } }),
    };
    return this.#number(body);
  }

  /**
   * An error after the provider's own terminal marker changes nothing about the answer: servers do close the socket rudely
   * after the last byte. A cancellation that came too late is none, for the same reason.
   */
  #verdict(outcome: Outcome): { status: EndEventBody["status"]; error?: ErrorInfo } {
    if (outcome.type === "rejected") return { status: "error", error: outcome.error };
    if (outcome.type === "cancelled" && outcome.isUnjudged === true) return { status: "cancelled" };
    if (this.#finish !== null && this.#finish.finishReason !== "error") return { status: "complete" };
    if (outcome.type === "cancelled") return { status: "cancelled" };
    if (outcome.type === "failed") return { status: "error", error: outcome.error };
    const phase = this.beforeFirstToken ? "before-first-token" : "mid-stream";
    if (this.#finish !== null) {
      const reason = this.#finish.rawFinishReason ?? "error";
      const message = `The provider ended the answer with the finish reason "${reason}" and gave no other word.`;
      return { status: "error", error: { kind: "server", message, phase, retryable: true } };
    }
    const message = "The answer was cut: the stream ended without the provider's own mark of its end.";
    return { status: "incomplete", error: { kind: "protocol", providerCode: "stream-cut", message, phase, retryable: true } };
  }

  /** Of all attempts together; most answers have one. */
  #totals(status: EndEventBody["status"], quote: PriceQuote | undefined): Totals {
    const usage = this.#finalUsage(status);
    const last: Spent = { usage, billing: this.#billingOf(usage) };
    return totalsOf([...this.#spent, last].map((spent) => ({ usage: spent.usage, ...costOf(spent, quote) })));
  }

  #setUsage({ charged, otherTier, webSearches, paidBeside, ...usage }: ReportedUsage): Usage {
    this.#usage = usage;
    this.#billing = {
      ...(charged === undefined ? {} : { charged }),
      ...(otherTier === undefined ? {} : { otherTier }),
      ...(webSearches === undefined ? {} : { webSearches }),
      ...(paidBeside === undefined ? {} : { paidBeside }),
    };
    return usage;
  }

  /** What was charged was for the figures that came with it. Where none came, the tier is taken to be the one that was asked for. */
  #billingOf(usage: Usage | null): Billing {
    if (usage === this.#usage) return this.#billing;
    const { charged: _charged, ...others } = this.#billing;
    const asked = this.#sent?.parameters.providerOptions?.[this.#provider];
    const other = this.#usage === null && isOtherTier(asked, providerRow(this.#provider));
    return other ? { ...others, otherTier: true } : others;
  }

  /**
   * The provider's figures for a whole answer. Where it gave none, or where the answer was stopped before the last ones came,
   * an estimate that is marked as one. Null when nothing was sent, or when the provider refused before it worked.
   */
  #finalUsage(status: EndEventBody["status"]): Usage | null {
    if (this.#usage !== null && (status === "complete" || this.#outputBytes === this.#outputBytesAtUsage)) return this.#usage;
    if (this.#sent === null || (status === "error" && this.beforeFirstToken)) return this.#usage;
    const outputTokens = Math.max(this.#usage?.outputTokens ?? 0, tokensOfBytes(this.#outputBytes));
    const inputTokens = this.#usage?.inputTokens ?? estimateInputTokens(this.#sent);
    return { ...this.#usage, inputTokens, outputTokens, estimated: true };
  }

  /** The first token, behind what came before it. */
  #begin(): void {
    this.#firstTokenAt ??= performance.now();
    this.#anyToken = true;
    for (const event of this.#unseen) this.#events.push(this.#number(event));
    this.#unseen = [];
  }

  #countOutput(text: string, what?: "text" | "reasoning"): void {
    if (!this.#anyToken) this.#begin();
    const bytes = Buffer.byteLength(text);
    this.#outputBytes += bytes;
    if (what !== undefined) this.#bytesOf[what] += bytes;
  }

  /** A request that is asked again brings the warnings of the one before it. */
  #isNews(warning: ProviderEvent): boolean {
    const words = JSON.stringify(warning);
    this.#warned ??= new Set();
    if (this.#warned.has(words)) return false;
    this.#warned.add(words);
    return true;
  }

  #number(body: StreamEventBody): StreamEvent {
    return { ...body, seq: ++this.#seq };
  }
}

/** What the provider says that it took comes before what can be reckoned, as long as it is for the whole of the answer. */
function costOf({ usage, billing }: Spent, quote: PriceQuote | undefined): { readonly cost?: Cost } {
  if (usage === null) return {};
  const { charged } = billing;
  const cost: Cost | undefined =
    charged === undefined ? quote?.costOf({ ...usage, ...billing }) : { amount: charged, currency: "USD", source: "charged" };
  return cost === undefined ? {} : { cost };
}

/** For who reckons the cost themselves, where the provider has not told it. */
function taken(spent: Spent): Taken {
  const { usage, billing } = spent;
  return { usage: usage === null ? null : { ...usage, ...billing }, ...costOf(spent, undefined) };
}

/** To a tenth. */
function milliseconds(value: number): number {
  return Math.round(value * 10) / 10;
}
