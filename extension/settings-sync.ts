// Keeps a running sidecar's settings those of now. A sidecar that starts is given them with the handshake.

import { UpdateSettings } from "../sidecar/protocol.ts";
import type { EngineSettings } from "../sidecar/settings.ts";
import { type Disposable, DisposableStore } from "./dispose.ts";
import type { Log } from "./log.ts";
import type { Settings } from "./settings.ts";
import type { SidecarClient } from "./sidecar-client.ts";

export class SettingsSync implements Disposable {
  readonly #store = new DisposableStore();
  readonly #client: SidecarClient;
  readonly #settings: Settings;
  readonly #log: Log;
  #told = "";

  constructor(client: SidecarClient, settings: Settings, log: Log) {
    this.#client = client;
    this.#settings = settings;
    this.#log = log;
    this.#store.add(settings.onDidChangeEngine(() => this.#tell()));
    // They may have changed while it started.
    this.#store.add(client.onDidChangeStatus(() => this.#tell()));
  }

  /** For the handshake. */
  settingsForStart(): EngineSettings {
    this.#told = JSON.stringify(this.#settings.engine);
    return this.#settings.engine;
  }

  dispose(): void {
    this.#store.dispose();
  }

  #tell(): void {
    const settings = this.#settings.engine;
    const text = JSON.stringify(settings);
    if (this.#client.status.state !== "ready" || text === this.#told) return;
    this.#told = text;
    this.#client
      .request(UpdateSettings, { settings })
      .catch((error: unknown) => this.#log.warn(`The settings were not taken: ${error instanceof Error ? error.message : String(error)}`));
  }
}
