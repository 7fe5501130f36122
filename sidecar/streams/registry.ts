// The streams that can be attached to, by id: all that run, and those that ended lately, kept within bounds so that a
// reader that comes back a moment after the end still finds its events. Past that the conversation has to be read instead.

import { randomUUID } from "node:crypto";
import { Failure } from "../failure.ts";
import type { StreamRef } from "../types.ts";
import { EventLog } from "./event-log.ts";

export interface KeptLimits {
  readonly count: number;
  readonly bytes: number;
  /** Milliseconds after the end. */
  readonly ageMs: number;
}

/** Enough for a run over some thousand files whose client attaches late, and little beside the runtime itself. */
export const keptLimits: KeptLimits = { count: 4096, bytes: 32 * 1024 * 1024, ageMs: 10 * 60_000 };

interface RunningStream {
  readonly log: EventLog;
  readonly cancel: () => void;
}

interface EndedStream {
  readonly log: EventLog;
  readonly endedAt: number;
}

export class StreamRegistry {
  /** New with each registry, so that a stream of a sidecar that has ended is never mistaken for one of this. */
  readonly epoch = randomUUID();
  readonly #limits: KeptLimits;
  readonly #now: () => number;
  readonly #running = new Map<string, RunningStream>();
  /** Oldest first. */
  readonly #ended = new Map<string, EndedStream>();
  #endedBytes = 0;
  #sweep: NodeJS.Timeout | undefined;

  constructor(limits: KeptLimits = keptLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
  }

  /** A new log. `cancel` is called when somebody asks for this answer to stop; the log's `end` event must follow. */
  open(cancel: () => void): EventLog {
    const log = new EventLog({ stream: randomUUID(), epoch: this.epoch });
    this.#running.set(log.ref.stream, { log, cancel });
    void log.whenEnded().then(() => this.#keep(log));
    return log;
  }

  /** Throws `stream-gone` for another epoch and for a stream that was let go. */
  find(ref: StreamRef): EventLog {
    this.#letGo();
    const found = ref.epoch === this.epoch ? (this.#running.get(ref.stream) ?? this.#ended.get(ref.stream)) : undefined;
    if (found === undefined) throw new Failure("stream-gone", "This stream is no longer held: read the conversation instead.");
    return found.log;
  }

  /** Asks the answer to stop and waits for its `end`. False: it had ended by itself. Throws `stream-gone`. */
  async cancel(ref: StreamRef): Promise<boolean> {
    const log = this.find(ref);
    if (log.ended) return false;
    this.#running.get(ref.stream)?.cancel();
    return (await log.whenEnded()).status === "cancelled";
  }

  /** Lets everything that ended go. */
  close(): void {
    clearTimeout(this.#sweep);
    this.#ended.clear();
    this.#endedBytes = 0;
  }

  #keep(log: EventLog): void {
    this.#running.delete(log.ref.stream);
    this.#ended.set(log.ref.stream, { log, endedAt: this.#now() });
    this.#endedBytes += log.bytes;
    this.#letGo();
  }

  #letGo(): void {
    for (const [stream, { log, endedAt }] of this.#ended) {
      const tooMany = this.#ended.size > this.#limits.count || this.#endedBytes > this.#limits.bytes;
      if (!tooMany && this.#now() - endedAt < this.#limits.ageMs) break;
      this.#ended.delete(stream);
      this.#endedBytes -= log.bytes;
    }
    clearTimeout(this.#sweep);
    // Without a further request nothing else would free the memory of old answers.
    if (this.#ended.size > 0) this.#sweep = setTimeout(() => this.#letGo(), this.#limits.ageMs).unref();
  }
}
