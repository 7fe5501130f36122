// Events of one answer on their way to the sidecar. A message between processes costs more than a fast model's token: the first
// event leaves at once, and while more come within milliseconds they leave together.

import type { ProviderEvent } from "../../providers/provider.ts";

/** Milliseconds between two messages of one answer. A model that is slower than this sends each token by itself. */
const PACE_MS = 4;

export class Outbox {
  readonly #send: (events: readonly ProviderEvent[]) => void;
  /** Adds what was left to be worked out until somebody needs it. */
  readonly #complete: () => void;
  #events: ProviderEvent[] = [];
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;
  #sentAt = -Infinity;

  /** `complete` is called before each message and may add to it: the work is done while the next token is being computed. */
  constructor(send: (events: readonly ProviderEvent[]) => void, complete: () => void) {
    this.#send = send;
    this.#complete = complete;
  }

  /** A status replaces the one before it of the same phase that has not left yet. */
  add(event: ProviderEvent): void {
    const last = this.#events.at(-1);
    if (event.type === "status" && last?.type === "status" && last.phase === event.phase) this.#events.pop();
    this.#events.push(event);
    this.schedule();
  }

  /** There is something to send, or to complete. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const wait = this.#sentAt + PACE_MS - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => this.flush(), wait);
    // The first round starts the computation of the next token, which then runs beside the sending.
    else setImmediate(() => setImmediate(() => this.#scheduled && this.flush()));
  }

  /** Sends everything now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#complete();
    this.#scheduled = false;
    const events = this.#events;
    this.#events = [];
    if (events.length === 0) return;
    this.#sentAt = performance.now();
    this.#send(events);
  }
}
