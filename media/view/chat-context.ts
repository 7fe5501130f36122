import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { LateMarkdown } from "../markdown/late-markdown.ts";
import type { FromWebview } from "../protocol.ts";
import type { ChatStore } from "../state/chat-store.ts";
import type { FrameLoop } from "../state/frame-loop.ts";
import type { ScrollFollower } from "./scroll-follower.ts";

/** What every part of the page can reach. */
export interface Chat {
  readonly store: ChatStore;
  readonly frames: FrameLoop;
  readonly scroll: ScrollFollower;
  readonly markdown: LateMarkdown;
  readonly post: (message: FromWebview) => void;
  /** Says a sentence to screen readers. */
  readonly announce: (sentence: string) => void;
  /** Of numbers and dates. */
  readonly language: string;
}

export const ChatContext = createContext<Chat | null>(null);

export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (chat === null) throw new Error("This part of the page stands outside of ChatContext.");
  return chat;
}
