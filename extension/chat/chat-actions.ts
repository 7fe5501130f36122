// What the chat leaves to the editor.

import type { FailureAction } from "../../media/protocol.ts";
import type { Deed } from "./chat-page.ts";

/** What only the editor can do. Each tells the person of its own failures. */
export interface ChatActions {
  copy(text: string): void;
  openLink(url: string): void;
  openFile(uri: string, startLine?: number, endLine?: number): void;
  pickModel(): void;
  pickConversation(): void;
  /** `provider`: whose answer failed. */
  perform(action: Exclude<FailureAction, "continue" | "retry">, provider?: string): void;
  /** A failure that has no place on the page. */
  report(error: unknown): void;
}

export type EditorDeed = Extract<Deed, { type: "pick-model" | "pick-session" | "copy" | "open-link" | "open-file" }>;

/** Does what needs nothing of the conversation. */
export function doInEditor(deed: EditorDeed, actions: ChatActions): void {
  switch (deed.type) {
    case "pick-model":
      actions.pickModel();
      return;
    case "pick-session":
      actions.pickConversation();
      return;
    case "copy":
      actions.copy(deed.text);
      return;
    case "open-link":
      actions.openLink(deed.url);
      return;
    case "open-file":
      actions.openFile(deed.uri, deed.startLine, deed.endLine);
      return;
  }
}
