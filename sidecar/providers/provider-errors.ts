// The one place where a `ProviderError` of the HTTP providers is made: each knows its status, phase and request id here,
// and nowhere else.

import { certificateProblem, certificateWords } from "../http/certificate-problem.ts";
import { foreignAnswer } from "../http/foreign-answer.ts";
import { headerText, type HttpHeaders } from "../http/headers.ts";
import { ProxyError } from "../http/proxy-error.ts";
import type { RecordTooLongError } from "../http/records.ts";
import { retryAfterMs, shouldRetry } from "../http/retry-after.ts";
import type { Stage } from "../http/stage-timer.ts";
import type { ErrorPhase } from "../types.ts";
import { errorKind, isFinalStatus, isRetryable } from "./error-kinds.ts";
import { readErrorBody, type ErrorPayload } from "./error-payload.ts";
import { limitAdvice } from "./output-limit.ts";
import { ProviderError, type ProviderErrorInit } from "./provider.ts";

/** Whom an error is about. */
export interface CallTarget {
  readonly provider: string;
  /** For people. */
  readonly name: string;
  readonly model?: string;
  /** Where the request went, for people: without path or query. */
  readonly origin: string;
  /** For people, without a query or a slash at its end. */
  readonly baseUrl: string;
  /** The base URL was set and has no path, where most servers of its wire answer below `/v1`. */
  readonly lacksPath: boolean;
}

/** What to look at where something else answers than what was meant. A sentence. */
export function checkBaseUrl({ baseUrl, lacksPath }: CallTarget): string {
  return `Check the base URL ${baseUrl}${lacksPath ? ": many servers want /v1 at its end." : "."}`;
}

/** The cause of a refusal without JSON in its body: a page, as web servers have it, or nothing. */
export class NoJson extends Error {
  override readonly name = "NoJson";
}

/** An answer with an error status. `body` is text, possibly cut, possibly no JSON. */
export function statusError(target: CallTarget, status: number, headers: HttpHeaders, body: string): ProviderError {
  const payload = readErrorBody(body);
  const kind = errorKind(status, payload);
  const retryable = !isFinalStatus(status) && (shouldRetry(headers) ?? isRetryable(kind, status));
  // What this request is told holds for the others at its endpoint, even where it is itself not to be sent again.
  const waits = retryable || status === 429 || status >= 500;
  const wait = payload.retryAfterMs ?? (waits ? retryAfterMs(headers, Date.now()) : undefined);
  const requestId = requestIdOf(headers) ?? payload.requestId;
  // llama.cpp's server says so while it reads the model from the disk: to be waited for, not to be reported (quirk 15).
  const loading = status === 503 && payload.type === "unavailable_error" && /loading/iu.test(payload.message);
  const code = loading ? "loading-model" : payload.code;
  const words = statusWords(target, status, payload);
  // What has no address of its own below the base URL is more often a wrong base URL than anything else.
  const isNowhere = status === 404 && kind === "invalid-request" && target.lacksPath;
  return new ProviderError(isNowhere ? `${words} ${checkBaseUrl(target)}` : words, {
    ...about(target),
    kind,
    phase: "before-headers",
    status,
    retryable,
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    ...(code === undefined ? {} : { providerCode: code }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(/^\s*[[{"]/u.test(body) ? {} : { cause: new NoJson("The answer holds no JSON.") }),
  });
}

/** An error that came inside a stream, under status 200 (quirks 8 to 11). The headers may name how long to wait. `did`: what it stands for. */
export function streamError(
  target: CallTarget,
  payload: ErrorPayload,
  phase: ErrorPhase,
  headers: HttpHeaders,
  did = "broke off the answer",
): ProviderError {
  const kind = errorKind(payload.status, payload);
  const retryable = isRetryable(kind, payload.status);
  const wait = payload.retryAfterMs ?? (retryable ? retryAfterMs(headers, Date.now()) : undefined);
  const words = payload.message === "" ? (payload.code ?? "no reason given") : payload.message;
  return new ProviderError(`${target.name} ${did}: ${words}`, {
    ...about(target),
    kind,
    phase,
    retryable,
    ...(payload.status === undefined ? {} : { status: payload.status }),
    ...(payload.code === undefined ? {} : { providerCode: payload.code }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    ...(payload.requestId === undefined ? {} : { requestId: payload.requestId }),
  });
}

/** An answer of nothing, under status 200, whose headers name a time to wait: a refusal. Undefined where they name none. */
export function refusalByHeaders(target: CallTarget, headers: HttpHeaders): ProviderError | undefined {
  const wait = retryAfterMs(headers, Date.now());
  if (wait === undefined) return undefined;
  return new ProviderError(`${target.name} gave no answer and asks to wait.`, {
    ...about(target),
    kind: "overloaded",
    phase: "before-first-token",
    retryable: true,
    retryAfterMs: wait,
  });
}

/** What came is not what this wire can be. */
export function protocolError(target: CallTarget, message: string, phase: ErrorPhase, code: string, cause?: unknown): ProviderError {
  return new ProviderError(`${target.name}: ${message}`, {
    ...about(target),
    kind: "protocol",
    phase,
    retryable: false,
    providerCode: code,
    cause,
  });
}

export function recordTooLong(target: CallTarget, error: RecordTooLongError, phase: ErrorPhase): ProviderError {
  return protocolError(target, error.message, phase, "record-too-long", error);
}

const STAGE_WORDS: Readonly<Record<Stage, (seconds: string) => string>> = {
  connect: (seconds) => `no connection within ${seconds}`,
  "first-token": (seconds) => `no first token within ${seconds}`,
  idle: (seconds) => `nothing more came for ${seconds}`,
  list: (seconds) => `no list of models within ${seconds}`,
  "after-finish": (seconds) => `the answer was not closed within ${seconds}`,
  "error-body": (seconds) => `the words of an error did not end within ${seconds}`,
};

/** The way to the provider was not opened by the proxy; `providerCode` is the `ProxyProblem`. The provider is not at fault. */
function proxyError(target: CallTarget, error: ProxyError): ProviderError {
  return new ProviderError(error.message, {
    ...about(target),
    kind: error.code === "proxy-timeout" ? "timeout" : "network",
    phase: "before-headers",
    retryable: error.retryable,
    providerCode: error.code,
    cause: error,
  });
}

/** The time limit for connecting ran out while the proxy, named as for people, had not answered yet. */
export function proxyTimeout(target: CallTarget, proxy: string, limitMs: number): ProviderError {
  const words = `The proxy ${proxy} did not open the way to ${target.origin} within ${shownTime(limitMs)}.`;
  return proxyError(target, new ProxyError("proxy-timeout", words, { retryable: true }));
}

/** One of our own time limits. `providerCode` is `connect-timeout`, `first-token-timeout`, `idle-timeout` or `list-timeout`. */
export function stageTimeout(target: CallTarget, stage: Stage, limitMs: number, phase: ErrorPhase): ProviderError {
  return new ProviderError(`${target.name} at ${target.origin}: ${STAGE_WORDS[stage](shownTime(limitMs))}.`, {
    ...about(target),
    kind: "timeout",
    phase,
    // Only a connection is cheap to try again; a model that was silent for minutes would be silent again.
    retryable: stage === "connect",
    providerCode: `${stage}-timeout`,
  });
}

function shownTime(limitMs: number): string {
  return limitMs < 1000 ? `${limitMs} ms` : `${Math.round(limitMs / 100) / 10} s`;
}

/** Codes of Node and undici after which the same request can succeed. */
const PASSING_FAILURES: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "ENETDOWN",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The connection could not be made, or broke. */
export function networkError(target: CallTarget, error: unknown, phase: ErrorPhase): ProviderError {
  if (error instanceof ProxyError) return proxyError(target, error);
  const foreign = foreignAnswer(error);
  if (foreign !== null) {
    const words = `what came instead of an answer begins with ${foreign}. ${checkBaseUrl(target)}`;
    return protocolError(target, words, phase, "not-an-api", error);
  }
  const code = networkCode(error);
  return new ProviderError(networkWords(target, code, error), {
    ...about(target),
    kind: "network",
    phase,
    retryable: PASSING_FAILURES.has(code),
    providerCode: code,
    cause: error,
  });
}

/** Node's or undici's code; that of the first address where several were tried. */
export function networkCode(error: unknown): string {
  if (error instanceof AggregateError && codeOf(error) === undefined) return networkCode(error.errors[0]);
  return codeOf(error) ?? "unknown";
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function networkWords(target: CallTarget, code: string, error: unknown): string {
  const place = `${target.name} at ${target.origin}`;
  if (code === "ECONNREFUSED") return `Nothing answers for ${place}: the connection was refused.`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `The address of ${place} could not be found.`;
  const words = error instanceof Error && error.message !== "" ? error.message : code;
  if (certificateProblem(code) !== null) return `The certificate of ${place} was not accepted: ${certificateWords(words)} (${code}).`;
  return `The connection to ${place} failed: ${words}`;
}

function statusWords({ name }: CallTarget, status: number, { message }: ErrorPayload): string {
  if (message === "") return `${name} answered with status ${status}.`;
  return [`${name} (${status}): ${message}`, limitAdvice(message)].filter((words) => words !== undefined).join(" ");
}

const REQUEST_ID_HEADERS: readonly string[] = ["request-id", "x-request-id", "x-generation-id", "apim-request-id", "x-ms-request-id"];

export function requestIdOf(headers: HttpHeaders): string | undefined {
  for (const name of REQUEST_ID_HEADERS) {
    const value = headerText(headers, name);
    if (value !== undefined) return value.slice(0, 200);
  }
  return undefined;
}

function about(target: CallTarget): Pick<ProviderErrorInit, "provider" | "model"> {
  return { provider: target.provider, ...(target.model === undefined ? {} : { model: target.model }) };
}
