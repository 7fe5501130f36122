// A wire: how one family of providers is asked and how its answers are read. Pure and synchronous: an adapter touches no
// socket, no clock and no global state, so that every recording can be read without a network, cut at any byte.

import type { JsonObject, JsonValue, ModelInfo } from "../types.ts";
import type { ErrorPayload } from "./error-payload.ts";
import type { ModelRequest, ProviderError, ProviderEvent, ReportedUsage } from "./provider.ts";
import type { ProviderRow } from "./registry.ts";
import type { AskServer, AskServerOnce } from "./server-questions.ts";

/** What a lesson begins with that concerns one conversation, and is forgotten with the request. */
export const ONCE = "once:";
/**
 * The conversation holds reasoning in a form that only its maker can read, and this model cannot: signed or encrypted for
 * another key or another model. It is asked without.
 */
export const WITHOUT_OPAQUE = `${ONCE}opaque`;

/** Whom an adapter speaks to. */
export interface WireTarget {
  /** The provider's id as users know it: a server that they added has its own, with the row of its preset. */
  readonly provider: string;
  readonly row: ProviderRow;
  readonly baseUrl: URL;
  /**
   * What this model has refused so far, by names that the adapter gave in `learn`: left out or renamed from now on.
   */
  readonly learned: ReadonlySet<string>;
  /** What was found out for this one request; see `Preparation`. */
  readonly prepared?: Prepared;
}

export interface Prepared {
  /** Tokens of context that the model is asked to have. */
  readonly contextTokens?: number;
  /** The prompt has no fewer tokens than this: an answer to fewer was given to a part of it. */
  readonly leastPromptTokens?: number;
}

/** What has to be known of a model before it is asked. Made once for a provider, so that what was found out holds for the next request. */
export interface Preparation {
  /** Throws `ProviderError` where the request cannot be answered, and what `ask` rejects with. */
  prepare(request: ModelRequest, target: WireTarget, ask: AskServer): Promise<Prepared>;
  /**
   * What to ask once more with, after a refusal; undefined where the refusal stands. `before` is what was asked with. Rejects as
   * `ask` does.
   */
  afterRefusal(
    request: ModelRequest,
    target: WireTarget,
    before: Prepared,
    refusal: ProviderError,
    ask: AskServer,
  ): Promise<Prepared | undefined>;
}

export interface WireRequest {
  /** Appended to the base URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: JsonObject;
  /** What was mapped to something else than asked for. */
  readonly warnings: readonly WireWarning[];
}

export type WireWarning = Extract<ProviderEvent, { type: "warning" }>;

/** Reads one answer. Keeps what an answer's parts have in common (tool calls in pieces, the latest usage). */
export interface WireReader {
  /** A token of the answer has come, also one that has not led to an event yet. */
  readonly started: boolean;
  /** The provider's own terminal marker has come: whatever breaks now, the answer is whole (quirk 2). */
  readonly finished: boolean;
  /** The same beyond doubt: figures alone can follow, and soon. An error behind it takes nothing from the answer. */
  readonly ending: boolean;
  /** Nothing can follow, so the end of the body need not be waited for. */
  readonly done: boolean;
  /** What the provider has told so far, marked as estimated where more of the answer follows; null: nothing yet. Made anew each time. */
  readonly usage: ReportedUsage | null;
  /**
   * Appends the events of one record. Throws `StreamFailure` for an error that the provider tells of inside its stream,
   * `MalformedRecord` for what is no record of this wire, and `AnswerTooLarge`.
   */
  readRecord(data: string, event: string, out: ProviderEvent[]): void;
  /** After the last record, or where the stream was cut: appends what was held back, and `finish` if the marker had come. */
  end(out: ProviderEvent[]): void;
}

export interface ModelList {
  readonly models: readonly ModelInfo[];
  /** The path of the next page, where there is one. */
  readonly nextPath?: string;
}

export interface WireAdapter {
  /** How records are framed, unless the answer's content type says that it is one whole JSON. */
  readonly framing: "sse" | "ndjson";
  /** See `Provider.reasoningApart`. */
  readonly reasoningApart?: boolean;
  /** Throws `ProviderError` of kind `unsupported` for what the provider cannot do. */
  buildRequest(request: ModelRequest, target: WireTarget): WireRequest;
  /** `offered`: the names of the tools that the model may call. */
  createReader(target: WireTarget, offered?: readonly string[]): WireReader;
  /**
   * The name of something to do without, if this refusal says that the model cannot take it (quirks 18, 33, 36).
   * `body` is what was refused. Undefined: the refusal stands.
   */
  learn(status: number, payload: ErrorPayload, body: JsonObject, target: WireTarget): string | undefined;
  readonly modelsPath: string;
  /** Headers that every request of this wire has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Undefined for what is no list of models. */
  readModels(json: JsonValue, target: WireTarget): ModelList | undefined;
  /** The list with what the server tells of its models elsewhere. Rejects as `ask` does. */
  describeModels?(models: readonly ModelInfo[], target: WireTarget, ask: AskServer): Promise<readonly ModelInfo[]>;
  /** How many requests the server works on at once; undefined where it does not tell. Rejects as `ask` does. */
  readPlaces?(target: WireTarget, ask: AskServer): Promise<number | undefined>;
  /** See `Provider.countTokens`. Rejects as `ask` does, and with what `buildRequest` throws. */
  countTokens?(request: ModelRequest, target: WireTarget, ask: AskServerOnce): Promise<number | undefined>;
  createPreparation?(): Preparation;
}

/** The provider itself told of an error inside a stream. */
export class StreamFailure extends Error {
  override readonly name = "StreamFailure";
  readonly payload: ErrorPayload;

  constructor(payload: ErrorPayload) {
    super(payload.message);
    this.payload = payload;
  }
}

/** The answer holds more than one can be let hold. `message` says of what, to follow "the answer holds". */
export class AnswerTooLarge extends Error {
  override readonly name = "AnswerTooLarge";
}

/** A record that is no JSON, or not what this wire can hold. `excerpt` is its beginning. */
export class MalformedRecord extends Error {
  override readonly name = "MalformedRecord";
  readonly excerpt: string;

  constructor(record: string) {
    super("A record of the answer is no JSON object.");
    this.excerpt = record.slice(0, 200);
  }
}
