import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isStreaming } from "../state/turns.ts";
import type { Turn } from "../state/turns.ts";
import { text } from "../strings.ts";
import { Icon } from "./button.tsx";
import { useChat } from "./chat-context.ts";
import { EmptyChat } from "./empty-chat.tsx";
import { Nearness, watchedAtFirst } from "./nearness.ts";
import { AnswerTurn } from "./turns/answer-turn.tsx";
import { UserTurn } from "./turns/user-turn.tsx";

/** The conversation, with the place of the reader kept. */
export function Transcript() {
  const { store, scroll } = useChat();
  const view = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [nearness, setNearness] = useState<Nearness | null>(null);
  useLayoutEffect(() => {
    if (view.current === null || content.current === null) return undefined;
    const looking = new Nearness(view.current);
    setNearness(looking);
    const detach = scroll.attach(view.current, content.current);
    return () => {
      detach();
      looking.dispose();
    };
  }, [scroll]);
  const order = store.order.value;
  const sending = store.sending.value;
  const empty = store.shown.value && order.length === 0 && sending === null;
  return (
    <div class="transcript-frame">
      <div
        class="transcript"
        ref={view}
        role="log"
        aria-live="off"
        aria-label={text("conversation")}
        tabIndex={0}
        onKeyDown={moveBetweenTurns}
      >
        <div class="column" ref={content}>
          {empty && <EmptyChat />}
          {nearness !== null &&
            order.map((id, index) => <TurnBox key={id} id={id} index={index} count={order.length} nearness={nearness} />)}
          {sending !== null && (
            <article class="turn turn-user">
              <UserTurn parts={[{ type: "text", text: sending }]} pending />
            </article>
          )}
        </div>
      </div>
      {!empty && <JumpToLatest />}
    </div>
  );
}

interface TurnBoxProps {
  readonly id: string;
  readonly index: number;
  readonly count: number;
  readonly nearness: Nearness;
}

function TurnBox({ id, index, count, nearness }: TurnBoxProps) {
  const { store } = useChat();
  const box = useRef<HTMLElement>(null);
  // Decided once: a conversation that grows long while it is read stays rendered where it is.
  const [watched] = useState(() => watchedAtFirst(index, count));
  useEffect(() => (box.current === null ? undefined : nearness.watch(box.current, watched)), [watched, nearness]);
  const turn = store.turn(id);
  // What streams is on the page as it comes.
  const settled = useSignal(isStreaming(turn.peek()));
  useSignalEffect(() => {
    if (!watched.near.value) settled.value = false;
  });
  const { role } = turn.value.stored.message;
  if (role !== "user" && role !== "assistant") return null;
  const classes = `turn ${role === "user" ? "turn-user" : "turn-answer"}`;
  const streams = isStreaming(turn.value);
  const height = streams ? "" : `${nearness.heightOf(id, shownText(turn.value))}px`;
  if (!watched.near.value) return <article class={classes} data-message={id} ref={box} style={{ height }} />;
  // Until all of it is rendered the box keeps its height, so that nothing jumps.
  const minHeight = role === "user" || settled.value ? "" : height;
  const containIntrinsicBlockSize = height === "" ? "" : `auto ${height}`;
  const settle = (): void => {
    settled.value = true;
  };
  return (
    <article class={classes} data-message={id} ref={box} tabIndex={-1} style={{ minHeight, containIntrinsicBlockSize }}>
      {role === "user" ? <UserTurn parts={userParts(turn.value)} /> : <AnswerTurn turn={turn} onSettled={settle} />}
    </article>
  );
}

const userParts = ({ stored: { message } }: Turn) => (message.role === "user" ? message.content : []);

function shownText(turn: Turn): string {
  if (turn.answer !== undefined) return turn.answer.text;
  return userParts(turn)
    .map((part) => (part.type === "text" ? part.text : ""))
    .join("\n");
}

/** Ctrl+Up and Ctrl+Down (Command on a Mac) go from message to message. */
function moveBetweenTurns(event: KeyboardEvent): void {
  if (!(event.ctrlKey || event.metaKey) || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  if (!(event.currentTarget instanceof HTMLElement)) return;
  const turns = Array.from(event.currentTarget.querySelectorAll<HTMLElement>("[data-message]"));
  const current = turns.findIndex((turn) => turn.contains(document.activeElement));
  const step = event.key === "ArrowUp" ? -1 : 1;
  const next = turns.at(current < 0 ? -1 : Math.max(0, Math.min(turns.length - 1, current + step)));
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function JumpToLatest() {
  const { scroll } = useChat();
  if (scroll.following.value) return null;
  return (
    <button
      type="button"
      class="jump-to-latest"
      aria-label={text("jumpToLatest")}
      title={text("jumpToLatest")}
      onClick={() => {
        scroll.toEnd();
      }}
    >
      <Icon name="arrow-down" />
    </button>
  );
}
