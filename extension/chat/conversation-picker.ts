// *Open Conversation…*: the list of what was talked about, with rename and delete on each row.

import * as vscode from "vscode";
import { DeleteSession, ListSessions, RestoreSession, UpdateSession } from "../../sidecar/protocol.ts";
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

/** Rejects where the list cannot be read. `report` hears of what fails after the list was closed. */
export async function pickConversation(client: SidecarClient, chat: Chat, report: (error: unknown) => void): Promise<void> {
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
          asking = button === rename;
          const done =
            button === rename ? renameConversation(client, item.session) : deleteConversation(client, chat, item.session, report);
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

/** At once, since it can be taken back; the notification waits for nobody. */
async function deleteConversation(
  client: SidecarClient,
  chat: Chat,
  session: SessionInfo,
  report: (error: unknown) => void,
): Promise<void> {
  await client.request(DeleteSession, { session: session.id });
  const wasShown = chat.session === session.id;
  if (wasShown) await chat.open(null);
  offerUndo(client, chat, session, wasShown).catch(report);
}

async function offerUndo(client: SidecarClient, chat: Chat, session: SessionInfo, wasShown: boolean): Promise<void> {
  const undo = vscode.l10n.t("Undo");
  const title = session.title === "" ? vscode.l10n.t("Untitled") : session.title;
  const chosen = await vscode.window.showInformationMessage(vscode.l10n.t("The conversation “{0}” was deleted.", title), undo);
  if (chosen !== undo) return;
  await client.request(RestoreSession, { session: session.id });
  // Unless something else has been begun meanwhile.
  if (wasShown && chat.session === null) await chat.open(session.id);
}
