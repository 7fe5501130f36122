// A provider in memory for tests of what stands above providers: each call runs the next script, and the provider remembers
// what it was asked and how many of its streams are open.

import type { ModelRequest, Provider, ProviderEvent, RequestContext } from "../../sidecar/providers/provider.ts";
import type { ErrorInfo, ModelInfo } from "../../sidecar/types.ts";
import type { RetryPolicy } from "../../sidecar/answers/retry.ts";
import { createLlmAt, type Endpoint } from "../../sidecar/llm.ts";
import { EndpointLimiter } from "../../sidecar/limits/endpoint-limiter.ts";
import { ProviderError } from "../../sidecar/providers/provider.ts";
import type { Llm } from "../../sidecar/api.ts";

export type Script = (request: ModelRequest, context: RequestContext) => AsyncGenerator<readonly ProviderEvent[], void, undefined>;

export class ScriptedProvider implements Provider {
  readonly id = "scripted";
  readonly requests: ModelRequest[] = [];
  readonly contexts: RequestContext[] = [];
  open = 0;
  mostOpen = 0;
  readonly #scripts: Script[] = [];
  #otherwise: Script = answers("ok");

  /** The answers to the next requests, in order. */
  enqueue(...scripts: readonly Script[]): void {
    this.#scripts.push(...scripts);
  }

  /** The answer to every request for which none was queued. */
  otherwise(script: Script): void {
    this.#otherwise = script;
  }

  async *stream(request: ModelRequest, context: RequestContext): AsyncGenerator<readonly ProviderEvent[], void, undefined> {
    this.requests.push(request);
    this.contexts.push(context);
    this.open++;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    try {
      yield* (this.#scripts.shift() ?? this.#otherwise)(request, context);
    } finally {
      this.open--;
    }
  }

  listModels(): Promise<readonly ModelInfo[]> {
    return Promise.resolve([]);
  }
}

export const finish: ProviderEvent = { type: "finish", finishReason: "stop", rawFinishReason: "stop" };
export const usage: ProviderEvent = { type: "usage", inputTokens: 5, outputTokens: 2 };
export const text = (value: string): ProviderEvent => ({ type: "text-delta", text: value });

/** A whole answer, one batch for each piece. */
export function answers(...pieces: readonly string[]): Script {
  return async function* () {
    for (const piece of pieces) yield [text(piece)];
    yield [usage, finish];
  };
}

/** The events as they are, without a terminal marker of its own. */
export function yields(...batches: readonly (readonly ProviderEvent[])[]): Script {
  return async function* () {
    yield* batches;
  };
}

/** Waits at the gate. An answer that is cancelled meanwhile gets no further. */
export function waitsAt(gate: Gate): Script {
  return async function* (_, { signal }) {
    yield [];
    await gate.pass(signal);
  };
}

/** One answer out of several scripts. */
export function inTurn(...scripts: readonly Script[]): Script {
  return async function* (request, context) {
    for (const script of scripts) yield* script(request, context);
  };
}

export function fails(info: Partial<ErrorInfo>): Script {
  return async function* () {
    yield [];
    throw providerError(info);
  };
}

export function providerError(info: Partial<ErrorInfo>): ProviderError {
  const { message = "scripted", ...rest } = info;
  return new ProviderError(message, { kind: "server", phase: "before-headers", retryable: false, ...rest });
}

/** A promise to be settled by the test, that rejects like a socket does when the request is aborted. */
export class Gate {
  readonly #deferred = Promise.withResolvers<void>();
  readonly #reached = Promise.withResolvers<void>();
  waiting = 0;

  /** Resolves when somebody waits at the gate. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  open(): void {
    this.#deferred.resolve();
  }

  async pass(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener("abort", abort);
    this.waiting++;
    this.#reached.resolve();
    try {
      await Promise.race([this.#deferred.promise, aborted.promise]);
    } finally {
      this.waiting--;
      signal.removeEventListener("abort", abort);
    }
  }
}

export interface LlmUnderTest {
  readonly provider: ScriptedProvider;
  readonly limiter: EndpointLimiter;
  readonly llm: Llm;
}

/** For tests: retries that come at once. */
export const quickRetries: RetryPolicy = { retries: 2, batchRefusals: 8, baseMs: 1, capMs: 1000, loadingMs: 1, loadingCapMs: 60_000 };

/** Retries come at once unless a policy is given. */
export function scriptedLlm(options: { readonly size?: number; readonly endpoint?: Partial<Endpoint> } = {}): LlmUnderTest {
  const provider = new ScriptedProvider();
  const limiter = new EndpointLimiter(options.size ?? 4, { start: options.size ?? 4 });
  // Made anew for each request, as the settings' endpoints are.
  const endpoint = (): Endpoint => ({
    provider,
    limiter: limiter.within(() => Infinity),
    timeLimits: {},
    retry: quickRetries,
    ...options.endpoint,
  });
  const llm = createLlmAt({ ref: "scripted/m", provider: "scripted", model: "m", endpoint });
  return { provider, limiter, llm };
}
