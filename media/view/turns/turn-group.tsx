// Messages are rendered, measured and left out by the handful: a page of thousands then has hundreds of boxes, of which the
// browser looks at few.

import { useSignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { isStreaming } from "../../state/turns.ts";
import type { Turn } from "../../state/turns.ts";
import { useChat } from "../chat-context.ts";
import { watchedAtFirst } from "../nearness.ts";
import type { Nearness } from "../nearness.ts";
import { AnswerTurn } from "./answer-turn.tsx";
import { SummaryTurn } from "./summary-turn.tsx";
import { KeptQuestion } from "./user-turn.tsx";

export const GROUP_SIZE = 8;
/** CSS pixels between two messages, as the styles have it. */
const GAP_PX = 20;

/**
 * Ids of messages in groups. The groups stay as they are when messages come before them, of which there are `earlier`: what the
 * reader looks at must not be made anew under their eyes.
 */
export function groupsOf(order: readonly string[], earlier: number): readonly (readonly string[])[] {
  const lead = earlier % GROUP_SIZE;
  const rest = order.slice(lead);
  const groups = Array.from({ length: Math.ceil(rest.length / GROUP_SIZE) }, (_, index) =>
    rest.slice(index * GROUP_SIZE, (index + 1) * GROUP_SIZE),
  );
  return lead === 0 ? groups : [order.slice(0, lead), ...groups];
}

interface TurnGroupProps {
  readonly ids: readonly string[];
  /** Among the last two, which are on the screen first. */
  readonly isLast: boolean;
  /** Messages of the conversation. */
  readonly count: number;
  readonly nearness: Nearness;
}

export function TurnGroup({ ids, isLast, count, nearness }: TurnGroupProps) {
  const { store } = useChat();
  const box = useRef<HTMLDivElement>(null);
  // Decided once: a conversation that grows long while it is read stays rendered where it is.
  const [watched] = useState(() => watchedAtFirst(isLast, count));
  useEffect(() => (box.current === null ? undefined : nearness.watch(box.current, watched)), [watched, nearness]);
  const names = ids.join(" ");
  if (watched.near.value) {
    return (
      <div class="turn-group" data-messages={names} ref={box}>
        {ids.map((id) => (
          <TurnBox key={id} id={id} nearness={nearness} />
        ))}
      </div>
    );
  }
  const heights = ids.map((id) => nearness.heightOf(id, shownText(store.turn(id).peek())) + GAP_PX);
  const height = `${heights.reduce((sum, one) => sum + one, 0)}px`;
  return <div class="turn-group" data-messages={names} ref={box} style={{ height }} />;
}

function TurnBox({ id, nearness }: { readonly id: string; readonly nearness: Nearness }) {
  const { store } = useChat();
  const turn = store.turn(id);
  const box = useRef<HTMLElement>(null);
  const revealed = store.revealed.value?.message === id ? store.revealed.value : null;
  useEffect(() => {
    if (revealed !== null) box.current?.focus({ preventScroll: true });
  }, [revealed]);
  // What streams is on the page as it comes.
  const settled = useSignal(isStreaming(turn.peek()));
  const { stored } = turn.value;
  const { role } = stored.message;
  if (role === "system") {
    return (
      <section class="turn turn-summary" data-message={id} tabIndex={-1} ref={box}>
        <SummaryTurn stored={stored} />
      </section>
    );
  }
  if (role === "tool") return null;
  const height = settled.value ? "" : `${nearness.heightOf(id, shownText(turn.value))}px`;
  // Until all of it is rendered the box keeps its height, so that nothing jumps.
  const style = { minHeight: role === "user" ? "" : height, containIntrinsicBlockSize: height === "" ? "" : `auto ${height}` };
  const settle = (): void => {
    settled.value = true;
  };
  return (
    <article class={`turn ${role === "user" ? "turn-user" : "turn-answer"}`} data-message={id} tabIndex={-1} style={style} ref={box}>
      {role === "user" ? <KeptQuestion stored={stored} /> : <AnswerTurn turn={turn} onSettled={settle} />}
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
