// What the server stands on: the engine, the store, the keys. Made once, with the handshake.

import type { GenerateOptions, Llm } from "../api.ts";
import type { ListModelsParams, ListModelsResult } from "../model-listing.ts";
import type { Availability, DefaultModelResult } from "../protocol.ts";
import type { PriceQuote } from "../prices/price-quote.ts";
import type { SessionStore } from "../sessions/store.ts";
import type { ChatSettings, EngineSettings } from "../settings.ts";
import type { ModelRef, ProviderInfo } from "../types.ts";

/** The part of the engine that messages reach. */
export interface ServerEngine {
  llm(ref: ModelRef, defaults?: GenerateOptions): Llm;
  /** Undefined: nobody knows what the model costs. Throws `ProviderError` for a reference that names none. */
  priceOf(ref: ModelRef): Promise<PriceQuote | undefined>;
  listProviders(): readonly ProviderInfo[];
  listModels(params: ListModelsParams, signal: AbortSignal): Promise<ListModelsResult>;
  defaultModel(lastUsed: ModelRef | null, signal: AbortSignal): Promise<DefaultModelResult>;
}

export interface Services {
  readonly store: SessionStore;
  readonly persistence: Availability;
  readonly localInference: Availability;
  /** Loaded on first use: a sidecar that has not been asked anything yet should cost next to nothing. */
  engine(): Promise<ServerEngine>;
  updateSettings(settings: EngineSettings): void;
  /** As they are now. */
  chatSettings(): ChatSettings;
  /** Throws `ProviderError` for an address that is none or a key that cannot be one. */
  setKey(provider: string, origin: string, key: string | null): void;
  /** Closes every socket, ends the inference process, then closes the store. */
  close(): Promise<void>;
}
