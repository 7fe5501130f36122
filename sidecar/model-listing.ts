// What is asked for a list of models, and what is told: the library's own as well, so no other part of the protocol stands here.

import type { ErrorInfo, ModelInfo } from "./types.ts";

export interface ListModelsParams {
  /** Absent: all that can be reached without more being set. */
  readonly provider?: string;
  /** Asks this address instead of the provider's own (to try a server before adding it). Needs `provider`. */
  readonly baseUrl?: string;
  /** Past the cache. */
  readonly refresh?: boolean;
}

export interface ListModelsResult {
  readonly models: readonly ModelInfo[];
  /** Providers that were asked and did not answer well. A local server that does not run is no failure unless asked for by name. */
  readonly failures: readonly { readonly provider: string; readonly error: ErrorInfo }[];
}
