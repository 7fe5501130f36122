// Which parts of a conversation are worth rendering: those on the screen and a little beyond it. The others are empty boxes of
// about their height, so that a conversation of thousands opens like one of ten. Those of a short one are filled when there is
// time, so that the reader finds every word in the page; those of a long one are emptied again when they are far away.

import { signal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { guessHeight } from "../state/height-guess.ts";

/** Up to so many messages a conversation is short. */
const SHORT_CONVERSATION = 80;
/** CSS pixels beyond the edges of the view that are rendered, too. */
const MARGIN_PX = 1_500;
/** CSS pixels: of the column at most, and beside it at least, as the styles have it. */
const COLUMN_PX = 808;
const EDGE_PX = 16;

export interface Watched {
  readonly near: Signal<boolean>;
  /** Stays rendered once it was. */
  readonly stays: boolean;
}

export class Nearness {
  readonly #observer: IntersectionObserver;
  readonly #resized: ResizeObserver;
  readonly #watched = new Map<Element, Watched>();
  /** By message, in CSS pixels. */
  readonly #heights = new Map<string, number>();
  readonly #root: HTMLElement;
  /** Of the column, in CSS pixels. Kept, because asking for it between two changes of the page makes the browser lay it out. */
  #width: number | undefined;
  #idle: number | undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#resized = new ResizeObserver(() => {
      this.#width = columnWidth(root.clientWidth);
    });
    this.#resized.observe(root);
    this.#observer = new IntersectionObserver((entries) => this.#look(entries), { root, rootMargin: `${MARGIN_PX}px 0px` });
  }

  /** Watches a box of messages. The signal tells whether it is to be filled; the function ends the watching. */
  watch(box: HTMLElement, watched: Watched): () => void {
    this.#watched.set(box, watched);
    this.#observer.observe(box);
    if (watched.stays) this.#fillWhenIdle();
    return () => {
      this.#observer.unobserve(box);
      this.#watched.delete(box);
    };
  }

  /** CSS pixels: as measured when the message was last rendered, else guessed from its text. */
  heightOf(message: string, text: string): number {
    const known = this.#heights.get(message);
    if (known !== undefined) return known;
    this.#width ??= columnWidth(this.#root.clientWidth);
    const guess = Math.round(guessHeight(text, this.#width));
    this.#heights.set(message, guess);
    return guess;
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#resized.disconnect();
    if (this.#idle !== undefined) cancelIdleCallback(this.#idle);
  }

  #look(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const watched = this.#watched.get(target);
      if (watched === undefined || watched.near.peek() === isIntersecting || (watched.stays && !isIntersecting)) continue;
      if (!isIntersecting) this.#measure(target);
      watched.near.value = isIntersecting;
    }
  }

  #measure(box: Element): void {
    for (const message of box.querySelectorAll<HTMLElement>("[data-message]")) {
      const id = message.dataset["message"];
      if (id !== undefined) this.#heights.set(id, message.offsetHeight);
    }
  }

  /** Fills the boxes that stay filled one by one, the latest first. */
  #fillWhenIdle(): void {
    this.#idle ??= requestIdleCallback(() => {
      this.#idle = undefined;
      const empty = Array.from(this.#watched.values()).findLast(({ near, stays }) => stays && !near.peek());
      if (empty === undefined) return;
      empty.near.value = true;
      this.#fillWhenIdle();
    });
  }
}

const columnWidth = (viewport: number): number => Math.min(viewport - 2 * EDGE_PX, COLUMN_PX);

/** How a box begins in a conversation of so many messages; the last ones are rendered before the first look. */
export function watchedAtFirst(isLast: boolean, count: number): Watched {
  return { near: signal(isLast), stays: count <= SHORT_CONVERSATION };
}
