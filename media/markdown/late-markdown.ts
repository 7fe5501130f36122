// Most of the page's code makes Markdown, and an empty chat has none: that half is loaded when the page has been painted, or
// with the first answer, whichever is earlier.

import { signal } from "@preact/signals";
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { FrameLoop } from "../state/frame-loop.ts";

/** What shows a text that may still grow; see `MarkdownView`. */
export interface TextView {
  show(text: string, complete: boolean): void;
  dispose(): void;
}

export type MakeTextView = (root: HTMLElement, frames: FrameLoop, onSettled: () => void) => TextView;

export class LateMarkdown {
  readonly #make: Signal<MakeTextView | null> = signal(null);
  #begun = false;

  /** Null until it is there. */
  get make(): ReadonlySignal<MakeTextView | null> {
    return this.#make;
  }

  /** Does nothing from the second time on. */
  load(): void {
    if (this.#begun) return;
    this.#begun = true;
    import("./markdown-view.ts").then(
      ({ MarkdownView }) => {
        this.#make.value = (root, frames, onSettled) => new MarkdownView(root, frames, onSettled);
      },
      (error: unknown) => {
        // The file can be gone, when another version was installed meanwhile. The words must be there all the same.
        this.#make.value = (root, _frames, onSettled) => new PlainTextView(root, onSettled);
        reportError(error);
      },
    );
  }
}

class PlainTextView implements TextView {
  readonly #root: HTMLElement;
  readonly #onSettled: () => void;

  constructor(root: HTMLElement, onSettled: () => void) {
    this.#root = root;
    this.#onSettled = onSettled;
    root.classList.add("words");
  }

  show(text: string, complete: boolean): void {
    this.#root.textContent = text;
    if (complete) this.#onSettled();
  }

  dispose(): void {
    this.#root.textContent = "";
  }
}
