import * as vscode from "vscode";
import type { ModelRef } from "../../sidecar/types.ts";
import type { Settings } from "../settings.ts";

/** *Open a GGUF File…*: asks for a file on the machine where Parley runs, and remembers it. Undefined where the person went away. */
export async function openModelFile(settings: Settings): Promise<ModelRef | undefined> {
  const files = await vscode.window.showOpenDialog({
    title: vscode.l10n.t("Open a GGUF File"),
    openLabel: vscode.l10n.t("Use This Model"),
    filters: { [vscode.l10n.t("Models")]: ["gguf"] },
  });
  const path = files?.[0]?.fsPath;
  if (path === undefined) return undefined;
  await settings.addLocalModel(path);
  return `local/${path}`;
}
