// Which messages of a long conversation are worth rendering: those on the screen and a little beyond it. All others are
// empty boxes of about their height, so that a conversation of thousands opens like one of ten.

import { signal } from "@preact/signals";
import type { Signal } from "@preact/signals";

/** Up to so many messages all are rendered; the browser skips the layout of those out of sight by itself. */
const SHORT_CONVERSATION = 80;
/** CSS pixels beyond the edges of the view that are rendered, too. */
const MARGIN_PX = 1_500;
/** Messages at the end that are rendered at once, before the first look at what is visible. */
const LATEST = 6;

export class Nearness {
  readonly #observer: IntersectionObserver;
  readonly #near = new WeakMap<Element, Signal<boolean>>();
  readonly #heights = new Map<string, number>();

  constructor(root: HTMLElement) {
    this.#observer = new IntersectionObserver((entries) => this.#look(entries), { root, rootMargin: `${MARGIN_PX}px 0px` });
  }

  /** Watches a message's box. The signal tells whether it is to be filled; the function ends the watching. */
  watch(box: HTMLElement, near: Signal<boolean>): () => void {
    this.#near.set(box, near);
    this.#observer.observe(box);
    return () => {
      this.#observer.unobserve(box);
      this.#near.delete(box);
    };
  }

  /** CSS pixels: as measured when the message was last rendered, else guessed from its length. */
  heightOf(message: string, length: number): number {
    return this.#heights.get(message) ?? Math.min(4_000, 72 + length * 0.35);
  }

  dispose(): void {
    this.#observer.disconnect();
  }

  #look(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting, boundingClientRect } of entries) {
      const near = this.#near.get(target);
      if (near === undefined || near.peek() === isIntersecting) continue;
      const id = target instanceof HTMLElement ? target.dataset["message"] : undefined;
      if (!isIntersecting && id !== undefined) this.#heights.set(id, boundingClientRect.height);
      near.value = isIntersecting;
    }
  }
}

/** A signal for the message at this place of so many; those of short conversations are near for good. */
export function nearAtFirst(index: number, count: number): { readonly near: Signal<boolean>; readonly watched: boolean } {
  const watched = count > SHORT_CONVERSATION;
  return { near: signal(!watched || index >= count - LATEST), watched };
}
