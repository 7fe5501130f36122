// Engines for the tests of a file.

import { afterEach } from "node:test";
import { defaultSettings, Engine, type EngineOptions } from "../../sidecar/engine.ts";
import { KeyRing } from "../../sidecar/keys.ts";
import { ScriptedProvider } from "./scripted-provider.ts";

/** Call it at the top of a test file: the engines that it makes are closed after each test. Without options they know no key. */
export function engineMaker(): (options?: Partial<EngineOptions>) => Engine {
  const engines: Engine[] = [];
  afterEach(async () => {
    await Promise.all(engines.splice(0).map((engine) => engine.close()));
  });
  return (options = {}) => {
    const engine = new Engine({ settings: defaultSettings, keys: new KeyRing(), local: new ScriptedProvider(), ...options });
    engines.push(engine);
    return engine;
  };
}
