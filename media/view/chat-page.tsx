import { useSignalEffect } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { codeTextOf, COPY_CODE_ATTRIBUTE } from "../markdown/code-copy.ts";
import { openableUrl } from "../markdown/openable-url.ts";
import type { ChatStore } from "../state/chat-store.ts";
import { text } from "../strings.ts";
import { Icon } from "./button.tsx";
import { useChat } from "./chat-context.ts";
import type { Chat } from "./chat-context.ts";
import { Composer, DemoHint, NotKeptHint } from "./composer.tsx";
import { Header } from "./header.tsx";
import { QueuedPrompts } from "./queued-prompts.tsx";
import { Transcript } from "./transcript.tsx";
import { FailureCard } from "./turns/failure-card.tsx";

/** Milliseconds for which a Copy button shows that it copied. */
const COPIED_MS = 1_500;

export function ChatPage({ announcement }: { readonly announcement: Signal<string> }) {
  const chat = useChat();
  useAnnouncedAnswers(chat);
  useEscapeStops(chat);
  return (
    <div
      class="chat"
      onClick={(event) => {
        if (event.target instanceof Element && followed(chat, event.target)) event.preventDefault();
      }}
      onKeyDown={(event) => {
        const isLink = event.target instanceof Element && event.target.matches("[data-url]");
        if (event.key === "Enter" && isLink && followed(chat, event.target)) event.preventDefault();
      }}
    >
      <Header />
      <Transcript />
      <div class="column composer-area">
        <Notices />
        <QueuedPrompts />
        <Composer />
        <DemoHint />
        <NotKeptHint />
      </div>
      <div class="visually-hidden" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </div>
  );
}

/** What belongs to no message: the background process, and a question that could not be sent. */
function Notices() {
  const { store } = useChat();
  const state = store.sidecar.value;
  const notSent = store.notSent.value;
  if (state === "failed") return <FailureCard failure={store.sidecarFailure.value ?? sidecarFailed()} />;
  if (notSent !== null) return <FailureCard failure={notSent} />;
  const waits = state === "restarting" || (state === "starting" && store.sending.value !== null);
  if (!waits) return null;
  return (
    <p class="notice" role="status">
      <Icon name="loading" spin />
      <span>{text(state === "restarting" ? "sidecarRestarting" : "sidecarStarting")}</span>
    </p>
  );
}

const sidecarFailed = () =>
  ({
    summary: text("sidecarFailed"),
    advice: text("sidecarFailedAdvice"),
    actions: [
      { action: "restart", label: text("restart") },
      { action: "show-log", label: text("showLog") },
    ],
  }) as const;

/** Opens a link, or copies a block of code. Returns false where the element is neither. */
function followed(chat: Chat, target: Element): boolean {
  const button = target.closest<HTMLElement>(`[${COPY_CODE_ATTRIBUTE}]`);
  if (button !== null) {
    const block = button.closest(".code-block");
    if (block !== null) copyCode(chat, button, codeTextOf(block));
    return true;
  }
  const link = target.closest<HTMLElement>("[data-url]");
  const url = openableUrl(link?.dataset["url"] ?? "");
  if (url !== undefined) chat.post({ type: "open-link", url });
  return link !== null;
}

function copyCode(chat: Chat, button: HTMLElement, code: string): void {
  chat.post({ type: "copy", text: code });
  chat.announce(text("copied"));
  const icon = button.querySelector(".codicon");
  if (icon === null) return;
  icon.className = "codicon codicon-check";
  setTimeout(() => {
    icon.className = "codicon codicon-copy";
  }, COPIED_MS);
}

/** Says that an answer begins and how it ended; never its words. */
function useAnnouncedAnswers({ store, announce }: Chat): void {
  const last = useRef<string | null>(null);
  useSignalEffect(() => {
    const answering = store.answering.value;
    const before = last.current;
    if (answering === before) return;
    last.current = answering;
    if (answering !== null) announce(text("answering"));
    else if (before !== null && store.order.peek().includes(before)) announce(endingWords(store, before));
  });
}

function endingWords(store: ChatStore, message: string): string {
  const { answer, failure } = store.turn(message).peek();
  if (answer?.status === "cancelled") return text("answerStopped");
  if (answer?.status === "error") return failure?.summary ?? text("failed");
  if (answer?.status === "incomplete") return failure?.summary ?? text("answerIncomplete");
  return text("answerComplete");
}

function useEscapeStops({ store, post }: Chat): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const message = store.answering.value;
      if (event.key !== "Escape" || event.isComposing || message === null || !store.answersHere.value) return;
      event.preventDefault();
      post({ type: "stop", message });
    };
    window.addEventListener("keydown", onKeyDown);
    return () => {
      window.removeEventListener("keydown", onKeyDown);
    };
  }, [store, post]);
}
