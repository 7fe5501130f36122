// Everything that is kept: where it is, how much it is, and what leaves it for good. *Copy Store Path*, *Delete Old
// Conversations…*, *Delete All History…*.

import * as vscode from "vscode";
import { DeleteAllSessions, GetStoreStatistics, PruneStore } from "../../sidecar/protocol.ts";
import type { StoreStatistics } from "../../sidecar/store-results.ts";
import type { ArchiveParts } from "./export-conversation.ts";

type HistoryParts = Pick<ArchiveParts, "client" | "chat">;

const DAY_MS = 86_400_000;

/** For `parley sessions --store`. */
export async function copyStorePath({ client }: HistoryParts): Promise<void> {
  const { statistics } = await client.request(GetStoreStatistics, null);
  if (statistics.folder === null) {
    void vscode.window.showWarningMessage(vscode.l10n.t("Conversations are not kept here: they are in memory only. The log says why."));
    return;
  }
  await vscode.env.clipboard.writeText(statistics.folder);
  void vscode.window.showInformationMessage(vscode.l10n.t("Copied: {0} ({1})", statistics.folder, sizeOf(statistics)));
}

export async function deleteOldConversations({ client, chat }: HistoryParts): Promise<void> {
  const { statistics } = await client.request(GetStoreStatistics, null);
  const rows = [30, 90, 365].map((days) => ({ label: vscode.l10n.t("Not changed for {0} days", days), days }));
  const placeHolder = vscode.l10n.t("Conversations kept: {0} ({1}). Which are to be deleted?", statistics.sessions, sizeOf(statistics));
  const chosen = await vscode.window.showQuickPick(rows, { title: vscode.l10n.t("Delete Old Conversations"), placeHolder });
  if (chosen === undefined) return;
  const yes = vscode.l10n.t("Delete");
  const question = vscode.l10n.t("Delete all conversations that were not changed for {0} days?", chosen.days);
  if (!(await confirmed(question, vscode.l10n.t("They cannot be brought back."), yes))) return;
  const { sessions } = await client.request(PruneStore, { before: Date.now() - chosen.days * DAY_MS });
  // The one that is shown may be among them.
  await chat.open(chat.session);
  void vscode.window.showInformationMessage(vscode.l10n.t("Conversations deleted: {0}.", sessions));
}

export async function deleteAllHistory({ client, chat }: HistoryParts): Promise<void> {
  const { statistics } = await client.request(GetStoreStatistics, null);
  const { sessions, messages, otherFiles } = statistics;
  const copies =
    otherFiles.length === 0 ? [] : [vscode.l10n.t("Backups and damaged databases beside them go too ({0}).", otherFiles.length)];
  const detail = [
    vscode.l10n.t("Conversations: {0}, messages: {1}, size: {2}, of all windows together.", sessions, messages, sizeOf(statistics)),
    ...copies,
    vscode.l10n.t("They cannot be brought back. Files that you exported stay."),
  ].join(" ");
  if (!(await confirmed(vscode.l10n.t("Delete all conversations on this machine?"), detail, vscode.l10n.t("Delete All")))) return;
  const result = await client.request(DeleteAllSessions, null);
  await chat.open(null);
  const done = vscode.l10n.t("Conversations deleted: {0}.", result.sessions);
  if (result.filesLeft.length === 0) void vscode.window.showInformationMessage(done);
  else {
    const left = vscode.l10n.t("These files could not be deleted: {0}", result.filesLeft.join(", "));
    void vscode.window.showWarningMessage(`${done} ${left}`);
  }
}

async function confirmed(question: string, detail: string, yes: string): Promise<boolean> {
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes;
}

function sizeOf({ bytes, otherFiles }: StoreStatistics): string {
  const all = otherFiles.reduce((sum, file) => sum + file.bytes, bytes);
  return `${(all / 1_000_000).toLocaleString(vscode.env.language, { minimumFractionDigits: 1, maximumFractionDigits: 1 })} MB`;
}
