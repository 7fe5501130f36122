// *Open Conversation…*: the list of what was talked about, with rename and delete on each row.

import * as vscode from "vscode";
import { DeleteSession, ListSessions, UpdateSession } from "../../sidecar/protocol.ts";
import type { SessionInfo } from "../../sidecar/types.ts";
import { DisposableStore } from "../dispose.ts";
import type { SidecarClient } from "../sidecar-client.ts";
import type { Chat } from "./chat.ts";
import { timeAgo } from "./time-ago.ts";

interface Row extends vscode.QuickPickItem {
  readonly session: SessionInfo | null;
}

/** Conversations listed at once. */
const LIMIT = 500;

/** Rejects where the list cannot be read. */
export async function pickConversation(client: SidecarClient, chat: Chat): Promise<void> {
  const rename: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("edit"), tooltip: vscode.l10n.t("Rename") };
  const remove: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("trash"), tooltip: vscode.l10n.t("Delete") };
  const store = new DisposableStore();
  const picker = store.add(vscode.window.createQuickPick<Row>());
  picker.title = vscode.l10n.t("Conversations");
  picker.placeholder = vscode.l10n.t("Open a conversation");
  picker.matchOnDescription = true;
  const read = async (): Promise<void> => {
    picker.busy = true;
    const { sessions } = await client.request(ListSessions, { limit: LIMIT });
    picker.items = [newRow(), ...sessions.map((session) => rowOf(session, chat.session, [rename, remove]))];
    picker.busy = false;
  };
  // A question about one row takes the list off the screen for a while.
  let asking = false;
  try {
    await new Promise<void>((resolve, reject) => {
      store.add(picker.onDidHide(() => (asking ? undefined : resolve())));
      store.add(
        picker.onDidAccept(() => {
          const [row] = picker.selectedItems;
          picker.hide();
          if (row !== undefined) chat.open(row.session?.id ?? null).catch(reject);
        }),
      );
      store.add(
        picker.onDidTriggerItemButton(({ item, button }) => {
          if (item.session === null) return;
          asking = true;
          const done = button === rename ? renameConversation(client, item.session) : deleteConversation(client, chat, item.session);
          done
            .then(() => {
              asking = false;
              picker.show();
              return read();
            })
            .catch(reject);
        }),
      );
      picker.show();
      read().catch(reject);
    });
  } finally {
    store.dispose();
  }
}

function newRow(): Row {
  return { label: `$(add) ${vscode.l10n.t("New Chat")}`, alwaysShow: true, session: null };
}

function rowOf(session: SessionInfo, shown: string | null, buttons: readonly vscode.QuickInputButton[]): Row {
  const label = session.title === "" ? vscode.l10n.t("Untitled") : session.title;
  const when = timeAgo(session.updatedAt, Date.now(), vscode.env.language);
  const parts = [when, ...(session.model === null ? [] : [session.model]), ...(session.id === shown ? [vscode.l10n.t("shown now")] : [])];
  return { label, description: parts.join(" · "), buttons, session };
}

async function renameConversation(client: SidecarClient, session: SessionInfo): Promise<void> {
  const title = await vscode.window.showInputBox({
    title: vscode.l10n.t("Rename the Conversation"),
    value: session.title,
    // The click on the row's button takes the focus back as it ends.
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === "" ? vscode.l10n.t("A title has at least one letter.") : undefined),
  });
  if (title !== undefined) await client.request(UpdateSession, { session: session.id, title: title.trim() });
}

async function deleteConversation(client: SidecarClient, chat: Chat, session: SessionInfo): Promise<void> {
  const yes = vscode.l10n.t("Delete");
  const question = vscode.l10n.t("Delete the conversation “{0}”?", session.title);
  const detail = vscode.l10n.t("Its messages cannot be brought back.");
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return;
  await client.request(DeleteSession, { session: session.id });
  if (chat.session === session.id) await chat.open(null);
}
