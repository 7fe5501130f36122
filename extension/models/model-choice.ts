// Which model the next question goes to. What a window chose stays in that window, also over its reload; only a window that
// has never chosen begins with what was used last in any.

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
  readonly #window: Memento;
  readonly #machine: Memento;
  /** Read once: another window's choice, made meanwhile, is not this one's. */
  #lastUsed: ModelRef | null;
  #picked: ModelRef | null = null;

  /** A model was picked, or set by the setting: open conversations go on with it. Null: only what is chosen by itself may differ now. */
  readonly onDidChange = this.#changed.event;

  /** `window` and `machine`: what this window, and all windows together, remember. */
  constructor(client: SidecarClient, setting: ModelSetting, window: Memento, machine: Memento) {
    this.#client = client;
    this.#setting = setting;
    this.#window = window;
    this.#machine = machine;
    this.#lastUsed = remembered(window) ?? remembered(machine);
    this.#store.add(
      setting.onDidChangeModel((model) => {
        this.#picked = null;
        this.#changed.fire(model);
      }),
    );
  }

  get lastUsed(): ModelRef | null {
    return this.#lastUsed;
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
    if (ref !== remembered(this.#window)) void this.#window.update(LAST_USED, ref);
    if (ref !== remembered(this.#machine)) void this.#machine.update(LAST_USED, ref);
    this.#lastUsed = ref;
  }

  dispose(): void {
    this.#store.dispose();
  }
}

function remembered(memory: Memento): ModelRef | null {
  const value: unknown = memory.get(LAST_USED);
  return typeof value === "string" ? value : null;
}
