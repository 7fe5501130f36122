// What is said of a list of models that could not be had.

import type { JsonValue } from "../types.ts";
import { readErrorJson } from "./error-payload.ts";
import { isErrorRecord } from "./error-record.ts";
import { CallerAborted, type OpenExchange } from "./http-call.ts";
import { asObject } from "./json-fields.ts";
import type { ProviderError } from "./provider.ts";
import { checkBaseUrl, networkError, protocolError, streamError, type CallTarget } from "./provider-errors.ts";

/** An error in the place of a list, under a status of success. */
export function listRefusal(target: CallTarget, json: JsonValue | undefined, { headers }: OpenExchange["head"]): ProviderError | undefined {
  const refused = asObject(json);
  if (refused === undefined || !isErrorRecord(refused)) return undefined;
  return streamError(target, readErrorJson(refused), "before-first-token", headers, "gave no list of models");
}

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
