// A failure that has no place on the chat page, as a notification with its buttons.

import * as vscode from "vscode";
import type { FailureAction, FailureWords } from "../media/protocol.ts";

/** Shows it and does what is chosen. Trying again is left to the person: a notification does not know what was tried. */
export async function showFailure(
  { summary, advice, detail, actions }: FailureWords,
  perform: (action: FailureAction) => Promise<void>,
): Promise<void> {
  const offered = actions.filter(({ action }) => action !== "retry");
  const text = [summary, advice, ...(detail === undefined ? [] : [`(${detail})`])].join(" ");
  const chosen = await vscode.window.showErrorMessage(text, ...offered.map(({ label }) => label));
  const action = offered.find(({ label }) => label === chosen)?.action;
  if (action !== undefined) await perform(action);
}
