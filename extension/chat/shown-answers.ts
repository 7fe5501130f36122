// The answers of the conversation on the page that still stream: for each a cursor in the sidecar and a relay to the page.

import type { StreamReader, StreamReaders } from "../client/stream-readers.ts";
import type { StreamEvent, StreamRef } from "../../sidecar/types.ts";
import type { Disposable } from "../dispose.ts";
import { AnswerRelay } from "./answer-relay.ts";

export interface ShownAnswersOptions {
  readonly readers: StreamReaders;
  readonly post: (message: string, events: readonly StreamEvent[]) => void;
  /** The answer's events cannot be read any more: what was kept of it is all there is. */
  readonly gone: (message: string, reason: unknown) => void;
}

interface ShownAnswer {
  readonly ref: StreamRef;
  readonly relay: AnswerRelay;
  readonly reader: StreamReader;
  /** The number of the answer's last event, once it has arrived. */
  lastSeq: number | null;
}

export class ShownAnswers implements Disposable {
  readonly #options: ShownAnswersOptions;
  readonly #answers = new Map<string, ShownAnswer>();
  #visible = true;

  constructor(options: ShownAnswersOptions) {
    this.#options = options;
  }

  /** Reads an answer from its first event on. A page that knows some of them already skips those. */
  start(message: string, ref: StreamRef): void {
    this.#end(message);
    const relay = new AnswerRelay(
      {
        post: (events) => this.#options.post(message, events),
        acknowledge: (seq) => reader.acknowledge(seq),
      },
      this.#visible,
    );
    const reader = this.#options.readers.open(ref, 0, {
      events: (events) => {
        const last = events.at(-1);
        if (last?.type === "end") answer.lastSeq = last.seq;
        relay.push(events);
      },
      gone: (reason) => {
        if (this.#answers.get(message)?.reader !== reader) return;
        this.#end(message);
        this.#options.gone(message, reason);
      },
    });
    const answer: ShownAnswer = { ref, relay, reader, lastSeq: null };
    this.#answers.set(message, answer);
  }

  /** The page shows everything up to `seq`. */
  applied(message: string, seq: number): void {
    const answer = this.#answers.get(message);
    if (answer === undefined) return;
    answer.relay.applied(seq);
    if (answer.lastSeq !== null && seq >= answer.lastSeq) this.#end(message);
  }

  /** Where the answer is read, if it streams. */
  ref(message: string): StreamRef | undefined {
    return this.#answers.get(message)?.ref;
  }

  set visible(visible: boolean) {
    this.#visible = visible;
    for (const { relay } of this.#answers.values()) relay.visible = visible;
  }

  /** Another conversation is shown, or the page is gone. The answers go on in the sidecar. */
  clear(): void {
    for (const message of Array.from(this.#answers.keys())) this.#end(message);
  }

  dispose(): void {
    this.clear();
  }

  #end(message: string): void {
    const answer = this.#answers.get(message);
    this.#answers.delete(message);
    answer?.relay.dispose();
    answer?.reader.dispose();
  }
}
