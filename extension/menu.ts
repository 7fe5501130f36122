// What the entry in the status bar opens.

import * as vscode from "vscode";
import type { CommandId } from "./commands.ts";
import type { SidecarStatus } from "./sidecar-client.ts";
import { stateWords } from "./status-bar.ts";

export async function showMenu({ state, reason }: SidecarStatus): Promise<void> {
  const row = (icon: string, label: string, command: CommandId) => ({ label: `$(${icon}) ${label}`, command });
  const rows = [
    row("comment-discussion", vscode.l10n.t("Open Chat"), "parley.openChat"),
    row("sparkle", vscode.l10n.t("Select Model…"), "parley.selectModel"),
    row("history", vscode.l10n.t("Open Conversation…"), "parley.openConversation"),
    row("search", vscode.l10n.t("Search Conversations…"), "parley.searchConversations"),
    row("key", vscode.l10n.t("Set API Key…"), "parley.setApiKey"),
    row("server", vscode.l10n.t("Add Server…"), "parley.addServer"),
    row("output", vscode.l10n.t("Show Log"), "parley.showLog"),
    row("debug-restart", vscode.l10n.t("Restart Sidecar"), "parley.restartSidecar"),
  ];
  const placeHolder = reason === undefined ? stateWords(state) : `${stateWords(state)}: ${reason}`;
  const picked = await vscode.window.showQuickPick(rows, { title: "Parley", placeHolder });
  if (picked !== undefined) await vscode.commands.executeCommand(picked.command);
}
