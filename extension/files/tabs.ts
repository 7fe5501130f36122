// The tabs of all groups, as plain data. They are asked, and not the documents in memory: after a restart a tab in the
// background has no document yet, and source control has documents without a tab.

import * as vscode from "vscode";
import type { TabContent } from "./open-files.ts";

export function tabContents(): readonly TabContent[] {
  return vscode.window.tabGroups.all.flatMap((group) => group.tabs.map((tab) => contentOf(tab.input)));
}

function contentOf(input: unknown): TabContent {
  if (input instanceof vscode.TabInputText) return { kind: "text", uri: input.uri.toString() };
  if (input instanceof vscode.TabInputNotebook) return { kind: "notebook", uri: input.uri.toString() };
  if (input instanceof vscode.TabInputCustom) return { kind: "custom", uri: input.uri.toString(), viewType: input.viewType };
  if (input instanceof vscode.TabInputTextDiff || input instanceof vscode.TabInputNotebookDiff) {
    return { kind: "diff", original: input.original.toString(), modified: input.modified.toString() };
  }
  return { kind: "other" };
}

/** True where a tab of this address holds changes that were not saved, also when its document is not in memory yet. */
export function hasUnsavedTab(uri: string): boolean {
  return vscode.window.tabGroups.all.some((group) =>
    group.tabs.some((tab) => {
      const content = contentOf(tab.input);
      return tab.isDirty && ("uri" in content ? content.uri === uri : content.kind === "diff" && content.modified === uri);
    }),
  );
}
