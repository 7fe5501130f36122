// When a progress comes up, and how long it stands. An editor that is told the end of one leaves it standing until it has been
// seen (for 800 ms in VS Code), with a *Cancel* that cancels nothing any more, beside whatever is told next.

/** `message` stands behind the title; `increment` is added to what is done of 100. */
export interface ProgressStep {
  readonly message?: string;
  readonly increment?: number;
}

export interface ProgressPlace {
  /** Shows a progress until `task` is over. Resolves then. */
  readonly show: (task: (report: (step: ProgressStep) => void) => Promise<void>) => PromiseLike<void>;
  /** Resolves when the editor has done all it was asked for until now. */
  readonly caughtUp: () => PromiseLike<unknown>;
}

/** What is over sooner needs no progress: it would only flash up. */
const COMES_UP_AFTER_MS = 500;
/** The editor's 800, and some more for its clock being another one. */
const STANDS_MS = 1_000;

/** As `work` ends, but not before a progress that has come up for it is gone. What was reported until then is reported at once. */
export async function showIfItLasts<T>(
  { show, caughtUp }: ProgressPlace,
  work: (report: (step: ProgressStep) => void) => Promise<T>,
): Promise<T> {
  const missed: ProgressStep[] = [];
  let report = (step: ProgressStep): unknown => missed.push(step);
  const result = work((step) => void report(step));
  const over = result.then(
    () => {},
    () => {},
  );
  if (await lastsLonger(over, COMES_UP_AFTER_MS)) {
    await show(async (shown) => {
      for (const step of missed) shown(step);
      report = shown;
      await Promise.all([over, Promise.resolve(caughtUp()).then(() => pause(STANDS_MS))]);
    });
  }
  return result;
}

function lastsLonger(over: Promise<void>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), ms);
    void over.then(() => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
