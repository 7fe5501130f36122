// *Search Conversations…*: what was said in any conversation, found as one types, with the words around it. Opens the
// conversation there.

import * as vscode from "vscode";
import { SearchSessions } from "../../sidecar/protocol.ts";
import type { MessageHit, SearchResult, SessionHit } from "../../sidecar/store-results.ts";
import { isCancelled } from "../client/request-failure.ts";
import { DisposableStore } from "../dispose.ts";
import type { SidecarClient } from "../sidecar-client.ts";
import type { Chat } from "./chat.ts";
import { timeAgo } from "./time-ago.ts";

interface Row extends vscode.QuickPickItem {
  readonly session: string | null;
  readonly message?: string;
}

/** Milliseconds of rest in typing before it is looked for. */
const TYPING_MS = 120;

/** Resolves when the list is closed; true where something was opened. Rejects where the search or the opening fails. */
export async function searchConversations(client: SidecarClient, chat: Chat): Promise<boolean> {
  const store = new DisposableStore();
  const picker = store.add(vscode.window.createQuickPick<Row>());
  picker.title = vscode.l10n.t("Search Conversations");
  picker.placeholder = vscode.l10n.t("Words that were said; quotation marks hold them together");
  // The editor would look for the words in the rows again, by rules of its own.
  picker.matchOnDescription = false;
  picker.matchOnDetail = false;
  let asking: vscode.CancellationTokenSource | undefined;
  let typing: NodeJS.Timeout | undefined;
  const search = async (text: string): Promise<void> => {
    asking?.cancel();
    asking = new vscode.CancellationTokenSource();
    const { token } = asking;
    picker.busy = true;
    try {
      const result = await client.request(SearchSessions, { text }, token);
      if (token.isCancellationRequested) return;
      picker.items = rowsOf(result);
      picker.busy = false;
    } catch (error) {
      if (!token.isCancellationRequested && !isCancelled(error)) throw error;
    }
  };
  try {
    return await new Promise<boolean>((resolve, reject) => {
      store.add(picker.onDidHide(() => resolve(false)));
      store.add(
        picker.onDidChangeValue((text) => {
          clearTimeout(typing);
          asking?.cancel();
          picker.busy = false;
          if (text.trim() === "") picker.items = [];
          else typing = setTimeout(() => void search(text).catch(reject), TYPING_MS);
        }),
      );
      store.add(
        picker.onDidAccept(() => {
          const [row] = picker.selectedItems;
          if (row === undefined || row.session === null) return;
          chat.open(row.session, row.message).then(() => resolve(true), reject);
        }),
      );
      picker.show();
    });
  } finally {
    clearTimeout(typing);
    asking?.cancel();
    store.dispose();
  }
}

function rowsOf({ hits, complete }: SearchResult): readonly Row[] {
  if (hits.length === 0) return [{ label: vscode.l10n.t("Nothing was found."), alwaysShow: true, session: null }];
  const rows = hits.flatMap(rowsOfSession);
  if (complete) return rows;
  const more = vscode.l10n.t("There is more. Type more words to find it.");
  return [...rows, { label: `$(info) ${more}`, alwaysShow: true, session: null }];
}

function rowsOfSession({ session, messages, messageCount }: SessionHit): readonly Row[] {
  const title = session.title === "" ? vscode.l10n.t("Untitled") : session.title;
  const when = timeAgo(session.updatedAt, Date.now(), vscode.env.language);
  const count = messageCount > messages.length ? vscode.l10n.t("{0} messages", messageCount) : "";
  const separator: Row = { label: title, kind: vscode.QuickPickItemKind.Separator, session: null };
  const head: Row = {
    label: `$(comment-discussion) ${title}`,
    description: [when, count].filter((part) => part !== "").join(" · "),
    alwaysShow: true,
    session: session.id,
  };
  return [separator, head, ...messages.map((hit) => rowOf(session.id, hit))];
}

function rowOf(session: string, { message, role, snippet, createdAt }: MessageHit): Row {
  const who = role === "user" ? "$(account)" : role === "system" ? "$(fold-up)" : "$(sparkle)";
  const description = timeAgo(createdAt, Date.now(), vscode.env.language);
  return { label: `${who} ${withoutIcons(snippet)}`, description, alwaysShow: true, session, message };
}

/** What somebody wrote may look like the sign of an icon. */
function withoutIcons(text: string): string {
  return text.replaceAll("$(", "$\u200B(");
}
