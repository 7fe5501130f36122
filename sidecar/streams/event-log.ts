// One answer as an append-only log of numbered events. Whoever reads it keeps a cursor (the last number it has); the log
// knows no reader, so a slow one costs nothing here and any number of them see the same events.

import type { EndEvent, StreamEvent, StreamEventBody, StreamRef } from "../types.ts";

/** Bytes of an event's frame in JSON beside its text: braces, names, the number. */
const frameBytes = 48;

/** About what an event costs on the wire, in bytes. Exact enough to bound what is on the way, cheap enough for each token. */
function eventBytes(event: StreamEventBody): number {
  return event.type === "text-delta" || event.type === "reasoning-delta"
    ? frameBytes + Buffer.byteLength(event.text)
    : frameBytes + Buffer.byteLength(JSON.stringify(event));
}

export class EventLog {
  readonly ref: StreamRef;
  readonly #events: StreamEvent[] = [];
  /** Bytes of all events up to and including number i, so that a distance between two cursors is one subtraction. */
  readonly #bytesUpTo: number[] = [0];
  readonly #listeners = new Set<() => void>();
  readonly #end = Promise.withResolvers<EndEvent>();
  #ended = false;

  constructor(ref: StreamRef) {
    this.ref = ref;
  }

  /** The number of the newest event; 0 while there is none. */
  get lastSeq(): number {
    return this.#events.length;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes held, about. */
  get bytes(): number {
    return this.bytesBetween(0, this.lastSeq);
  }

  /** Resolves with the `end` event once it was appended. */
  whenEnded(): Promise<EndEvent> {
    return this.#end.promise;
  }

  /**
   * Adds events in order. The log gives the numbers, from 1 without gaps: an event that already bears the right one is kept
   * as it is, another is copied. Listeners are told once for each call, after all events of it are in the log.
   */
  append(events: readonly (StreamEventBody | StreamEvent)[]): void {
    for (const event of events) {
      if (this.#ended) throw new Error(`A log takes no \`${event.type}\` after its \`end\`.`);
      const seq = this.#events.length + 1;
      const numbered: StreamEvent = "seq" in event && event.seq === seq ? event : { ...event, seq };
      this.#bytesUpTo.push(this.bytes + eventBytes(event));
      this.#events.push(numbered);
      if (numbered.type === "end") {
        this.#ended = true;
        this.#end.resolve(numbered);
      }
    }
    if (events.length > 0) for (const listener of this.#listeners) listener();
  }

  /** Bytes of the events after number `afterSeq` up to and including number `toSeq`. */
  bytesBetween(afterSeq: number, toSeq: number): number {
    return (this.#bytesUpTo[toSeq] ?? 0) - (this.#bytesUpTo[afterSeq] ?? 0);
  }

  /** The events after number `afterSeq`: at least one where there is one, then as many as fit in `maxBytes`. */
  read(afterSeq: number, maxBytes: number): readonly StreamEvent[] {
    let toSeq = Math.min(afterSeq + 1, this.lastSeq);
    while (toSeq < this.lastSeq && this.bytesBetween(afterSeq, toSeq + 1) <= maxBytes) toSeq += 1;
    return this.#events.slice(afterSeq, toSeq);
  }

  /** Calls `listener` after each append, synchronously. Returns what ends that. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
