// Which model the next question goes to. What a window chose stays in that window; only the last used model is remembered
// for the next one.

import type { Memento } from "vscode";
import type { CancellationToken } from "vscode-jsonrpc";
import { DefaultModel } from "../../sidecar/protocol.ts";
import type { ModelRef } from "../../sidecar/types.ts";
import { type Disposable, DisposableStore } from "../dispose.ts";
import { Emitter, type Event } from "../event.ts";
import type { SidecarClient } from "../sidecar-client.ts";

export interface ModelSetting {
  readonly model: ModelRef | null;
  readonly onDidChangeModel: Event<ModelRef | null>;
}

const LAST_USED = "models.lastUsed";

export class ModelChoice implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<ModelRef | null>());
  readonly #client: SidecarClient;
  readonly #setting: ModelSetting;
  readonly #memory: Memento;
  #picked: ModelRef | null = null;

  /** A model was picked, or set by the setting: open conversations go on with it. Null: only what is chosen by itself may differ now. */
  readonly onDidChange = this.#changed.event;

  constructor(client: SidecarClient, setting: ModelSetting, memory: Memento) {
    this.#client = client;
    this.#setting = setting;
    this.#memory = memory;
    this.#store.add(
      setting.onDidChangeModel((model) => {
        this.#picked = null;
        this.#changed.fire(model);
      }),
    );
  }

  get lastUsed(): ModelRef | null {
    const value: unknown = this.#memory.get(LAST_USED);
    return typeof value === "string" ? value : null;
  }

  /**
   * For a new conversation: what was picked in this window, else the setting, else what the sidecar finds to work: the last
   * used model, a server running here, a provider with a key, the demo. Null where nothing at all can answer.
   */
  async forNewChat(token?: CancellationToken): Promise<ModelRef | null> {
    const chosen = this.#picked ?? this.#setting.model;
    if (chosen !== null) return chosen;
    return (await this.#client.request(DefaultModel, { lastUsed: this.lastUsed }, token)).ref;
  }

  pick(ref: ModelRef): void {
    this.#picked = ref;
    this.used(ref);
    this.#changed.fire(ref);
  }

  /** A question went to this model. */
  used(ref: ModelRef): void {
    if (ref !== this.lastUsed) void this.#memory.update(LAST_USED, ref);
  }

  dispose(): void {
    this.#store.dispose();
  }
}
