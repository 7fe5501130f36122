// One timer for the stages of one exchange. Each stage has its own limit; entering a stage ends the one before it.

export type Stage = "connect" | "first-token" | "idle" | "after-finish" | "list" | "error-body";

/** Milliseconds: the longest that a timer can wait, almost 25 days. It would take more for 1. */
const LONGEST_MS = 2 ** 31 - 1;

export class StageTimer {
  readonly #onLimit: (stage: Stage, limitMs: number) => void;
  #timer: NodeJS.Timeout | null = null;
  #stage: Stage | null = null;
  #limitMs = 0;
  /** One for all stages. */
  readonly #reached = (): void => {
    if (this.#stage !== null) this.#onLimit(this.#stage, this.#limitMs);
  };

  constructor(onLimit: (stage: Stage, limitMs: number) => void) {
    this.#onLimit = onLimit;
  }

  get stage(): Stage | null {
    return this.#stage;
  }

  /** `limitMs` 0: no limit. The timer alone does not keep the process alive; the socket it watches does. */
  enter(stage: Stage, limitMs: number): void {
    this.stop();
    this.#stage = stage;
    this.#limitMs = limitMs;
    if (limitMs > 0) this.#timer = setTimeout(this.#reached, Math.min(limitMs, LONGEST_MS)).unref();
  }

  /** The stage's time begins anew. Cheap enough for every read. */
  restart(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#stage = null;
  }
}
