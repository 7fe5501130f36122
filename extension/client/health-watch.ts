// Tells a sidecar that is dead from an extension host that is starved. Both look the same to whoever waits: no answer comes.
// But a host whose event loop stands still (another extension computes, the machine was asleep) does not read its pipe, so
// its silence says nothing about the sidecar. What counts here is therefore never a clock: it is the turns in which this
// process ran, would have read a sign of life, and found none.

import type { Disposable } from "../dispose.ts";

export interface HealthWatchOptions {
  /** Asks the sidecar for a sign of life. Called at most once between two of them. */
  readonly ping: () => void;
  /** Nothing was heard for `SILENT_STEPS` turns after a ping. Called at most once. */
  readonly onDead: () => void;
  /** This process itself stood still for so many milliseconds. */
  readonly onStarved: (ms: number) => void;
  /** Milliseconds between two turns. Default 1,000. */
  readonly stepMs?: number;
}

/** Turns of silence after which the sidecar is asked, and further ones after which it is taken for dead. */
const QUIET_STEPS = 10;
const SILENT_STEPS = 30;
/** Steps. A turn that comes later than this tells of a host that was starved, and not of a timer that is a little late. */
const STARVED_STEPS = 3;

export class HealthWatch implements Disposable {
  readonly #options: HealthWatchOptions;
  readonly #stepMs: number;
  readonly #timer: NodeJS.Timeout;
  #steps = 0;
  #lastStep = performance.now();

  constructor(options: HealthWatchOptions) {
    this.#options = options;
    this.#stepMs = options.stepMs ?? 1000;
    // A timer that is late fires once, however late it is, and between two firings the pipe is read.
    this.#timer = setInterval(() => this.#step(), this.#stepMs).unref();
  }

  /** The sidecar has said something, whatever it was. */
  heard(): void {
    this.#steps = 0;
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  #step(): void {
    const now = performance.now();
    const late = now - this.#lastStep - this.#stepMs;
    this.#lastStep = now;
    if (late > STARVED_STEPS * this.#stepMs) this.#options.onStarved(Math.round(late));
    this.#steps += 1;
    if (this.#steps === QUIET_STEPS) this.#options.ping();
    if (this.#steps < QUIET_STEPS + SILENT_STEPS) return;
    this.dispose();
    this.#options.onDead();
  }
}
