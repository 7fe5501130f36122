// Moves events from logs to one connection. A reader is a cursor on a log. Each round sends every reader that has something
// new one bounded batch, in turn, so that a long backlog never holds up a short one. The first event after a pause leaves at
// once; what arrives in the same turn of the event loop leaves together in the next.
//
// What was sent and not yet acknowledged is bounded in bytes, for each reader and for the connection, and each send is
// awaited, because the queue of the JSON-RPC connection has no bound of its own. A reader with nothing on the way may always
// send a small batch: readers that stall can fill the connection's window, and must not stop the others.

import { setImmediate as nextTurn } from "node:timers/promises";
import { Failure } from "../failure.ts";
import type { StreamEvent } from "../types.ts";
import type { EventLog } from "./event-log.ts";

/** Bytes, but for `readers`. */
export interface PumpLimits {
  readonly batch: number;
  /** What a reader may send past a full connection when nothing of its own is on the way. */
  readonly smallBatch: number;
  readonly unacknowledgedByReader: number;
  readonly unacknowledged: number;
  /** How many readers one connection may have. */
  readonly readers: number;
}

export const pumpLimits: PumpLimits = {
  batch: 32 * 1024,
  smallBatch: 2 * 1024,
  unacknowledgedByReader: 256 * 1024,
  unacknowledged: 4 * 1024 * 1024,
  readers: 8192,
};

interface Reader {
  readonly name: string;
  readonly log: EventLog;
  readonly forget: () => void;
  sentSeq: number;
  ackedSeq: number;
  /** False in the turn in which it was attached: the reply to the request goes first. */
  live: boolean;
  /** True while it may not send before something was acknowledged. */
  waits: boolean;
}

export class Pump {
  readonly #send: (reader: string, events: readonly StreamEvent[]) => Promise<void>;
  readonly #limits: PumpLimits;
  readonly #readers = new Map<string, Reader>();
  /** Those that have something to send and may, in the order of their turn. */
  readonly #ready = new Set<Reader>();
  /** Those that wait for room on the connection. */
  readonly #held = new Set<Reader>();
  #unacknowledged = 0;
  #runs = false;
  #closed = false;

  /** `send` resolves when the connection has taken the batch; its rejection closes the pump. */
  constructor(send: (reader: string, events: readonly StreamEvent[]) => Promise<void>, limits: PumpLimits = pumpLimits) {
    this.#send = send;
    this.#limits = limits;
  }

  get readerCount(): number {
    return this.#readers.size;
  }

  /** About how many bytes were sent and not yet acknowledged. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /**
   * Opens a cursor after number `afterSeq`; its events follow from the next turn of the event loop on. No reader is opened
   * where the log has ended and nothing is left to read.
   */
  attach(name: string, log: EventLog, afterSeq: number): { readonly lastSeq: number; readonly ended: boolean } {
    if (this.#readers.has(name)) throw new Failure("invalid-params", `\`reader\`: "${name}" is open already on this connection.`);
    if (afterSeq > log.lastSeq) throw new Failure("invalid-params", `\`afterSeq\` is ${afterSeq}, but the last event is ${log.lastSeq}.`);
    if (this.#readers.size >= this.#limits.readers) {
      throw new Failure("busy", `This connection has ${this.#limits.readers} readers: detach some first.`);
    }
    const state = { lastSeq: log.lastSeq, ended: log.ended };
    if (this.#closed || (log.ended && afterSeq === log.lastSeq)) return state;
    const forget = log.onAppend(() => this.#offer(reader));
    const reader: Reader = { name, log, forget, sentSeq: afterSeq, ackedSeq: afterSeq, live: false, waits: false };
    this.#readers.set(name, reader);
    setImmediate(() => {
      reader.live = true;
      this.#offer(reader);
    });
    return state;
  }

  /** Applied up to and including `seq`. Numbers that were not sent, and readers that are not open, are passed over. */
  acknowledge(name: string, seq: number): void {
    const reader = this.#readers.get(name);
    if (reader === undefined || seq <= reader.ackedSeq || seq > reader.sentSeq) return;
    this.#unacknowledged -= reader.log.bytesBetween(reader.ackedSeq, seq);
    reader.ackedSeq = seq;
    if (reader.log.ended && seq === reader.log.lastSeq) this.detach(name);
    else this.#resume(reader);
    this.#release();
  }

  /** Closes the cursor. The answer goes on. */
  detach(name: string): void {
    const reader = this.#readers.get(name);
    if (reader === undefined) return;
    this.#readers.delete(name);
    this.#ready.delete(reader);
    this.#held.delete(reader);
    reader.forget();
    this.#unacknowledged -= reader.log.bytesBetween(reader.ackedSeq, reader.sentSeq);
    this.#release();
  }

  close(): void {
    this.#closed = true;
    for (const name of this.#readers.keys()) this.detach(name);
  }

  #offer(reader: Reader): void {
    if (this.#closed || !reader.live || reader.waits || reader.sentSeq >= reader.log.lastSeq) return;
    if (this.#readers.get(reader.name) !== reader) return;
    this.#ready.add(reader);
    // A failed send means that the connection is broken: its owner hears of it from the connection itself.
    if (!this.#runs) this.#run().catch(() => this.close());
  }

  async #run(): Promise<void> {
    this.#runs = true;
    try {
      while (this.#ready.size > 0) {
        const round = Array.from(this.#ready);
        for (const reader of round) {
          const batch = this.#take(reader);
          if (batch.length > 0) await this.#send(reader.name, batch);
        }
        await nextTurn();
      }
    } finally {
      this.#runs = false;
    }
  }

  /** The next batch of a reader, its cursor moved. Puts the reader at the end of the row where it has more. */
  #take(reader: Reader): readonly StreamEvent[] {
    // Also false for a reader that was detached while the round went on.
    if (!this.#ready.delete(reader)) return [];
    const onTheWay = reader.log.bytesBetween(reader.ackedSeq, reader.sentSeq);
    const ownRoom = this.#limits.unacknowledgedByReader - onTheWay;
    const room = this.#limits.unacknowledged - this.#unacknowledged;
    if (ownRoom <= 0 || (room <= 0 && onTheWay > 0)) {
      reader.waits = true;
      if (ownRoom > 0) this.#held.add(reader);
      return [];
    }
    const allowance = onTheWay === 0 ? Math.max(room, this.#limits.smallBatch) : room;
    const batch = reader.log.read(reader.sentSeq, Math.min(this.#limits.batch, ownRoom, allowance));
    this.#unacknowledged += reader.log.bytesBetween(reader.sentSeq, reader.sentSeq + batch.length);
    reader.sentSeq += batch.length;
    if (reader.sentSeq < reader.log.lastSeq) this.#ready.add(reader);
    return batch;
  }

  /** Lets those go on that waited for room on the connection: all together, once a quarter is free, not one by one with each byte. */
  #release(): void {
    if (this.#held.size === 0 || this.#unacknowledged > this.#limits.unacknowledged * 0.75) return;
    const held = Array.from(this.#held);
    for (const reader of held) this.#resume(reader);
  }

  #resume(reader: Reader): void {
    this.#held.delete(reader);
    reader.waits = false;
    this.#offer(reader);
  }
}
