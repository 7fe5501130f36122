// The door: what the editor calls. A table of contents; everything that needs time is loaded on first need.

import * as vscode from "vscode";
import { registerChatView } from "./chat/chat-view.ts";
import { registerCommands } from "./commands.ts";
import { DisposableStore } from "./dispose.ts";
import { ResultFiles } from "./files/result-files.ts";
import { Log } from "./log.ts";
import type { Foundation, Parley } from "./parley.ts";
import { Settings } from "./settings.ts";
import { StatusBar } from "./status-bar.ts";

let working: Promise<Parley> | null = null;

/** Registers what can be chosen. Starts no process and loads nothing native. */
export function activate(context: vscode.ExtensionContext): void {
  const store = new DisposableStore();
  context.subscriptions.push(store);
  const log = store.add(new Log(context.logUri));
  const settings = store.add(new Settings(log));
  const statusBar = store.add(new StatusBar());
  const results = store.add(new ResultFiles(vscode.Uri.joinPath(context.globalStorageUri, "results")));
  const parley = (): Promise<Parley> => (working ??= startWorking({ context, log, settings, statusBar, results }, store));

  store.add(registerCommands(async () => (await parley()).commands));
  store.add(
    registerChatView(context.extensionUri, (port) => {
      parley().then(
        (loaded) => loaded.attach(port),
        (error: unknown) => log.error(`Parley could not be loaded: ${String(error)}`),
      );
    }),
  );
}

/** Asks the sidecar to end, and waits. Should the host not wait so long: the sidecar ends with its pipe. */
export async function deactivate(): Promise<void> {
  const parley = await working;
  working = null;
  await parley?.stop();
}

async function startWorking(foundation: Foundation, store: DisposableStore): Promise<Parley> {
  const { Parley } = await import("./parley.ts");
  return store.add(new Parley(foundation));
}
