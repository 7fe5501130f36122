// What the page asks of the editor: links, files, the clipboard. Everything in it came from a model's answer or from a kept
// conversation, so that nothing is done without looking at it, and nothing leaves without a question.

import * as vscode from "vscode";

/** Schemes of links that may be opened at all. `command:` would run code in the editor; `file:` and others reach beyond a browser. */
const OPENABLE = new Set(["http", "https", "mailto"]);
/** Characters of an address that are shown in the question. */
const SHOWN = 500;

/** Asks, then opens the link outside of the editor. Tells the person where it is of a kind that is not opened. */
export async function openLink(url: string): Promise<void> {
  const uri = parse(url);
  if (uri === undefined || !OPENABLE.has(uri.scheme)) {
    void vscode.window.showWarningMessage(vscode.l10n.t("Parley opens links to web pages and mail addresses only."));
    return;
  }
  const open = vscode.l10n.t("Open");
  const copy = vscode.l10n.t("Copy");
  const question = vscode.l10n.t("Open this link from the answer?");
  const chosen = await vscode.window.showInformationMessage(question, { modal: true, detail: url.slice(0, SHOWN) }, open, copy);
  if (chosen === open) await vscode.env.openExternal(uri);
  if (chosen === copy) await vscode.env.clipboard.writeText(url);
}

/** Shows a document that was attached to a question, at its lines. Lines count from 1. */
export async function openFile(address: string, startLine?: number, endLine?: number): Promise<void> {
  const uri = parse(address);
  if (uri === undefined || uri.scheme === "command") return;
  const start = Math.max(0, (startLine ?? 1) - 1);
  const selection = startLine === undefined ? undefined : new vscode.Range(start, 0, Math.max(start, (endLine ?? startLine) - 1), 100_000);
  try {
    await vscode.window.showTextDocument(uri, { ...(selection !== undefined && { selection }), preview: true });
  } catch {
    void vscode.window.showWarningMessage(vscode.l10n.t("{0} cannot be opened any more.", vscode.workspace.asRelativePath(uri)));
  }
}

function parse(address: string): vscode.Uri | undefined {
  try {
    return vscode.Uri.parse(address, true);
  } catch {
    return undefined;
  }
}
