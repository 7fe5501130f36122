// The engine of a program that has no editor: the library and the command line. Keys and addresses come from the environment.

import { defaultSettings, Engine } from "./engine.ts";
import { KeyRing } from "./keys.ts";
import { InferenceClient } from "./local/inference-client.ts";
import { createLocalProvider } from "./local/local-provider.ts";

export interface StandaloneEngine {
  readonly engine: Engine;
  /** Breaks off what is under way, closes connections and ends the inference process. */
  close(): Promise<void>;
}

/** Opens nothing: connections and the inference process come with the first request that needs them. */
export function createStandaloneEngine(environment: NodeJS.ProcessEnv): StandaloneEngine {
  const inference = new InferenceClient({ environment });
  const engine = new Engine({ settings: defaultSettings, keys: new KeyRing(), environment, local: createLocalProvider(inference) });
  return {
    engine,
    close: async () => {
      await Promise.all([engine.close(), inference.close()]);
    },
  };
}
