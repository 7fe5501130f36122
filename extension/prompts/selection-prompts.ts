// Prompts on the selected code. The answer comes in the chat, in a conversation of its own: what was talked about before does
// not mix into it, and an answer that still streams is not in its way.

import * as vscode from "vscode";
import type { Chat } from "../chat/chat.ts";
import { builtInPrompts } from "./built-in-prompts.ts";
import { linesLabel } from "./lines-label.ts";
import { selectedParts } from "./selection.ts";

/** *Explain Selection*. Rejects with `NothingSelected`, and as `Chat.ask` does. */
export async function explainSelection(chat: Chat): Promise<void> {
  const parts = await selectedParts();
  await showChat();
  await chat.ask([...parts, { type: "text", text: builtInPrompts.explainSelection }], { newConversation: true });
}

/** *Ask About Selection…*: as above, with a question that is typed. */
export async function askAboutSelection(chat: Chat): Promise<void> {
  // Before the question is asked: what the question is about must not change while it is typed.
  const parts = await selectedParts();
  const question = await vscode.window.showInputBox({
    title: vscode.l10n.t("Ask About the Selection"),
    prompt: parts.map(linesLabel).join(", "),
    placeHolder: vscode.l10n.t("What do you want to know about this code?"),
    ignoreFocusOut: true,
  });
  if (question === undefined || question.trim() === "") return;
  await showChat();
  await chat.ask([...parts, { type: "text", text: question.trim() }], { newConversation: true });
}

/** Opens the view, also where it was never opened before. */
async function showChat(): Promise<void> {
  await vscode.commands.executeCommand("parley.chat.focus");
}
