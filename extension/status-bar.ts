// The entry in the status bar: the model, and how the sidecar is.

import * as vscode from "vscode";
import type { SidecarState } from "../media/protocol.ts";
import { type Disposable, DisposableStore } from "./dispose.ts";
import type { SidecarStatus } from "./sidecar-client.ts";
import { notKept } from "./store-notices.ts";

const ICONS: { readonly [state in SidecarState]: string } = {
  stopped: "comment-discussion",
  starting: "loading~spin",
  ready: "comment-discussion",
  restarting: "loading~spin",
  failed: "error",
};

/** The states that are worth the room beside the model's name: something is not as it should be, or takes a moment. */
const SHOWN: ReadonlySet<SidecarState> = new Set(["starting", "restarting", "failed"]);

export class StatusBar implements Disposable {
  readonly #store = new DisposableStore();
  readonly #item: vscode.StatusBarItem;
  #status: SidecarStatus = { state: "stopped" };
  #model = "";

  constructor() {
    this.#item = this.#store.add(vscode.window.createStatusBarItem("parley.status", vscode.StatusBarAlignment.Right, 90));
    this.#item.name = "Parley";
    this.#item.command = "parley.showMenu";
    this.#render();
    this.#item.show();
  }

  showStatus(status: SidecarStatus): void {
    this.#status = status;
    this.#render();
  }

  /** For people; empty while it is not known. */
  showModel(model: string): void {
    this.#model = model;
    this.#render();
  }

  dispose(): void {
    this.#store.dispose();
  }

  #render(): void {
    const { state, reason } = this.#status;
    const words = stateWords(state);
    const name = this.#model === "" ? "Parley" : this.#model;
    const shown = SHOWN.has(state) ? `${name}: ${stateLabel(state)}` : name;
    this.#item.text = `$(${ICONS[state]}) ${shown}`;
    const lines = [
      `Parley (${stateLabel(state)}): ${words}`,
      ...(reason === undefined ? [] : [reason]),
      ...store(this.#status),
      ...machine(),
    ];
    this.#item.tooltip = lines.join("\n");
    this.#item.accessibilityInformation = { label: `Parley, ${this.#model}, ${words}` };
    this.#item.backgroundColor = state === "failed" ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
  }
}

/** One word, for the status bar itself. */
function stateLabel(state: SidecarState): string {
  const labels: { readonly [state in SidecarState]: string } = {
    stopped: vscode.l10n.t("stopped"),
    starting: vscode.l10n.t("starting"),
    ready: vscode.l10n.t("ready"),
    restarting: vscode.l10n.t("restarting"),
    failed: vscode.l10n.t("failed"),
  };
  return labels[state];
}

/** For the menu and the tooltip. */
export function stateWords(state: SidecarState): string {
  const words: { readonly [state in SidecarState]: string } = {
    stopped: vscode.l10n.t("the sidecar starts when it is needed"),
    starting: vscode.l10n.t("the sidecar is starting"),
    ready: vscode.l10n.t("the sidecar is ready"),
    restarting: vscode.l10n.t("the sidecar is being restarted"),
    failed: vscode.l10n.t("the sidecar does not run"),
  };
  return words[state];
}

/** What is not as it should be with the conversations. */
function store(status: SidecarStatus): readonly string[] {
  const reason = notKept(status);
  return [
    ...(reason === undefined ? [] : [vscode.l10n.t("Conversations are not kept. {0}", reason)]),
    ...(status.info?.persistence.notes ?? []),
  ];
}

/** In a remote window, the sidecar and its local models are on the other machine. */
function machine(): readonly string[] {
  const { remoteName } = vscode.env;
  return remoteName === undefined ? [] : [vscode.l10n.t("It runs on the remote machine ({0}).", remoteName)];
}
