// *Export Conversation…*: the conversation shown, or one that is chosen, as Markdown or JSON.

import * as vscode from "vscode";
import { ExportSession, type ExportSessionResult, GetSession, ListSessions } from "../../sidecar/protocol.ts";
import type { SessionInfo } from "../../sidecar/types.ts";
import type { Chat } from "../chat/chat.ts";
import { timeAgo } from "../chat/time-ago.ts";
import { withProgress } from "../progress.ts";
import type { SidecarClient } from "../sidecar-client.ts";
import { writeTo } from "./exchange-file.ts";
import { fileNameOf } from "./file-name.ts";

export interface ArchiveParts {
  readonly client: SidecarClient;
  readonly chat: Chat;
  /** The extension's own folder. */
  readonly storage: vscode.Uri;
}

/** Conversations to choose from. */
const LIMIT = 500;

/** `target`: where to, as another extension may say; else the person is asked. Rejects as `SidecarClient` does. */
export async function exportConversation({ client, chat, storage }: ArchiveParts, target?: unknown): Promise<void> {
  const session = (await shownSession(client, chat)) ?? (await chosenSession(client));
  if (session === undefined) return;
  const uri = target instanceof vscode.Uri ? target : await chosenTarget(session);
  if (uri === undefined) return;
  const format = uri.path.toLowerCase().endsWith(".json") ? "json" : "markdown";
  const title = vscode.l10n.t("Exporting the conversation");
  const { readable } = await withProgress(title, ({ token }): Promise<ExportSessionResult> =>
    writeTo(uri, storage, (path) => client.request(ExportSession, { session: session.id, path, format }, token)),
  );
  // Not waited for: it stands until somebody clicks.
  void tell(uri, readable);
}

async function shownSession(client: SidecarClient, chat: Chat): Promise<SessionInfo | undefined> {
  return chat.session === null ? undefined : (await client.request(GetSession, { session: chat.session, limit: 1 })).session;
}

async function chosenSession(client: SidecarClient): Promise<SessionInfo | undefined> {
  const { sessions } = await client.request(ListSessions, { limit: LIMIT });
  if (sessions.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("There is no conversation yet that could be exported."));
    return undefined;
  }
  const rows = sessions.map((session) => ({
    label: session.title === "" ? vscode.l10n.t("Untitled") : session.title,
    description: timeAgo(session.updatedAt, Date.now(), vscode.env.language),
    session,
  }));
  return (await vscode.window.showQuickPick(rows, { title: vscode.l10n.t("Export a Conversation"), matchOnDescription: true }))?.session;
}

async function chosenTarget({ title }: SessionInfo): Promise<vscode.Uri | undefined> {
  const name = `${fileNameOf(title, vscode.l10n.t("Conversation"))}.md`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  return vscode.window.showSaveDialog({
    ...(folder !== undefined && { defaultUri: vscode.Uri.joinPath(folder, name) }),
    filters: { Markdown: ["md"], "JSON (session-archive/v1)": ["json"] },
    title: vscode.l10n.t("Export the Conversation"),
  });
}

async function tell(uri: vscode.Uri, readable: boolean): Promise<void> {
  const name = uri.path.slice(uri.path.lastIndexOf("/") + 1);
  const open = vscode.l10n.t("Open");
  const done = vscode.l10n.t("The conversation was exported to {0}.", name);
  const large = vscode.l10n.t("It is larger than what Parley imports.");
  const words = readable ? done : `${done} ${large}`;
  if ((await vscode.window.showInformationMessage(words, open)) === open) await vscode.commands.executeCommand("vscode.open", uri);
}
