// What is said of a list of models that could not be had.

import { CallerAborted } from "./http-call.ts";
import type { ProviderError } from "./provider.ts";
import { checkBaseUrl, networkError, protocolError, type CallTarget } from "./provider-errors.ts";

/** `encoding`: in which it came, where that is why it could not be read. */
export function noList(target: CallTarget, url: URL, encoding: string | undefined): ProviderError {
  const words = `what ${url.pathname} gives is no list of models. ${checkBaseUrl(target)}`;
  if (encoding === undefined) return protocolError(target, words, "before-first-token", "not-an-api");
  return protocolError(
    target,
    `the list of models came compressed (${encoding}) and could not be unpacked.`,
    "before-first-token",
    "compressed",
  );
}

export function asNetworkError(target: CallTarget, error: unknown): Error {
  if (error instanceof CallerAborted || (error instanceof Error && error.name === "ProviderError")) return error;
  return networkError(target, error, "before-first-token");
}
