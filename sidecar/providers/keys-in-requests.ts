// How a key gets into a request, and never into anything else.

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
  if (row.key !== "required") return false;
  return row.defaultBaseUrl === undefined || new URL(row.defaultBaseUrl).origin === baseUrl.origin;
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

/** The same error with the key struck out, should a provider have repeated it in its words. */
export function withoutKey(error: unknown, key: string | undefined): unknown {
  if (!(error instanceof ProviderError) || key === undefined || key.length < 4 || !error.message.includes(key)) return error;
  const { message, ...info } = error.info;
  return new ProviderError(message.replaceAll(key, "…"), info);
}

function keyError(provider: string, providerCode: string, message: string): ProviderError {
  return new ProviderError(message, { kind: "auth", phase: "before-headers", retryable: false, providerCode, provider });
}
