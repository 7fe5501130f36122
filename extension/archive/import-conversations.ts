// *Import Conversation…*: files that Parley or AbstractCore has written, each as a new conversation.

import * as vscode from "vscode";
import { ImportSession, type ImportSessionResult } from "../../sidecar/protocol.ts";
import { isCancelled } from "../client/request-failure.ts";
import { withProgress } from "../progress.ts";
import { readFrom } from "./exchange-file.ts";
import type { ArchiveParts } from "./export-conversation.ts";

export interface ImportParts extends ArchiveParts {
  /** Tells the person why a file was not imported. */
  readonly report: (error: unknown) => void;
}

/**
 * Shows the last one; true where there is one. `source`: a file, as a menu or another extension may say; else the person is asked.
 * A file that cannot be read does not keep the others out.
 */
export async function importConversations(parts: ImportParts, source?: unknown): Promise<boolean> {
  const files = source instanceof vscode.Uri ? [source] : await chosenFiles();
  if (files.length === 0) return false;
  const title = vscode.l10n.t("Importing conversations");
  const { imported, failures } = await withProgress(title, ({ token }) => importAll(parts, files, token));
  for (const failure of failures) parts.report(failure);
  const last = imported.at(-1);
  if (last === undefined) return false;
  await parts.chat.open(last.session.id);
  const notes = imported.flatMap((one) => one.notes);
  const done =
    imported.length === 1
      ? vscode.l10n.t("The conversation was imported.")
      : vscode.l10n.t("{0} conversations were imported.", imported.length);
  void vscode.window.showInformationMessage([done, ...notes].join(" "));
  return true;
}

async function chosenFiles(): Promise<readonly vscode.Uri[]> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectMany: true,
    filters: { [vscode.l10n.t("Conversations")]: ["md", "json"] },
    title: vscode.l10n.t("Import Conversations"),
    openLabel: vscode.l10n.t("Import"),
  });
  return chosen ?? [];
}

async function importAll(
  { client, storage }: ImportParts,
  files: readonly vscode.Uri[],
  token: vscode.CancellationToken,
): Promise<{ imported: readonly ImportSessionResult[]; failures: readonly unknown[] }> {
  const imported: ImportSessionResult[] = [];
  const failures: unknown[] = [];
  for (const file of files) {
    if (token.isCancellationRequested) break;
    try {
      imported.push(await readFrom(file, storage, (path) => client.request(ImportSession, { path }, token)));
    } catch (error) {
      if (!isCancelled(error)) failures.push(error);
    }
  }
  return { imported, failures };
}
