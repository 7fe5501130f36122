// What the tests inside VS Code share: the extension, its settings, and waiting for what the editor does in its own time.

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import * as vscode from "vscode";
import type { FakeProvider } from "./fake-provider.ts";

export const EXTENSION = "parley.parley";

const WAIT_MS = 90_000;
const POLL_MS = 50;

export function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.getExtension(EXTENSION);
  assert(found !== undefined, "The extension is not installed.");
  return found;
}

/** Resolves with what `look` finds: anything but undefined, null and false. The editor has no event for most of this. */
export async function until<T>(look: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`Waited ${WAIT_MS / 1000} s for ${what}.`);
    await delay(POLL_MS);
  }
}

/** Sets a setting for the machine, or takes it away. */
export async function set(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration("parley").update(name, value, vscode.ConfigurationTarget.Global);
}

/** A server of the user's own, and a model on it for new chats. It is asked for answers alone. */
export async function useFake(fake: FakeProvider, name = "box"): Promise<void> {
  await set("generateTitles", false);
  await set("servers", { [name]: { baseUrl: fake.baseUrl("openai-chat") } });
  await set("model", `${name}/fake-model`);
}

export async function closeAllTabs(): Promise<void> {
  // Asks nothing: unsaved documents are given up.
  for (const editor of vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).filter(({ isDirty }) => isDirty)) {
    const { input } = editor;
    if (!(input instanceof vscode.TabInputText)) continue;
    await vscode.window.showTextDocument(input.uri);
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  }
  await vscode.window.tabGroups.close(vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs));
}

export function workspaceFile(path: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert(folder !== undefined, "No folder is open.");
  return vscode.Uri.joinPath(folder.uri, path);
}

/** Runs *Summarize Open Files* and returns what its document shows in the end. */
export async function summarizeOpenFiles(): Promise<string> {
  await vscode.commands.executeCommand("parley.summarizeOpenFiles");
  const document = vscode.window.activeTextEditor?.document;
  assert(document?.uri.scheme === "parley-result", "The document is not shown.");
  // What was written is whole; the editor reads it in its own time.
  const written = Buffer.from(await vscode.workspace.fs.readFile(document.uri)).toString();
  await until(() => document.getText() === written, "the last state of the document");
  return written;
}
