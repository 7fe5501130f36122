// A sidecar that is meant to be killed, and what its client reads of the answers that run in it.

import { AckStream, AttachStream, StreamEvents } from "../../sidecar/protocol.ts";
import type { EndEvent, StreamRef } from "../../sidecar/types.ts";
import { BuiltSidecar } from "../sidecar/built-sidecar.ts";

export interface Ending {
  readonly status: EndEvent["status"];
  readonly text: string;
}

interface Reading {
  text: string;
  readonly ended: (ending: Ending) => void;
}

export class TortureClient {
  readonly sidecar: BuiltSidecar;
  readonly #readings = new Map<string, Reading>();
  #readers = 0;

  constructor(bundle: string) {
    this.sidecar = new BuiltSidecar([], bundle);
    this.sidecar.connection.onNotification(StreamEvents, ({ reader, events }) => {
      const reading = this.#readings.get(reader);
      if (reading === undefined) return;
      for (const event of events) {
        if (event.type === "text-delta") reading.text += event.text;
        if (event.type === "discard" && event.what === "text") reading.text = "";
        if (event.type !== "end") continue;
        this.#readings.delete(reader);
        reading.ended({ status: event.status, text: reading.text });
      }
      this.sidecar.connection.sendNotification(AckStream, { reader, seq: events.at(-1)?.seq ?? 0 }).catch(() => {});
    });
  }

  /** True once nothing more comes from it. */
  get isGone(): boolean {
    return this.sidecar.hasExited;
  }

  /** Reads an answer from its beginning. `ended` is called at its end; never where the sidecar ends first. */
  read(stream: StreamRef, ended: (ending: Ending) => void): void {
    const reader = `reader-${++this.#readers}`;
    this.#readings.set(reader, { text: "", ended });
    this.sidecar.connection.sendRequest(AttachStream, { ...stream, reader, afterSeq: 0 }).catch(() => {});
  }

  /** Resolves when the process is gone. Returns when it was killed, in milliseconds of `performance.now()`. */
  async kill(): Promise<number> {
    const at = performance.now();
    this.sidecar.child.kill("SIGKILL");
    await this.sidecar.exited;
    return at;
  }

  /** By the end of its pipe, as a window that closes. */
  async end(): Promise<void> {
    this.sidecar.pipe.end();
    await this.sidecar.exited;
  }
}
