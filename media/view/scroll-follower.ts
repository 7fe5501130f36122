// Keeps the place of the conversation: at its end while the reader is there, else where they left it, also when the page is
// built anew and its messages find their heights one after the other.

import { signal } from "@preact/signals";
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { SavedScroll } from "../host/host-api.ts";
import { followsAfter, isAtEnd } from "../state/follow.ts";
import type { ScrollPosition } from "../state/follow.ts";

/** What tells that a person moves the page. */
const BY_HAND = ["wheel", "touchmove", "keydown", "pointerdown"] as const;
/** Milliseconds in which such a deed can still move the page: scrolling is smooth. */
const MOVES_FOR_MS = 1_000;

export class ScrollFollower {
  #following = true;
  readonly #away: Signal<boolean> = signal(false);
  readonly #onChange: () => void;
  #element: HTMLElement | null = null;
  #before: ScrollPosition = { top: 0, height: 0, viewport: 0 };
  /** Where to stay until the reader moves; at the end, as long as that message is not on the page. */
  #anchor: Exclude<SavedScroll, "end"> | null = null;
  /** Of the reader's last deed, on the clock of events. */
  #movedAt = Number.NEGATIVE_INFINITY;
  /** The reader's last deed was to go to the very top, where the page is not yet. */
  #toTop = false;

  /** `onChange` is called when the place to save may have changed. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Whether the reader is away from the end, and has to be led back to it. */
  get away(): ReadonlySignal<boolean> {
    return this.#away;
  }

  /** Begins to keep the place of a scrolling element with this content. Returns what ends it. */
  attach(element: HTMLElement, content: HTMLElement): () => void {
    this.#element = element;
    const moved = (event: Event): void => {
      this.#movedAt = event.timeStamp;
      this.#toTop = event instanceof KeyboardEvent && event.key === "Home" && !(event.target instanceof HTMLTextAreaElement);
      if (this.#anchor === null) return;
      this.#anchor = null;
      this.#following = isAtEnd(this.#position());
    };
    const resized = new ResizeObserver(() => {
      this.#keep();
    });
    element.addEventListener("scroll", this.#scrolled, { passive: true });
    element.addEventListener("scrollend", this.#stood, { passive: true });
    for (const type of BY_HAND) element.addEventListener(type, moved, { passive: true });
    resized.observe(element);
    resized.observe(content);
    return () => {
      resized.disconnect();
      element.removeEventListener("scroll", this.#scrolled);
      element.removeEventListener("scrollend", this.#stood);
      for (const type of BY_HAND) element.removeEventListener(type, moved);
      this.#element = null;
    };
  }

  /** The message that the page stays at, until the reader moves. */
  get anchored(): string | null {
    return this.#anchor?.message ?? null;
  }

  toEnd(): void {
    this.#following = true;
    this.#anchor = null;
    this.#toTop = false;
    this.#keep();
  }

  /** For what comes before all there is: a browser keeps the place of what is on the screen, but not at the very top. */
  leaveTop(): void {
    const element = this.#element;
    this.#toTop = false;
    if (element !== null && element.scrollTop < 1) element.scrollTop = 1;
  }

  /** The place to come back to. */
  save(): SavedScroll {
    const element = this.#element;
    if (this.#anchor !== null) return this.#anchor;
    if (element === null || this.#following) return "end";
    const { top } = element.getBoundingClientRect();
    const first = messagesOf(element).find((message) => message.getBoundingClientRect().bottom > top);
    const id = first?.dataset["message"];
    return first === undefined || id === undefined ? "end" : { message: id, offset: first.getBoundingClientRect().top - top };
  }

  restore(saved: SavedScroll): void {
    if (saved === "end") {
      this.toEnd();
      return;
    }
    this.#following = false;
    this.#anchor = saved;
    this.#toTop = false;
    this.#keep();
  }

  readonly #scrolled = ({ timeStamp }: Event): void => {
    const now = this.#position();
    const byHand = timeStamp - this.#movedAt < MOVES_FOR_MS;
    if (this.#anchor === null) this.#following = followsAfter(this.#following, this.#before, now, byHand);
    this.#settle(now);
    this.#onChange();
  };

  /** What found its height on the way moved the end of the way, too. */
  readonly #stood = (): void => {
    const element = this.#element;
    if (!this.#toTop || element === null) return;
    this.#toTop = element.scrollTop > 0;
    if (this.#toTop) element.scrollTo({ top: 0, behavior: "instant" });
  };

  #keep(): void {
    const element = this.#element;
    if (element === null) return;
    const isThere = this.#anchor !== null && toAnchor(element, this.#anchor);
    const atEnd = this.#following || (this.#anchor !== null && !isThere);
    // A chat without messages has something to read from its beginning.
    if (atEnd && messagesOf(element).length > 0) element.scrollTop = element.scrollHeight;
    this.#settle(this.#position());
  }

  #settle(now: ScrollPosition): void {
    this.#before = now;
    // The browser's own way to keep what is on the screen where it is would move the page away from its end.
    if (this.#element !== null) this.#element.style.overflowAnchor = this.#following ? "none" : "";
    this.#away.value = !this.#following && !isAtEnd(now);
  }

  #position(): ScrollPosition {
    const element = this.#element;
    return element === null ? this.#before : { top: element.scrollTop, height: element.scrollHeight, viewport: element.clientHeight };
  }
}

const messagesOf = (element: HTMLElement): HTMLElement[] => Array.from(element.querySelectorAll<HTMLElement>("[data-message]"));

/** False where the message is not on the page. */
function toAnchor(element: HTMLElement, anchor: Exclude<SavedScroll, "end">): boolean {
  const id = CSS.escape(anchor.message);
  // A message that is not yet rendered is somewhere in its group.
  const message = element.querySelector(`[data-message="${id}"]`) ?? element.querySelector(`[data-messages~="${id}"]`);
  if (message === null) return false;
  element.scrollTop += message.getBoundingClientRect().top - element.getBoundingClientRect().top - anchor.offset;
  return true;
}
