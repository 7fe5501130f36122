// Messages between the extension host and the chat webview: two closed unions, plain data.

import type { ModelRef, StoredMessage, StreamEvent } from "../sidecar/types.ts";

export type SidecarState = "stopped" | "starting" | "ready" | "restarting" | "failed";

/** What a person can do about a failure. The host carries it out. `continue`: to go on with an answer that was cut. */
export type FailureAction = "continue" | "retry" | "set-key" | "pick-model" | "open-settings" | "show-log" | "restart" | "add-server";

/** What to do about a failure. */
export interface FailureAdvice {
  /** In words, which name what the first action does. */
  readonly advice: string;
  /** The buttons, in their order. */
  readonly actions: readonly { readonly action: FailureAction; readonly label: string }[];
}

/** A failure in words: made by the host, shown as it stands. */
export interface FailureWords extends FailureAdvice {
  /** One sentence: what happened. */
  readonly summary: string;
  /** The provider's own words, shown folded. */
  readonly detail?: string;
  /** What to do instead where part of an answer had come, so that it can be gone on with. Only the page knows whether it had. */
  readonly goingOn?: FailureAdvice;
}

export interface MessageView {
  readonly stored: StoredMessage;
  readonly failure?: FailureWords;
  /** Another window writes this answer: its words come when it has ended, and only there it can be stopped. */
  readonly elsewhere?: boolean;
}

export interface SessionView {
  readonly id: string;
  readonly title: string;
  /** The newest of the path shown, oldest first; a summary of older messages behind the last that it stands for. */
  readonly messages: readonly MessageView[];
  /** There are messages before these: see `earlier`. */
  readonly hasEarlier: boolean;
  /** To be brought into view: what was searched for. */
  readonly reveal?: string;
}

export interface ModelView {
  readonly ref: ModelRef;
  readonly name: string;
  readonly providerName: string;
  /** True for the built-in demo: the panel says that it has no knowledge. */
  readonly demo: boolean;
}

/** A question that was lined up while an answer runs. */
export interface QueuedPrompt {
  readonly id: string;
  readonly text: string;
}

export type ToWebview =
  /** The whole state; sent after `ready` and whenever another session is shown. */
  | {
      readonly type: "show";
      readonly session: SessionView | null;
      readonly model: ModelView | null;
      readonly sidecar: SidecarState;
      readonly draft: string;
    }
  /** `notKept`: why conversations are in memory only, where they are. */
  | { readonly type: "sidecar"; readonly state: SidecarState; readonly failure?: FailureWords; readonly notKept?: string }
  | { readonly type: "model"; readonly model: ModelView | null }
  /**
   * A question and its answer were kept; the answer's events follow. They come behind the message `follows` (null: behind
   * nothing), and what was behind it leaves the path shown. Replaces messages of the same id.
   */
  | { readonly type: "messages"; readonly session: string; readonly messages: readonly MessageView[]; readonly follows: string | null }
  /** Messages that come before all on the page. */
  | { readonly type: "earlier"; readonly session: string; readonly messages: readonly MessageView[]; readonly hasEarlier: boolean }
  /** Older messages were summarised for the model, up to the one that this follows. */
  | { readonly type: "summary"; readonly session: string; readonly message: MessageView }
  /**
   * Consecutive events of one answer, from its first one on after each `show`; the page skips those that it has applied. The host
   * sends no more of this message before `applied` came for them, which can name a later event than they hold.
   */
  | { readonly type: "events"; readonly message: string; readonly events: readonly StreamEvent[]; readonly failure?: FailureWords }
  /** All that waits in the conversation, after each change and after `show`. `paused`: until a person wants it sent. */
  | { readonly type: "queue"; readonly session: string; readonly prompts: readonly QueuedPrompt[]; readonly paused: boolean }
  | { readonly type: "title"; readonly session: string; readonly title: string }
  /** Could not be sent; the composer gets its text back. */
  | { readonly type: "not-sent"; readonly draft: string; readonly failure: FailureWords }
  /** The edited question could not be sent; it is open for editing again. */
  | { readonly type: "not-edited"; readonly message: string; readonly text: string; readonly failure: FailureWords }
  | { readonly type: "focus" };

export type FromWebview =
  /** The page runs and listens; or events are missing, and it wants everything anew. Answered by `show`. */
  | { readonly type: "ready" }
  | { readonly type: "send"; readonly text: string }
  /** To be sent when the answer that runs is complete. Answered by `queue`. */
  | { readonly type: "queue"; readonly text: string }
  | { readonly type: "unqueue"; readonly prompt: string }
  /** Sends the first one now. */
  | { readonly type: "send-queued" }
  | { readonly type: "stop"; readonly message: string }
  /** The question in other words, beside the old one, with what was attached to it. Answered by `messages` or `not-edited`. */
  | { readonly type: "edit"; readonly message: string; readonly text: string }
  /** To go on with an answer that ended before it was complete. */
  | { readonly type: "continue"; readonly message: string }
  /** To show the branch of this message, which stands beside one on the page. Answered by `show`. */
  | { readonly type: "select"; readonly message: string }
  /** The reader comes near to the first message on the page. Answered by `earlier`. */
  | { readonly type: "earlier" }
  | { readonly type: "applied"; readonly message: string; readonly seq: number }
  | { readonly type: "draft"; readonly text: string }
  | { readonly type: "pick-model" }
  | { readonly type: "new-session" }
  | { readonly type: "pick-session" }
  | { readonly type: "copy"; readonly text: string }
  | { readonly type: "open-link"; readonly url: string }
  | { readonly type: "open-file"; readonly uri: string; readonly startLine?: number; readonly endLine?: number }
  | { readonly type: "action"; readonly action: Exclude<FailureAction, "continue">; readonly message?: string };
