// Reads the body of one answer: bytes to records, records to events, one batch for each read of the socket. Knows how an
// answer can end: by its own marker, cut, with an error inside the stream, or with bytes that are no answer at all.

import { headerTexts } from "../http/headers.ts";
import type { HttpExchange, HttpHead } from "../http/http-exchange.ts";
import { LinesDecoder, WholeBodyDecoder } from "../http/ndjson.ts";
import { packedAs } from "../http/packed-body.ts";
import { RecordTooLongError, type RecordDecoder, type RecordSink } from "../http/records.ts";
import { SseDecoder } from "../http/sse.ts";
import type { StageTimer } from "../http/stage-timer.ts";
import type { ErrorPhase, TimeLimits } from "../types.ts";
import { readWordsInPlace } from "./error-payload.ts";
import { CallerAborted } from "./http-call.ts";
import { ProviderError, type ProviderEvent, type ReportedUsage } from "./provider.ts";
import {
  checkBaseUrl,
  networkCode,
  networkError,
  protocolError,
  recordTooLong,
  refusalByHeaders,
  streamError,
  type CallTarget,
} from "./provider-errors.ts";
import { AnswerTooLarge, MalformedRecord, StreamFailure, type WireAdapter, type WireReader } from "./wire-adapter.ts";

/** Bytes of one answer. No model writes as much; a server that never stops does. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
/**
 * A server that is at work ends lines, or sends much: a picture in one line takes long on a slow connection. One that drips
 * bytes does neither, and is idle.
 */
const BYTES_OF_LIFE = 64 * 1024;
/** The end has been told: usage and the end of the body follow at once, or not at all. */
const AFTER_FINISH_MS = 5000;

export class AnswerStream {
  readonly #exchange: HttpExchange;
  readonly #head: HttpHead;
  readonly #target: CallTarget;
  readonly #reader: WireReader;
  readonly #decoder: RecordDecoder;
  readonly #timer: StageTimer;
  readonly #limits: Required<TimeLimits>;
  #batch: ProviderEvent[] = [];
  #bytes = 0;
  /** Lines and bytes when the server last gave a sign of life. */
  #aliveLines = 0;
  #aliveBytes = 0;
  #ended = false;
  /** The beginning of what was left without a terminator, where it is no record. */
  #rest = "";
  /** Found in a read that also brought events: those go first. */
  #failure: ProviderError | null = null;

  /** Throws `ProviderError` where the head already says that no answer follows. */
  constructor(
    exchange: HttpExchange,
    head: HttpHead,
    adapter: WireAdapter,
    reader: WireReader,
    target: CallTarget,
    timer: StageTimer,
    limits: Required<TimeLimits>,
  ) {
    this.#exchange = exchange;
    this.#head = head;
    this.#target = target;
    this.#reader = reader;
    this.#timer = timer;
    this.#limits = limits;
    this.#decoder = createDecoder(adapter, head, target, (data, event) => reader.readRecord(data, event, this.#batch));
  }

  /** See `Pulled`. */
  ready(wake: () => void): boolean {
    return this.#failure !== null || this.#ended || this.#exchange.ready(wake);
  }

  /** The events of what was read since the last call, perhaps none; null when the answer has ended. Throws `ProviderError`, or `CallerAborted`. */
  take(): readonly ProviderEvent[] | null {
    if (this.#failure !== null) throw this.#failure;
    if (this.#ended) return this.#ending();
    const pieces = this.#pieces();
    if (pieces === null) {
      this.#end();
    } else {
      const failure = this.#decode(pieces);
      // Behind the end nothing can be wrong with the answer any more; what came there is told all the same.
      if (failure === null ? this.#reader.done : this.#reader.ending) {
        if (failure !== null) this.#batch.push(afterTheEnd(failure));
        this.#end();
      } else {
        this.#failure = failure;
        this.#watch();
      }
    }
    // Not `[]` for the next: see `HttpExchange.take`.
    return this.#batch.splice(0);
  }

  /** The figures that have come so far. */
  get usage(): ReportedUsage | null {
    return this.#reader.usage;
  }

  get #phase(): ErrorPhase {
    return this.#reader.started ? "mid-stream" : "before-first-token";
  }

  /** An answer without a word whose head asks to wait was refused, and so was one in whose place plain words came. */
  #ending(): null {
    if (this.#reader.started || this.#reader.finished) return null;
    const { headers } = this.#head;
    const refusal = refusalByHeaders(this.#target, headers);
    if (refusal !== undefined) throw refusal;
    const told = readWordsInPlace(this.#rest || (this.#decoder.stray ?? ""));
    if (told !== undefined) throw streamError(this.#target, told, this.#phase, headers);
    return null;
  }

  #end(): void {
    this.#ended = true;
    this.#timer.stop();
    this.#reader.end(this.#batch);
    this.#exchange.drain();
  }

  /** Null: nothing more will come, for whatever reason. */
  #pieces(): readonly Buffer[] | null {
    try {
      const pieces = this.#exchange.take();
      if (pieces === null) this.#endDecoder();
      return pieces;
    } catch (error) {
      // The answer is whole: how its connection ended does not matter (quirk 2). Only the caller's own wish does.
      if (error instanceof CallerAborted) throw error;
      if (this.#reader.finished) return null;
      if (error instanceof ProviderError) throw error;
      if (!this.#reader.started) throw networkError(this.#target, error, "before-first-token");
      // Cut in the middle: what came is kept, and the missing `finish` says the rest.
      const code = networkCode(error);
      this.#batch.push({
        type: "warning",
        code: "connection-lost",
        message: `The connection broke in the middle of the answer (${code}).`,
      });
      return null;
    }
  }

  #decode(pieces: readonly Buffer[]): ProviderError | null {
    try {
      for (const piece of pieces) {
        this.#bytes += piece.length;
        this.#decoder.push(piece);
        if (this.#reader.done) return null;
      }
      if (this.#bytes <= MAX_ANSWER_BYTES) return null;
      return protocolError(this.#target, `the answer is longer than ${MAX_ANSWER_BYTES} bytes.`, this.#phase, "answer-too-long");
    } catch (error) {
      return this.#readingError(error);
    }
  }

  /** What is left without its terminator may be a whole record or the beginning of one: then the stream was cut. */
  #endDecoder(): void {
    try {
      this.#decoder.end();
    } catch (error) {
      if (!(error instanceof MalformedRecord)) throw this.#readingError(error);
      this.#rest = error.excerpt;
    }
  }

  #readingError(error: unknown): ProviderError {
    if (error instanceof StreamFailure) return streamError(this.#target, error.payload, this.#phase, this.#head.headers);
    if (error instanceof AnswerTooLarge) {
      return protocolError(this.#target, `the answer holds ${error.message}.`, this.#phase, "answer-too-long", error);
    }
    if (error instanceof RecordTooLongError) return recordTooLong(this.#target, error, this.#phase);
    if (error instanceof MalformedRecord) {
      return protocolError(this.#target, `the answer cannot be read here: ${error.excerpt}`, this.#phase, "malformed-record", error);
    }
    throw error;
  }

  #watch(): void {
    if (this.#reader.ending) {
      if (this.#timer.stage !== "after-finish") this.#timer.enter("after-finish", AFTER_FINISH_MS);
    } else if (this.#timer.stage === "idle") {
      if (this.#showsLife()) this.#timer.restart();
    } else if (this.#reader.started) {
      this.#timer.enter("idle", this.#limits.idleMs);
    }
  }

  #showsLife(): boolean {
    const { lines } = this.#decoder;
    if (lines === this.#aliveLines && this.#bytes - this.#aliveBytes < BYTES_OF_LIFE) return false;
    this.#aliveLines = lines;
    this.#aliveBytes = this.#bytes;
    return true;
  }
}

/** Its words and its code are a stranger's: they may hold anything, and decide nothing here. */
function afterTheEnd({ info }: ProviderError): ProviderEvent {
  const message = `Behind the end of the answer something else came (${info.kind}). The answer is whole.`;
  return { type: "warning", code: "after-the-end", message };
}

/** Gateways join theirs to the one of the server behind them. */
function contentTypes(text: string): string | readonly string[] {
  return text.includes(",") ? text.split(/\s*,\s*/u) : text;
}

function createDecoder(adapter: WireAdapter, head: HttpHead, target: CallTarget, sink: RecordSink): RecordDecoder {
  const encoding = packedAs(head.headers);
  if (encoding !== undefined) {
    throw protocolError(
      target,
      `the answer came compressed (${encoding}) although that was not asked for.`,
      "before-first-token",
      "compressed",
    );
  }
  const types = headerTexts(head.headers, "content-type").flatMap((text) => contentTypes(text.toLowerCase()));
  if (types.length > 0 && types.every((type) => type.startsWith("text/html"))) {
    const words = `a web page came instead of an answer. ${checkBaseUrl(target)}`;
    throw protocolError(target, words, "before-first-token", "not-an-api");
  }
  // Where there are two labels, this one's decoder reads JSON as well.
  if (types.some((type) => type.startsWith("text/event-stream"))) return new SseDecoder(sink);
  if (adapter.framing === "ndjson" || types.some((type) => /ndjson|jsonl/u.test(type))) return new LinesDecoder(sink);
  return types.some((type) => type.startsWith("application/json")) ? new WholeBodyDecoder(sink) : new SseDecoder(sink);
}
