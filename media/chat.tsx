// The chat page: joins the editor's messages, the state and the view. It can be taken down at any moment and built again;
// what a person typed and where they read is kept by the editor meanwhile.

import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { HostApi } from "./host/host-api.ts";
import { LateMarkdown } from "./markdown/late-markdown.ts";
import { ChatStore } from "./state/chat-store.ts";
import { FrameLoop } from "./state/frame-loop.ts";
import { pageClock } from "./state/page-clock.ts";
import "./styles/chat.css";
import { ChatContext } from "./view/chat-context.ts";
import type { Chat } from "./view/chat-context.ts";
import { ChatPage } from "./view/chat-page.tsx";
import { ScrollFollower } from "./view/scroll-follower.ts";

/** Milliseconds after the last key before the host is told the draft, and after the last move before the place is kept. */
const DRAFT_PAUSE_MS = 300;
const SCROLL_PAUSE_MS = 200;
/** Pages of messages that are asked for, to find the one where the reader was. */
const MOST_PAGES_BACK = 16;
/** CSS pixels above a message that is brought into view. */
const REVEALED_OFFSET_PX = 48;

function start(): void {
  const host = new HostApi();
  const saved = host.savedState();
  const frames = new FrameLoop(pageClock());
  const post: Chat["post"] = (message) => {
    host.post(message);
  };
  const store = new ChatStore({
    post,
    frames,
    now: () => Date.now(),
    saved: saved === null ? null : { session: saved.session, text: saved.draft },
  });
  const save = (): void => {
    const session = store.session.peek()?.id ?? null;
    host.saveState({ session, draft: store.sending.peek() ?? store.lining.peek() ?? store.draft.peek(), scroll: scroll.save() });
  };
  const saveSoon = afterPause(SCROLL_PAUSE_MS, save);
  const scroll = new ScrollFollower(saveSoon);
  const markdown = new LateMarkdown();
  const announcement = signal("");
  const chat: Chat = {
    store,
    frames,
    scroll,
    markdown,
    post,
    announce: (sentence) => {
      announcement.value = sentence;
    },
    get language() {
      return usableLanguage();
    },
  };

  const root = document.getElementById("root") ?? document.body.appendChild(document.createElement("div"));
  render(
    <ChatContext.Provider value={chat}>
      <ChatPage announcement={announcement} />
    </ChatContext.Provider>,
    root,
  );
  keepDraft(store, post, save);
  keepPlace(store, scroll, saved?.session === undefined ? null : { session: saved.session, scroll: saved.scroll });
  keepRevealed(store, scroll);
  host.listen((message) => {
    if (message.type === "earlier") scroll.leaveTop();
    store.receive(message);
  });
  post({ type: "ready" });
  afterPaint(() => {
    markdown.load();
    requestIdleCallback(usableLanguage);
  });
}

/** A frame's callbacks run before it is painted, and a timer's after. A page that is not painted has no need to hurry. */
function afterPaint(action: () => void): void {
  requestAnimationFrame(() => setTimeout(action));
}

/** Each change of the draft is kept at once; the host hears of it after a pause in typing, and when the page goes away. */
function keepDraft(store: ChatStore, post: Chat["post"], save: () => void): void {
  let told = "";
  const tell = (): void => {
    const draft = store.draft.peek();
    if (!store.shown.peek() || draft === told) return;
    told = draft;
    post({ type: "draft", text: draft });
  };
  const tellSoon = afterPause(DRAFT_PAUSE_MS, tell);
  effect(() => {
    void store.draft.value;
    void store.sending.value;
    void store.lining.value;
    if (!store.shown.value) return;
    save();
    tellSoon();
  });
  window.addEventListener("pagehide", () => {
    save();
    tell();
  });
}

/**
 * The place is restored once, in the conversation it belongs to; another conversation begins at its end. A place further back
 * than the newest messages is led to, up to a bound.
 */
function keepPlace(
  store: ChatStore,
  scroll: ScrollFollower,
  saved: { session: string | null; scroll: Parameters<ScrollFollower["restore"]>[0] } | null,
): void {
  let shown: string | null | undefined;
  let kept = saved;
  effect(() => {
    if (!store.shown.value) return;
    const session = store.session.value?.id ?? null;
    if (session === shown) return;
    shown = session;
    scroll.restore(kept !== null && kept.session === session ? kept.scroll : "end");
    // Where the host cannot read the conversation yet, it shows none at first.
    if (session !== null) kept = null;
  });
  let pages = 0;
  effect(() => {
    const order = store.order.value;
    const hasEarlier = store.hasEarlier.value;
    const sought = scroll.anchored;
    if (!hasEarlier || sought === null || order.includes(sought) || pages >= MOST_PAGES_BACK) return;
    pages += 1;
    store.askEarlier();
  });
}

/** What was searched for is brought into view, a little below the edge. */
function keepRevealed(store: ChatStore, scroll: ScrollFollower): void {
  effect(() => {
    const revealed = store.revealed.value;
    if (revealed !== null) scroll.restore({ message: revealed.message, offset: REVEALED_OFFSET_PX });
  });
}

let language: string | undefined;

/** The editor's language where numbers can be written in it, else the browser's. The first call takes tens of milliseconds. */
function usableLanguage(): string {
  language ??= supported(document.documentElement.lang) ?? navigator.language;
  return language;
}

function supported(editor: string): string | undefined {
  try {
    return Intl.NumberFormat.supportedLocalesOf(editor)[0];
  } catch {
    return undefined;
  }
}

function afterPause(ms: number, action: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, ms);
  };
}

start();
