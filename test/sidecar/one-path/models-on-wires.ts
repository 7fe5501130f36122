// Models of an engine whose server is the fake provider, on any of the wires.

import { defaultSettings, type Engine } from "../../../sidecar/engine.ts";
import type { Llm } from "../../../sidecar/api.ts";
import type { EngineSettings, ProviderSettings } from "../../../sidecar/settings.ts";
import { startFake } from "../../support/fake-at-hand.ts";
import type { FakeProvider, FakeWire } from "../../support/fake-provider.ts";
import { PROVIDER_OF_WIRE } from "../../support/wire-reading.ts";
import { engineMaker } from "../engines.ts";

export const ALL_WIRES: readonly FakeWire[] = ["openai-chat", "openai-responses", "anthropic", "ollama"];

export interface ModelsOnWires {
  readonly fake: FakeProvider;
  /** The settings with which an engine calls the fake on this wire. */
  readonly settingsOn: (wire: FakeWire, more?: ProviderSettings) => EngineSettings;
  readonly engineOn: (wire: FakeWire, more?: ProviderSettings) => Engine;
  /** A model of an engine of its own, so that nothing that another test taught it holds. */
  readonly llmOn: (wire: FakeWire, more?: ProviderSettings) => Llm;
}

/** Call it at the top of a test file: what it makes is closed after each test, and the fake after the last. */
export async function modelsOnWires(): Promise<ModelsOnWires> {
  const fake = await startFake();
  const engineWith = engineMaker();
  const settingsOn = (wire: FakeWire, more: ProviderSettings = {}): EngineSettings => ({
    ...defaultSettings,
    providers: {
      [PROVIDER_OF_WIRE[wire]]: { baseUrl: fake.baseUrl(wire), ...(wire === "openai-responses" ? { api: "responses" } : {}), ...more },
    },
  });
  const engineOn = (wire: FakeWire, more?: ProviderSettings): Engine => engineWith({ settings: settingsOn(wire, more) });
  return { fake, settingsOn, engineOn, llmOn: (wire, more) => engineOn(wire, more).llm(`${PROVIDER_OF_WIRE[wire]}/m`) };
}
