// All rendering of the page happens here, in slices: each frame gives its jobs a few milliseconds together, so that a long
// answer never blocks typing or scrolling.

/** Works until the deadline (in the clock's milliseconds) at the latest. Returns true when there is more to do. */
export type Job = (deadlineMs: number) => boolean;

export interface FrameClock {
  now(): number;
  /** Calls back once, before the next paint, or soon after where nothing is painted. */
  nextFrame(callback: () => void): void;
  /** Of a job that failed. */
  report(error: unknown): void;
}

/** Script of one frame, of the 16 ms that a frame has. Layout and paint need the rest. */
const FRAME_BUDGET_MS = 8;

export class FrameLoop {
  readonly #clock: FrameClock;
  #urgent = new Set<Job>();
  /** In the order in which they run. */
  #jobs: Job[] = [];
  #requested = false;

  constructor(clock: FrameClock) {
    this.#clock = clock;
  }

  /**
   * Runs the job once a frame until it returns false; adding it again while it waits changes nothing. What was added last runs
   * first: it is what just came, or the end of a conversation, where the reader is. After that each job has its turn.
   */
  add(job: Job): void {
    if (!this.#jobs.includes(job)) this.#jobs.unshift(job);
    this.#request();
  }

  /** As `add`, before all others of the frame: applying what arrived. */
  addUrgent(job: Job): void {
    this.#urgent.add(job);
    this.#request();
  }

  remove(job: Job): void {
    this.#urgent.delete(job);
    this.#jobs = this.#jobs.filter((one) => one !== job);
  }

  #request(): void {
    if (this.#requested) return;
    this.#requested = true;
    this.#clock.nextFrame(() => {
      this.#requested = false;
      this.#run(this.#clock.now() + FRAME_BUDGET_MS);
      if (this.#urgent.size + this.#jobs.length > 0) this.#request();
    });
  }

  #run(deadline: number): void {
    const urgent = this.#urgent;
    this.#urgent = new Set();
    for (const job of urgent) {
      if (this.#goesOn(job, deadline)) this.#urgent.add(job);
    }
    // A job may add jobs: those wait for the next frame, and so do the jobs for which no time is left.
    for (const job of Array.from(this.#jobs)) {
      const index = this.#jobs.indexOf(job);
      if (index < 0) continue;
      this.#jobs.splice(index, 1);
      if (this.#goesOn(job, deadline) && !this.#jobs.includes(job)) this.#jobs.push(job);
      if (this.#clock.now() >= deadline) return;
    }
  }

  /** A job that fails is over; the others go on. */
  #goesOn(job: Job, deadline: number): boolean {
    try {
      return job(deadline);
    } catch (error) {
      this.#clock.report(error);
      return false;
    }
  }
}
