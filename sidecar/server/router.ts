// From a message to its handler: checks what came, hands over a signal instead of a token, and turns what was thrown into the
// error that is sent back.

import type { CancellationToken, MessageConnection, NotificationType, RequestType } from "vscode-jsonrpc/node";
import { type Log, trace } from "../log.ts";
import type { RequestFailure } from "../protocol.ts";
import type { Check } from "../check.ts";
import type { Core } from "./core.ts";
import { wireError } from "./wire-error.ts";

export interface RouterOptions {
  readonly connection: MessageConnection;
  /** Throws `not-ready` before the handshake and after the end has begun. */
  readonly core: () => Core;
  readonly log: Log;
}

export class Router {
  readonly #options: RouterOptions;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  /** A request that needs the handshake. `handle` may be cancelled by its signal, and throws what it likes. */
  on<P, R>(
    type: RequestType<P, R, RequestFailure>,
    check: Check<P>,
    handle: (core: Core, params: P, signal: AbortSignal) => R | Promise<R>,
  ): void {
    this.first(type, (value, signal) => {
      const core = this.#options.core();
      check(value, "");
      return handle(core, value, signal);
    });
  }

  /** A request that comes as it is, also before the handshake. */
  first<P, R>(type: RequestType<P, R, RequestFailure>, handle: (value: unknown, signal: AbortSignal) => R | Promise<R>): void {
    // By name alone: then the library hands over whatever came, instead of judging its shape in an error of its own.
    this.#options.connection.onRequest<unknown, RequestFailure>(type.method, async (...given: readonly unknown[]): Promise<unknown> => {
      const { value, token } = parts(given);
      const abort = new AbortController();
      // The library's token for a request that was cancelled before it was handled never fires.
      if (token?.isCancellationRequested === true) abort.abort();
      const listening = token?.onCancellationRequested(() => abort.abort());
      try {
        return await handle(value, abort.signal);
      } catch (error) {
        return wireError(error, abort.signal.aborted, this.#options.log);
      } finally {
        listening?.dispose();
      }
    });
  }

  /** What does not fit is logged and passed over: a notification has no answer. */
  hear<P>(type: NotificationType<P>, check: Check<P>, handle: (core: Core, params: P) => void): void {
    this.#options.connection.onNotification(type.method, (...given: readonly unknown[]) => {
      try {
        const core = this.#options.core();
        const value = given[0];
        check(value, "");
        handle(core, value);
      } catch (error) {
        this.#options.log.warn(`The notification ${type.method} was passed over: ${error instanceof Error ? error.message : trace(error)}`);
      }
    });
  }
}

/** The token comes last, after as many parameters as the message had. */
function parts(given: readonly unknown[]): { readonly value: unknown; readonly token: CancellationToken | undefined } {
  const token = given.at(-1);
  return { value: given.length > 1 ? given[0] : null, token: isToken(token) ? token : undefined };
}

function isToken(value: unknown): value is CancellationToken {
  return typeof value === "object" && value !== null && "onCancellationRequested" in value && "isCancellationRequested" in value;
}
