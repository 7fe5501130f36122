// Whether what went wrong with a request is the server's trouble and not the request's. A server that is started anew refuses every
// connection for a moment, and a gateway whose server is away answers with 500 or 502 to whatever is asked: each item of a batch
// would use up its own retries within that moment, and the batch be lost.

import type { ErrorInfo } from "../types.ts";

/** In a row, with none taken on between them: one alone may be about the request. */
const FAILURES_OF_A_SERVER = 2;
/** Nobody is there, or the way there is not: no request can be the reason. */
const NOBODY_THERE: ReadonlySet<string> = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH", "ENETDOWN"]);

export class ServerFaults {
  /** A server that has never answered, and does not now, may be none: nobody is to wait for it. */
  #hasAnswered = false;
  #inARow = 0;

  /** The server has taken a request on. */
  accepted(): void {
    this.#hasAnswered = true;
    this.#inARow = 0;
  }

  /** Of one request. Whether everything that is asked there now would fail. */
  failed({ kind, providerCode, phase, retryable }: ErrorInfo): boolean {
    if (phase === "mid-stream" || (kind !== "network" && kind !== "server")) return false;
    const isAway = kind === "network" && providerCode !== undefined && NOBODY_THERE.has(providerCode);
    if (!isAway && !retryable) return false;
    this.#inARow++;
    return this.#hasAnswered && (isAway || this.#inARow >= FAILURES_OF_A_SERVER);
  }
}
