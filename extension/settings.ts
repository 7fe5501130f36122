// The only reader and writer of Parley's configuration, and the only reader of the editor's settings of the network.

import * as vscode from "vscode";
import type { EngineSettings, ProviderSettings } from "../sidecar/settings.ts";
import type { ModelRef } from "../sidecar/types.ts";
import { type Disposable, DisposableStore } from "./dispose.ts";
import { Emitter } from "./event.ts";
import type { Log } from "./log.ts";
import { readNetworkSettings } from "./settings-network.ts";
import type { Complain } from "./settings-fields.ts";
import { readEngineSettings, readModelRef } from "./settings-values.ts";

const SECTION = "parley";
/** The editor's own. */
const NETWORK_SECTION = "http";

export class Settings implements Disposable {
  readonly #store = new DisposableStore();
  readonly #engineChanged = this.#store.add(new Emitter<EngineSettings>());
  readonly #modelChanged = this.#store.add(new Emitter<ModelRef | null>());
  readonly #log: Log;
  #engine: EngineSettings;
  #model: ModelRef | null;

  /** Goes to the log: what a settings file holds wrongly is no reason to disturb anybody. */
  readonly #complain: Complain = (setting, problem) => this.#log.warn(`The setting ${setting} is ignored: ${problem}.`);

  readonly onDidChangeEngine = this.#engineChanged.event;
  readonly onDidChangeModel = this.#modelChanged.event;

  constructor(log: Log) {
    this.#log = log;
    this.#engine = this.#readEngine();
    this.#model = this.#readModel();
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (!change.affectsConfiguration(SECTION) && !change.affectsConfiguration(NETWORK_SECTION)) return;
        if (change.affectsConfiguration("parley.model")) {
          this.#model = this.#readModel();
          this.#modelChanged.fire(this.#model);
        }
        this.#engine = this.#readEngine();
        this.#engineChanged.fire(this.#engine);
      }),
    );
  }

  /** What the sidecar works with. Values that do not fit are left out and named in the log. */
  get engine(): EngineSettings {
    return this.#engine;
  }

  /** The model that new conversations begin with; null where the choice is Parley's. */
  get model(): ModelRef | null {
    return this.#model;
  }

  /** Names of the user's own servers. */
  get serverNames(): readonly string[] {
    return Object.keys(this.#raw("servers"));
  }

  async addServer(name: string, server: ProviderSettings): Promise<void> {
    await this.#write("servers", { ...this.#raw("servers"), [name]: server });
  }

  async addLocalModel(path: string): Promise<void> {
    if (this.#engine.localModels.includes(path)) return;
    await this.#write("localModels", [...this.#engine.localModels, path]);
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** For the machine on which Parley runs, never for a workspace: others would get addresses and paths with the folder. */
  #write(name: string, value: unknown): Thenable<void> {
    return vscode.workspace.getConfiguration(SECTION).update(name, value, vscode.ConfigurationTarget.Global);
  }

  /** What the user's own settings hold; a workspace's are not written back into them. */
  #raw(name: string): Readonly<Record<string, unknown>> {
    const value: unknown = vscode.workspace.getConfiguration(SECTION).inspect(name)?.globalValue;
    return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
  }

  #readModel(): ModelRef | null {
    return readModelRef(vscode.workspace.getConfiguration(SECTION).get("model"), this.#complain);
  }

  #readEngine(): EngineSettings {
    const configuration = vscode.workspace.getConfiguration(SECTION);
    const ofNetwork = vscode.workspace.getConfiguration(NETWORK_SECTION);
    const network = readNetworkSettings((name) => ofNetwork.get(name), this.#complain);
    const settings = readEngineSettings(
      {
        providers: configuration.get("providers"),
        servers: configuration.get("servers"),
        concurrency: configuration.get("concurrency"),
        localModels: configuration.get("localModels"),
        whenContextIsFull: configuration.get("whenContextIsFull"),
        generateTitles: configuration.get("generateTitles"),
      },
      this.#complain,
    );
    return network === undefined ? settings : { ...settings, network };
  }
}
