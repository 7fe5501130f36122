// The engine of a program that has no editor: the library and the command line. Keys and addresses come from the environment.

import { defaultSettings, Engine } from "./engine.ts";
import { KeyRing } from "./keys.ts";
import { ProviderError, type Provider } from "./providers/provider.ts";

export interface StandaloneEngine {
  readonly engine: Engine;
  /** Breaks off what is under way, closes connections and ends the inference process. */
  close(): Promise<void>;
}

/** Until the inference process is part of the build. */
const local: Provider = {
  id: "local",
  async *stream() {
    yield [];
    throw new ProviderError("This build has no local inference.", {
      kind: "unsupported",
      providerCode: "inference-unavailable",
      phase: "before-headers",
      retryable: false,
    });
  },
  listModels: () => Promise.resolve([]),
};

/** Opens nothing: connections and the inference process come with the first request that needs them. */
export function createStandaloneEngine(environment: NodeJS.ProcessEnv): StandaloneEngine {
  const engine = new Engine({ settings: defaultSettings, keys: new KeyRing(), environment, local });
  return {
    engine,
    close: async () => {
      await engine.close();
    },
  };
}
