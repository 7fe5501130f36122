// Every command of Parley, by its id. A test holds this list and package.json together.

import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "./dispose.ts";

export const commandIds = [
  "parley.openChat",
  "parley.newChat",
  "parley.openConversation",
  "parley.searchConversations",
  "parley.exportConversation",
  "parley.importConversation",
  "parley.copyStorePath",
  "parley.deleteOldConversations",
  "parley.deleteAllHistory",
  "parley.selectModel",
  "parley.addServer",
  "parley.setApiKey",
  "parley.explainSelection",
  "parley.askAboutSelection",
  "parley.summarizeOpenFiles",
  "parley.saveResult",
  "parley.showLog",
  "parley.restartSidecar",
  "parley.showMenu",
] as const;

export type CommandId = (typeof commandIds)[number];

/** What VS Code passes depends on where a command was chosen: nothing from the palette, a URI from a menu. */
export type CommandHandlers = { readonly [id in CommandId]: (...args: readonly unknown[]) => unknown };

/** Registers all commands; their handlers are loaded when the first one is chosen. */
export function registerCommands(load: () => Promise<CommandHandlers>): Disposable {
  const store = new DisposableStore();
  for (const id of commandIds) {
    store.add(vscode.commands.registerCommand(id, async (...args: unknown[]) => (await load())[id](...args)));
  }
  return store;
}
