import { useEffect, useRef } from "preact/hooks";
import { text } from "../strings.ts";
import { Icon } from "./button.tsx";
import { useChat } from "./chat-context.ts";

/** CSS pixels above the view at which the messages before the first are asked for. */
const AHEAD_PX = 2_000;

/** Stands before the first message while there are earlier ones, and asks for them as the reader comes near. */
export function EarlierMessages({ view }: { readonly view: HTMLElement | null }) {
  const { store } = useChat();
  const line = useRef<HTMLDivElement>(null);
  const first = store.order.value[0];
  const { value: more } = store.hasEarlier;
  useEffect(() => {
    if (!more || view === null || line.current === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) store.askEarlier();
      },
      { root: view, rootMargin: `${AHEAD_PX}px 0px 0px 0px` },
    );
    observer.observe(line.current);
    return () => {
      observer.disconnect();
    };
    // Observed anew after each page of messages: it may still be near.
  }, [store, view, more, first]);
  if (!more) return null;
  return (
    <div class="earlier" ref={line}>
      <Icon name="loading" spin />
      <span>{text("earlierMessages")}</span>
    </div>
  );
}
