// Calls of a provider over real sockets, as the engine makes them.

import assert from "node:assert/strict";
import type { HttpClient } from "../../sidecar/http/http-client.ts";
import { createHttpProvider, type Endpoint } from "../../sidecar/providers/http-provider.ts";
import { ProviderError, type ModelRequest, type Provider, type ProviderEvent } from "../../sidecar/providers/provider.ts";
import { providerRow } from "../../sidecar/providers/registry.ts";
import type { GenerationParameters, Message, TimeLimits } from "../../sidecar/types.ts";

export function createProvider(id: string, endpoint: Omit<Endpoint, "provider">, http: HttpClient): Provider {
  const row = providerRow(id);
  if (row === undefined) throw new Error(`No row for ${id}`);
  return createHttpProvider(row, { provider: id, ...endpoint }, http);
}

export function userMessage(text: string): Message {
  return { role: "user", content: [{ type: "text", text }] };
}

export function modelRequest(text = "Hello", parameters: GenerationParameters = {}, model = "test-model"): ModelRequest {
  return { model, messages: [userMessage(text)], parameters };
}

export interface CallOptions {
  readonly request?: ModelRequest;
  readonly signal?: AbortSignal;
  readonly timeLimits?: TimeLimits;
  /** Called with each batch as it comes. */
  readonly onBatch?: (batch: readonly ProviderEvent[]) => void;
}

export interface CallOutcome {
  readonly events: readonly ProviderEvent[];
  /** What the iteration threw, if it did. */
  readonly thrown: unknown;
}

/** Reads one answer to its end, whatever that is. */
export async function call(provider: Provider, options: CallOptions = {}): Promise<CallOutcome> {
  const events: ProviderEvent[] = [];
  try {
    const context = { signal: options.signal ?? new AbortController().signal, timeLimits: options.timeLimits ?? {} };
    for await (const batch of provider.stream(options.request ?? modelRequest(), context)) {
      events.push(...batch);
      options.onBatch?.(batch);
    }
  } catch (thrown) {
    return { events, thrown };
  }
  return { events, thrown: null };
}

/** The error of a call that must fail with a `ProviderError`. */
export async function callError(provider: Provider, options: CallOptions = {}): Promise<ProviderError> {
  const { thrown } = await call(provider, options);
  assert.ok(thrown instanceof ProviderError, `a ProviderError, not ${String(thrown)}`);
  return thrown;
}
