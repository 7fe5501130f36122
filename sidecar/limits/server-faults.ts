// Whether what went wrong with a request is the server's trouble and not the request's. A server that is started anew refuses every
// connection for a moment, and a gateway whose server is away answers with 500 or 502 to whatever is asked: each item of a batch
// would use up its own retries within that moment, and the batch be lost.

import type { ErrorInfo } from "../types.ts";

/** Requests that failed in a row, with none taken on between them: one alone, however often it is asked, may be the reason itself. */
const FAILURES_OF_A_SERVER = 2;
/** Nobody is there, or the way there is not: no request can be the reason. */
const NOBODY_THERE: ReadonlySet<string> = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH", "ENETDOWN"]);
/** Milliseconds for which somebody who has answered is expected to come back. What is off since this morning stays so. */
const LATELY_MS = 15 * 60_000;

/** When somebody has answered last: a server, or one of its models. Who never has, or not for long, may be none. */
export class LastAnswer {
  #at = -Infinity;

  was(now: number): void {
    this.#at = now;
  }

  isLate(now: number): boolean {
    return now - this.#at > LATELY_MS;
  }

  /** It was waited for in vain. */
  forget(): void {
    this.#at = -Infinity;
  }
}

/** Of those who ask one model: a gateway may have lost the server of one while those of the others answer. */
export class ServerFaults {
  readonly #server: LastAnswer;
  readonly #model = new LastAnswer();
  #inARow = 0;
  /**
   * How often each has failed. Each says once that the server may be in trouble: what fails again after others were taken on is the
   * reason itself, and so are those that alone fail again and again.
   */
  readonly #failures = new WeakMap<object, number>();

  constructor(server: LastAnswer) {
    this.#server = server;
  }

  /** The server has taken a request on, or ended its answer. */
  answered(now: number): void {
    this.#wasThere(now);
    this.#inARow = 0;
  }

  /** `request`: the same each time that it is asked. Whether everything that is asked of this model now would fail. */
  failed(request: object, { kind, providerCode, phase, retryable }: ErrorInfo, now: number): boolean {
    // It was answering until now, which may have taken long.
    if (phase === "mid-stream") this.#wasThere(now);
    if (phase === "mid-stream" || (kind !== "network" && kind !== "server")) return false;
    const isAway = kind === "network" && providerCode !== undefined && NOBODY_THERE.has(providerCode);
    if (!isAway && !retryable) return false;
    const times = (this.#failures.get(request) ?? 0) + 1;
    this.#failures.set(request, times);
    if (times === 1) this.#inARow++;
    if (isAway) return !this.#server.isLate(now);
    return this.#inARow >= Math.max(FAILURES_OF_A_SERVER, times) && !this.#model.isLate(now);
  }

  #wasThere(now: number): void {
    this.#server.was(now);
    this.#model.was(now);
  }

  /** It was waited for in vain. Until it answers again, whoever asks is told at once. */
  giveUp(): void {
    this.#server.forget();
    this.#model.forget();
  }
}
