// The one place where what was thrown becomes an error on the wire.

import { ResponseError } from "vscode-jsonrpc/node";
import { Failure } from "../failure.ts";
import { type Log, trace } from "../log.ts";
import type { RequestFailure } from "../protocol.ts";
import { ProviderError } from "../providers/provider.ts";

/** As the Language Server Protocol has them. */
const requestCancelled = -32800;
const requestFailed = -32803;

/** `cancelled`: the client has called the request off, so that whatever it ended with is that. */
export function wireError(error: unknown, cancelled: boolean, log: Log): ResponseError<RequestFailure> {
  if (cancelled) return new ResponseError(requestCancelled, "The request was cancelled.");
  if (error instanceof Failure) return failed(error.message, { code: error.code });
  if (error instanceof ProviderError) return failed(error.message, { code: "provider", error: error.info });
  log.error(`A request failed by a fault of Parley's own: ${trace(error)}`);
  return failed(`Parley itself failed: ${error instanceof Error ? error.message : String(error)}`, { code: "internal" });
}

function failed(message: string, data: RequestFailure): ResponseError<RequestFailure> {
  return new ResponseError(requestFailed, message, data);
}
