// One call to a provider, from the connection to its end: follows what may be followed, watches over the time limits, and
// closes the socket when its owner wants no more. Requests of one call follow each other (a redirect, a second try without
// a refused field); there is never more than one.

import { headerText } from "../http/headers.ts";
import type { HttpClient, HttpRequest } from "../http/http-client.ts";
import type { HttpExchange, HttpHead } from "../http/http-exchange.ts";
import { StageTimer, type Stage } from "../http/stage-timer.ts";
import type { ErrorPhase } from "../types.ts";
import { ProviderError } from "./provider.ts";
import { networkError, protocolError, proxyTimeout, stageTimeout, type CallTarget } from "./provider-errors.ts";

export interface OpenExchange {
  readonly exchange: HttpExchange;
  readonly head: HttpHead;
}

export interface CallLimits {
  /** Milliseconds; 0 means none. */
  readonly connectMs: number;
  /** The stage that begins when the request is written, and its limit in milliseconds. */
  readonly answer: { readonly stage: Stage; readonly ms: number };
  /** Told before each request but the first. What it throws is thrown, and nothing is sent. */
  readonly onRepeat?: (() => void) | undefined;
}

/** Whoever asked wants no more. The signal's own reason can be anything, and is thrown in its place at the end. */
export class CallerAborted extends Error {
  override readonly name = "CallerAborted";
}

const MAX_REDIRECTS = 3;
/** Stages in which what comes is read when the caller asks for it. */
const READ_AT_LEISURE: readonly Stage[] = ["first-token", "idle", "after-finish"];

export class HttpCall {
  readonly timer: StageTimer;
  readonly #http: HttpClient;
  readonly #target: CallTarget;
  readonly #limits: CallLimits;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.#exchange?.abort(new CallerAborted("The caller wants no more."));
  #exchange: HttpExchange | null = null;
  #hasHead = false;

  constructor(http: HttpClient, target: CallTarget, limits: CallLimits, signal: AbortSignal) {
    this.#http = http;
    this.#target = target;
    this.#limits = limits;
    this.#signal = signal;
    this.timer = new StageTimer((stage, limitMs) => this.#limitReached(stage, limitMs));
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Resolves with the head of an answer that is no redirect. Throws `ProviderError`, or `CallerAborted`. */
  send(request: HttpRequest, redirects = 0): Promise<OpenExchange> {
    const exchange = this.#begin(request);
    return exchange.head.then(
      (head) => this.#answered(request, { exchange, head }, redirects),
      (error: unknown) => {
        if (error instanceof ProviderError || error instanceof CallerAborted) throw error;
        throw networkError(this.#target, error, "before-headers");
      },
    );
  }

  #answered(request: HttpRequest, answer: OpenExchange, redirects: number): OpenExchange | Promise<OpenExchange> {
    const { exchange, head } = answer;
    this.#hasHead = true;
    if (head.status < 300 || head.status >= 400 || head.status === 304) return answer;
    exchange.abort(new Error("Redirected."));
    if (redirects === MAX_REDIRECTS) throw this.#redirectError(head.status, "it leads from one to the next without an end");
    return this.send({ ...request, url: this.#redirectUrl(request, head) }, redirects + 1);
  }

  /** Closes the socket unless the answer was read to its end. To be called once, whatever happened. */
  close(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.timer.stop();
    this.#exchange?.abandon();
    this.#exchange = null;
  }

  #begin(request: HttpRequest): HttpExchange {
    if (this.#exchange !== null) this.#limits.onRepeat?.();
    this.#hasHead = false;
    this.timer.enter("connect", this.#limits.connectMs);
    const exchange = this.#http.send(request, () => this.timer.enter(this.#limits.answer.stage, this.#limits.answer.ms));
    this.#exchange = exchange;
    if (this.#signal.aborted) this.#onAbort();
    return exchange;
  }

  /**
   * Only within the origin: another one must not get the key, which was entered for this one, nor the prompt, which nobody
   * meant to send there. A POST is not turned into a GET.
   */
  #redirectUrl(request: HttpRequest, head: HttpHead): URL {
    const location = headerText(head.headers, "location") ?? "";
    // An empty one would name the very address that was asked.
    if (location === "" || !URL.canParse(location, request.url.href)) throw this.#redirectError(head.status, "it names no address");
    const url = new URL(location, request.url);
    if (url.origin !== request.url.origin) {
      throw this.#redirectError(head.status, `it leads to ${url.origin}. Set that as the base URL if it is right`);
    }
    if (request.method === "POST" && head.status !== 307 && head.status !== 308) {
      throw this.#redirectError(head.status, `the answer is to be fetched from ${url.pathname} instead. Check the base URL`);
    }
    return url;
  }

  #redirectError(status: number, problem: string): ProviderError {
    return protocolError(this.#target, `the redirect (${status}) is not followed: ${problem}.`, "before-headers", "redirect-refused");
  }

  #limitReached(stage: Stage, limitMs: number): void {
    // It is the reader who was silent: the server has sent, or would if it could.
    if (READ_AT_LEISURE.includes(stage) && this.#exchange?.hasUnread === true) {
      this.#exchange.toldUnread();
      this.timer.enter(stage, limitMs);
    } else {
      this.#exchange?.abort(this.#timeout(stage, limitMs));
    }
  }

  #timeout(stage: Stage, limitMs: number): ProviderError {
    const proxy = stage === "connect" ? (this.#exchange?.waitingForProxy ?? null) : null;
    if (proxy !== null) return proxyTimeout(this.#target, proxy, limitMs);
    return stageTimeout(this.#target, stage, limitMs, this.#phase(stage));
  }

  #phase(stage: Stage): ErrorPhase {
    if (stage === "connect" || !this.#hasHead) return "before-headers";
    return stage === "idle" || stage === "after-finish" ? "mid-stream" : "before-first-token";
  }
}
