// What the engine asks of a provider, and the one error that providers throw.
//
// Two kinds of provider exist. Those spoken to over HTTP are a `WireAdapter` (pure: it builds a request and reads records)
// run by one engine, `http-provider.ts`; the others (`local`, `editor`) implement `Provider` themselves. Events travel in
// batches, one batch for each piece read from the socket, because a promise for each token would cost more than parsing it.

import type {
  ErrorInfo,
  ErrorKind,
  ErrorPhase,
  FinishReason,
  GenerationParameters,
  Message,
  ModelInfo,
  StreamEventBody,
  TimeLimits,
  Usage,
} from "../types.ts";

/** What a provider yields: stream events without `start`, `attempt` and `end`, which belong to the engine, and its own terminal marker. */
export type ProviderEvent =
  | Exclude<StreamEventBody, { type: "start" | "end" | "attempt" | "reasoning-delta" }>
  | ReasoningDelta
  | TextGap
  | ({ readonly type: "usage" } & ReportedUsage)
  | { readonly type: "finish"; readonly finishReason: FinishReason; readonly rawFinishReason: string | null }
  | { readonly type: "request-id"; readonly requestId: string };

/** `text` is as it came. */
export interface ReasoningDelta {
  readonly type: "reasoning-delta";
  readonly text: string;
  /** What keeps it apart from the reasoning before it, where the wire tells of parts and sends nothing between them. */
  readonly gap?: string;
}

/** What keeps the text that follows apart from the text before it, in the same case: no part of what came. */
export interface TextGap {
  readonly type: "text-gap";
  readonly text: string;
}

/** What a provider says of an answer's price. */
export interface Billing {
  /** US dollars that it took for the tokens (OpenRouter, xAI). */
  readonly charged?: number;
  /** True where lists of prices do not hold for the tokens: see `service-tier.ts`. */
  readonly otherTier?: true;
  /** Searches of the web, which are paid by their number beside the tokens (Anthropic). */
  readonly webSearches?: number;
  /** True where something else was paid beside the tokens, and how much cannot be told. */
  readonly paidBeside?: true;
}

/** What a provider says of an answer's tokens, and of their price. */
export interface ReportedUsage extends Usage, Billing {}

export interface ModelRequest {
  /** The provider's own id of the model. */
  readonly model: string;
  /** The system prompt is `parameters.system`; system messages are here where the provider is `systemInPlace`. File parts have become text. */
  readonly messages: readonly Message[];
  readonly parameters: GenerationParameters;
  readonly oneOff?: OneOff;
}

/** One of many questions, each by itself: no later request will begin with its message, but some with the same words as this one. */
export interface OneOff {
  /** Characters at the beginning of the message that are the same for each file of a run; 0 where nobody knows. */
  readonly commonLength: number;
}

export interface RequestContext {
  /** Aborted: the provider closes its socket and ends its iteration by throwing the signal's reason. */
  readonly signal: AbortSignal;
  readonly timeLimits: TimeLimits;
  /**
   * Told once the provider has taken the request on, where that is known before the first token. `exhaustedForMs`: with it
   * the provider said that nothing is left of a limit for so many milliseconds.
   */
  readonly onAccepted?: (exhaustedForMs?: number) => void;
  /** Told before the provider sends the request again by itself, as where a redirect leads. What it throws ends the iteration. */
  readonly onRepeat?: () => void;
  /**
   * Told once nothing more will come, however the answer ends: what is left of it can be taken without waiting for anybody. Where
   * nobody reads, that may be long before the iteration ends.
   */
  readonly onWhole?: () => void;
  /** Told when the answer gets no further since what has come of it is not taken, and when it goes on. */
  readonly onHeldBack?: (isHeldBack: boolean) => void;
  /**
   * Told at most once, before the iteration ends: the figures that the provider had given of an answer that was cancelled, left
   * or broken off before their event. No event can bring them then, since nobody may be reading any more.
   */
  readonly onUsage?: (usage: ReportedUsage) => void;
}

export interface Provider {
  readonly id: string;
  /** True where models never write what they think into their text: tags in it are text, and stay. */
  readonly reasoningApart?: boolean;
  /**
   * True where the system's words may stand anywhere in a conversation: those that come later then stay at their place, so that
   * the bytes before them are those of the turn before. Elsewhere all are the system prompt.
   */
  readonly systemInPlace?: boolean;
  /**
   * One request, one answer. Never retries. Returns after its `finish` event; returning without one means that the
   * stream was cut. Throws `ProviderError`. Ending the iteration early (`break`) closes the socket.
   */
  stream(request: ModelRequest, context: RequestContext): AsyncGenerator<readonly ProviderEvent[], void, undefined>;
  /** How many requests the server works on at once, the others waiting in its queue; undefined where it does not tell. Never rejects. */
  places?(): Promise<number | undefined>;
  /** Throws `ProviderError`. */
  listModels(context: RequestContext): Promise<readonly ModelInfo[]>;
  /**
   * The list with what the provider tells of its models elsewhere, where there is such a place. Takes as long as a server needs
   * to answer for each model, up to the signal: then what has come stands in it, or it rejects with its reason, and with nothing else.
   */
  describeModels?(models: readonly ModelInfo[], signal: AbortSignal): Promise<readonly ModelInfo[]>;
  /** Tokens that a prompt and its answer may have together, where the provider knows without asking anybody. Throws `ProviderError`. */
  contextWindow?(model: string): number | undefined;
  /**
   * Tokens of the prompt that this request would send, as the model's own tokenizer or its provider counts them. Nothing is
   * answered and no model that is loaded is put out of memory for it. Undefined where nobody can say. May throw anything, and
   * rejects with the signal's reason once that is aborted.
   */
  countTokens?(request: ModelRequest, signal: AbortSignal): Promise<number | undefined>;
}

export interface ProviderErrorInit extends Omit<ErrorInfo, "message"> {
  readonly cause?: unknown;
}

/** Built where the status is known; decided on by `kind`, `status` and `providerCode`, never by its text. */
export class ProviderError extends Error {
  override readonly name: string = "ProviderError";
  readonly info: ErrorInfo;

  constructor(message: string, init: ProviderErrorInit) {
    const { cause, ...info } = init;
    super(message, cause === undefined ? undefined : { cause });
    this.info = { ...info, message };
  }

  get kind(): ErrorKind {
    return this.info.kind;
  }
  get status(): number | undefined {
    return this.info.status;
  }
  get retryable(): boolean {
    return this.info.retryable;
  }
  get retryAfterMs(): number | undefined {
    return this.info.retryAfterMs;
  }
  get phase(): ErrorPhase {
    return this.info.phase;
  }
  get providerCode(): string | undefined {
    return this.info.providerCode;
  }
  get requestId(): string | undefined {
    return this.info.requestId;
  }
}
