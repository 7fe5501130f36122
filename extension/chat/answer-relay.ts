// Hands the events of one answer on to the page: the first ones at once, the rest in batches, and never more than one batch
// that the page has not applied. A page that stalls, is hidden or was thrown away so costs one cursor in the sidecar.

import type { StreamEvent } from "../../sidecar/types.ts";
import type { Disposable } from "../dispose.ts";

export interface RelayOptions {
  /** To the page. */
  readonly post: (events: readonly StreamEvent[]) => void;
  /** To the sidecar: the page has applied everything up to `seq`. */
  readonly acknowledge: (seq: number) => void;
}

/** Milliseconds between two batches: a frame of the screen, and what is soon enough for a page that nobody sees. */
const VISIBLE_MS = 16;
const HIDDEN_MS = 150;

export class AnswerRelay implements Disposable {
  readonly #options: RelayOptions;
  #buffer: StreamEvent[] = [];
  /** The last number of the batch on its way; null when the page has applied all it got. */
  #onTheWay: number | null = null;
  #pause: NodeJS.Timeout | null = null;
  #visible: boolean;

  constructor(options: RelayOptions, visible: boolean) {
    this.#options = options;
    this.#visible = visible;
  }

  /** Consecutive events from the sidecar. Their amount is bounded by what is unacknowledged. */
  push(events: readonly StreamEvent[]): void {
    this.#buffer.push(...events);
    this.#flush();
  }

  /** The page has applied everything up to `seq`, which can be more than was on the way if it knew some before. */
  applied(seq: number): void {
    if (this.#onTheWay === null || seq < this.#onTheWay) return;
    this.#options.acknowledge(this.#onTheWay);
    this.#onTheWay = null;
    this.#flush();
  }

  set visible(visible: boolean) {
    if (visible === this.#visible) return;
    this.#visible = visible;
    if (visible) this.#endPause();
  }

  dispose(): void {
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = null;
    this.#buffer = [];
  }

  #flush(): void {
    const last = this.#buffer.at(-1);
    if (last === undefined || this.#onTheWay !== null || this.#pause !== null) return;
    const events = this.#buffer;
    this.#buffer = [];
    this.#onTheWay = last.seq;
    this.#pause = setTimeout(() => this.#endPause(), this.#visible ? VISIBLE_MS : HIDDEN_MS);
    this.#options.post(events);
  }

  #endPause(): void {
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = null;
    this.#flush();
  }
}
