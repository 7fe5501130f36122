// What can go wrong with a request, told apart without the JSON-RPC library's classes: the two sides may be bundled apart.

import type { RequestFailure } from "../../sidecar/protocol.ts";

/** The code of every error that carries a `RequestFailure`: the request was understood, and failed. */
export const REQUEST_FAILED = -32803;
/** JSON-RPC's own code for a request that its sender cancelled. */
const REQUEST_CANCELLED = -32800;

/** Where the sidecar stands when a request cannot be answered. */
export type UnavailableCause =
  /** It ended while the request was pending. */
  | "ended"
  /** It was started too often and is not started again by itself. */
  | "failed"
  /** The extension is being deactivated. */
  | "stopped";

/** There is no sidecar that could answer. `message` says why, for people. */
export class SidecarUnavailable extends Error {
  override readonly name = "SidecarUnavailable";
  readonly unavailable: UnavailableCause;
  /** With `failed`: how often it crashed. Absent where starting it again cannot help. */
  readonly crashes: number | undefined;

  constructor(unavailable: UnavailableCause, message: string, options: ErrorOptions & { readonly crashes?: number | undefined } = {}) {
    super(message, options);
    this.unavailable = unavailable;
    this.crashes = options.crashes;
  }
}

/** The request was cancelled by its sender, whether or not it had reached the sidecar. */
export class RequestCancelled extends Error {
  override readonly name = "RequestCancelled";

  constructor() {
    super("Cancelled.");
  }
}

export function isCancelled(error: unknown): boolean {
  return error instanceof RequestCancelled || (isRecord(error) && error["code"] === REQUEST_CANCELLED);
}

/** The sidecar's own words for a failed request: the data of its JSON-RPC error. */
export function requestFailure(error: unknown): RequestFailure | undefined {
  return isRecord(error) && isRequestFailure(error["data"]) ? error["data"] : undefined;
}

/** The sidecar is ours and its data typed: the presence of the code alone tells such an error from any other. */
function isRequestFailure(data: unknown): data is RequestFailure {
  return isRecord(data) && typeof data["code"] === "string";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
