import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { text } from "../strings.ts";
import { Icon } from "./button.tsx";
import { useChat } from "./chat-context.ts";
import { EarlierMessages } from "./earlier-messages.tsx";
import { EmptyChat } from "./empty-chat.tsx";
import { Nearness } from "./nearness.ts";
import { GROUP_SIZE, groupsOf, TurnGroup } from "./turns/turn-group.tsx";
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
  const earlier = store.earlier.value;
  const groups = groupsOf(order, earlier);
  const session = store.session.value?.id ?? "";
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
          <EarlierMessages view={view.current} />
          {nearness !== null &&
            groups.map((ids, index) => (
              <TurnGroup
                key={`${session} ${index - Math.ceil(earlier / GROUP_SIZE)}`}
                ids={ids}
                isLast={index >= groups.length - 2}
                count={order.length}
                nearness={nearness}
              />
            ))}
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
  if (!scroll.away.value) return null;
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
