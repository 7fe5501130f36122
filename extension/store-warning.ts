// A notice of the store as a warning, with what helps.

import * as vscode from "vscode";
import type { CommandId } from "./commands.ts";
import type { StoreNoticeKind } from "./store-notices.ts";

interface Offer {
  readonly label: string;
  readonly run: () => Thenable<unknown>;
}

/** `folder`: of the store. Resolves when it was answered or closed. */
export async function warnOfStore(kind: StoreNoticeKind, words: string, folder: vscode.Uri): Promise<void> {
  const command = (id: CommandId | "workbench.action.reloadWindow") => () => vscode.commands.executeCommand(id);
  const offers: readonly Offer[] = [
    // A newer Parley's store needs the newer one; any other cause may be gone by then.
    kind === "not-kept"
      ? { label: vscode.l10n.t("Reload Window"), run: command("workbench.action.reloadWindow") }
      : whereItIs(folder, command("parley.copyStorePath")),
    { label: vscode.l10n.t("Show Log"), run: command("parley.showLog") },
  ];
  const text = kind === "not-kept" ? vscode.l10n.t("Conversations are not kept. {0}", words) : words;
  const chosen = await vscode.window.showWarningMessage(text, ...offers.map(({ label }) => label));
  await offers.find(({ label }) => label === chosen)?.run();
}

/** Only an editor on the machine of the store can show its folder. */
function whereItIs(folder: vscode.Uri, copyPath: () => Thenable<unknown>): Offer {
  const isHere = vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
  if (!isHere) return { label: vscode.l10n.t("Copy Store Path"), run: copyPath };
  return { label: vscode.l10n.t("Show Folder"), run: () => vscode.commands.executeCommand("revealFileInOS", folder) };
}
