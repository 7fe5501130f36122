// Keeps what was written: as a file, where the person says.

import * as vscode from "vscode";
import { RESULT_SCHEME } from "./result-files.ts";

/** Asks where to, writes, and opens what was written. `address`: of the document, or the one on screen. */
export async function saveResult(address: unknown): Promise<void> {
  const uri = address instanceof vscode.Uri ? address : vscode.window.activeTextEditor?.document.uri;
  if (uri?.scheme !== RESULT_SCHEME) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Open the document that Parley wrote first; then it can be saved."));
    return;
  }
  const name = uri.path.slice(uri.path.lastIndexOf("/") + 1);
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const target = await vscode.window.showSaveDialog({
    ...(folder !== undefined && { defaultUri: vscode.Uri.joinPath(folder, name) }),
    filters: { Markdown: ["md"] },
    title: vscode.l10n.t("Save the Document"),
  });
  if (target === undefined) return;
  await vscode.workspace.fs.writeFile(target, await vscode.workspace.fs.readFile(uri));
  await vscode.window.showTextDocument(target, { preview: false });
}
