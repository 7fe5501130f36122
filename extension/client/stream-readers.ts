// Reading answers. An answer is a log of numbered events in the sidecar; a reader is a cursor on it, named by us. What
// arrives is handed to whoever opened the reader; the rest (fairness, bounds, catching up) is the sidecar's.

import { AckStream, AttachStream, DetachStream, StreamEvents } from "../../sidecar/protocol.ts";
import type { StreamEvent, StreamRef } from "../../sidecar/types.ts";
import type { Disposable } from "../dispose.ts";
import type { SidecarClient } from "../sidecar-client.ts";

export interface StreamSink {
  /** Consecutive events, none left out. */
  events(events: readonly StreamEvent[]): void;
  /** No more will come although the answer's end was not read: the sidecar ended, or has let the stream go. Called at most once. */
  gone(reason: unknown): void;
}

/** An open cursor. Disposing of it closes the cursor; the answer goes on. */
export interface StreamReader extends Disposable {
  /** Applied up to and including `seq`: the sidecar may send more. */
  acknowledge(seq: number): void;
}

export class StreamReaders implements Disposable {
  readonly #client: SidecarClient;
  readonly #sinks = new Map<string, StreamSink>();
  readonly #statusListener: Disposable;
  #opened = 0;

  constructor(client: SidecarClient) {
    this.#client = client;
    client.onNotification(StreamEvents, ({ reader, events }) => this.#arrived(reader, events));
    this.#statusListener = client.onDidChangeStatus(({ state, reason }) => {
      if (state !== "ready") this.#closeAll(new Error(reason ?? "The sidecar has ended."));
    });
  }

  /** Opens a cursor behind `afterSeq`; 0 reads from the first event. */
  open(ref: StreamRef, afterSeq: number, sink: StreamSink): StreamReader {
    this.#opened += 1;
    const reader = `reader-${this.#opened}`;
    // Events may arrive in the same turn as the answer to the request.
    this.#sinks.set(reader, sink);
    this.#client.request(AttachStream, { ...ref, reader, afterSeq }).catch((error: unknown) => this.#close(reader, error));
    return {
      acknowledge: (seq) => {
        if (this.#sinks.has(reader)) this.#client.notify(AckStream, { reader, seq });
      },
      dispose: () => {
        if (this.#sinks.delete(reader)) this.#client.notify(DetachStream, { reader });
      },
    };
  }

  dispose(): void {
    this.#statusListener.dispose();
    this.#sinks.clear();
  }

  #arrived(reader: string, events: readonly StreamEvent[]): void {
    const sink = this.#sinks.get(reader);
    if (sink === undefined) return;
    sink.events(events);
  }

  #close(reader: string, reason: unknown): void {
    const sink = this.#sinks.get(reader);
    this.#sinks.delete(reader);
    sink?.gone(reason);
  }

  #closeAll(reason: unknown): void {
    for (const reader of Array.from(this.#sinks.keys())) this.#close(reader, reason);
  }
}
