// Keeps the place of the conversation: at its end while the reader is there, else where they left it, also when the page is
// built anew and its messages find their heights one after the other.

import { signal } from "@preact/signals";
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { SavedScroll } from "../host/host-api.ts";
import { followsAfter, isAtEnd } from "../state/follow.ts";
import type { ScrollPosition } from "../state/follow.ts";

/** What tells that a person moves the page. */
const BY_HAND = ["wheel", "touchmove", "keydown", "pointerdown"] as const;

export class ScrollFollower {
  #following = true;
  readonly #away: Signal<boolean> = signal(false);
  readonly #onChange: () => void;
  #element: HTMLElement | null = null;
  #before: ScrollPosition = { top: 0, height: 0, viewport: 0 };
  /** Where to stay until the reader moves. */
  #anchor: Exclude<SavedScroll, "end"> | null = null;

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
    const moved = (): void => {
      this.#anchor = null;
    };
    const resized = new ResizeObserver(() => {
      this.#keep();
    });
    element.addEventListener("scroll", this.#scrolled, { passive: true });
    for (const type of BY_HAND) element.addEventListener(type, moved, { passive: true });
    resized.observe(element);
    resized.observe(content);
    return () => {
      resized.disconnect();
      element.removeEventListener("scroll", this.#scrolled);
      for (const type of BY_HAND) element.removeEventListener(type, moved);
      this.#element = null;
    };
  }

  toEnd(): void {
    this.#following = true;
    this.#anchor = null;
    this.#keep();
  }

  /** The place to come back to. */
  save(): SavedScroll {
    const element = this.#element;
    if (element === null || this.#following) return this.#anchor ?? "end";
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
    this.#keep();
  }

  readonly #scrolled = (): void => {
    const now = this.#position();
    this.#following = followsAfter(this.#following, this.#before, now);
    this.#settle(now);
    this.#onChange();
  };

  #keep(): void {
    const element = this.#element;
    if (element === null) return;
    if (this.#anchor !== null) this.#toAnchor(element, this.#anchor);
    // A chat without messages has something to read from its beginning.
    else if (this.#following && messagesOf(element).length > 0) element.scrollTop = element.scrollHeight;
    this.#settle(this.#position());
  }

  #settle(now: ScrollPosition): void {
    this.#before = now;
    this.#away.value = !this.#following && !isAtEnd(now);
  }

  #toAnchor(element: HTMLElement, anchor: Exclude<SavedScroll, "end">): void {
    const id = CSS.escape(anchor.message);
    // A message that is not yet rendered is somewhere in its group.
    const message = element.querySelector(`[data-message="${id}"]`) ?? element.querySelector(`[data-messages~="${id}"]`);
    if (message === null) return;
    element.scrollTop += message.getBoundingClientRect().top - element.getBoundingClientRect().top - anchor.offset;
  }

  #position(): ScrollPosition {
    const element = this.#element;
    return element === null ? this.#before : { top: element.scrollTop, height: element.scrollHeight, viewport: element.clientHeight };
  }
}

const messagesOf = (element: HTMLElement): HTMLElement[] => Array.from(element.querySelectorAll<HTMLElement>("[data-message]"));
