// How a key gets into a request, and never into anything else.

import { isOwnAddress } from "./base-url.ts";
import { ProviderError } from "./provider.ts";
import type { ProviderRow } from "./registry.ts";

/** Throws `ProviderError` with code `invalid-key` for a key that cannot stand in a header; the key is not part of its text. */
export function keyHeaders(provider: string, row: ProviderRow, key: string | undefined): Readonly<Record<string, string>> {
  if (key === undefined || key === "") return {};
  if (!/^[\u0021-\u007e]+$/u.test(key)) {
    throw keyError(provider, "invalid-key", `The key set for ${row.name} holds characters that no key has. Set it again.`);
  }
  const header = row.keyHeader ?? "bearer";
  return header === "bearer" ? { authorization: `Bearer ${key}` } : { [header]: key };
}

/** Another base URL than the provider's own may be a server that asks for no key; if it does ask, it says so itself. */
export function needsKey(row: ProviderRow, baseUrl: URL): boolean {
  return row.key === "required" && isOwnAddress(row, baseUrl);
}

export function missingKey(provider: string, row: ProviderRow): ProviderError {
  const variables = row.keyVariables.length === 0 ? "" : ` (in the environment: ${row.keyVariables.join(" or ")})`;
  return keyError(provider, "missing-key", `${row.name} needs a key, and none is set${variables}.`);
}

export function missingBaseUrl(provider: string, row: ProviderRow): ProviderError {
  const variables = row.baseUrlVariables.length === 0 ? "" : ` (in the environment: ${row.baseUrlVariables.join(" or ")})`;
  return new ProviderError(`${row.name} needs a base URL, and none is set${variables}.`, {
    kind: "invalid-request",
    phase: "before-headers",
    retryable: false,
    providerCode: "missing-base-url",
    provider,
  });
}

/** Shorter ones are words that stand everywhere: many servers of one's own take any key. */
const SHORTEST_KEY = 4;

/** The text with the key struck out, should a provider have repeated it: as it is, or as addresses have it. */
export function strikeKey(text: string, key: string | undefined): string {
  if (key === undefined || key.length < SHORTEST_KEY) return text;
  const escaped = encodeURIComponent(key);
  const lower = escaped.replaceAll(/%[\dA-F]{2}/gu, (escape) => escape.toLowerCase());
  return text.replaceAll(key, STRUCK).replaceAll(escaped, STRUCK).replaceAll(lower, STRUCK);
}

const STRUCK = "…";

/** The same error with the key struck out of all that a provider can have written into it. */
export function withoutKey(error: ProviderError, key: string | undefined): ProviderError {
  const { message, providerCode, requestId, ...info } = error.info;
  const code = providerCode === undefined ? undefined : strikeKey(providerCode, key);
  const id = requestId === undefined ? undefined : strikeKey(requestId, key);
  const words = strikeKey(message, key);
  if (words === message && code === providerCode && id === requestId) return error;
  return new ProviderError(words, {
    ...info,
    ...(code === undefined ? {} : { providerCode: code }),
    ...(id === undefined ? {} : { requestId: id }),
  });
}

function keyError(provider: string, providerCode: string, message: string): ProviderError {
  return new ProviderError(message, { kind: "auth", phase: "before-headers", retryable: false, providerCode, provider });
}
