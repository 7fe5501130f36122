// When a progress is shown, and that nothing is told beside it, in an editor that shows one as VS Code does.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type ProgressStep, showIfItLasts } from "../../extension/progress-times.ts";

/** The least time for which VS Code leaves a progress notification on screen, and how far it is behind here with what it is asked for. */
const ON_SCREEN_MS = 800;
const BEHIND_MS = 700;

class SlowEditor {
  /** What could be seen, in its order. */
  readonly seen: string[] = [];
  readonly #t: TestContext;

  constructor(t: TestContext) {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    this.#t = t;
  }

  readonly place = {
    caughtUp: (): Promise<void> => this.#after(BEHIND_MS),
    show: async (task: (report: (step: ProgressStep) => void) => Promise<void>): Promise<void> => {
      const seenLongEnough = this.#after(BEHIND_MS)
        .then(() => this.seen.push("progress"))
        .then(() => this.#after(ON_SCREEN_MS));
      const over = task(({ message = "", increment = 0 }) => this.seen.push(`${message} (${increment})`));
      void Promise.all([seenLongEnough, over]).then(() => this.seen.push("progress gone"));
      // As VS Code does it: told as over when the task is, whatever stands on screen.
      await over;
    },
  };

  /** Work that can be ended, and the notice that is shown as it ends. */
  run(): { readonly ends: PromiseWithResolvers<void>; readonly report: (step: ProgressStep) => void; readonly told: Promise<unknown> } {
    const ends = Promise.withResolvers<void>();
    let report: ((step: ProgressStep) => void) | undefined;
    const result = showIfItLasts(this.place, (tell) => {
      report = tell;
      return ends.promise;
    });
    const told = result.then(
      () => this.seen.push("notice"),
      (error: unknown) => this.seen.push(`notice of ${String(error)}`),
    );
    assert(report !== undefined, "The work begins at once.");
    return { ends, report, told };
  }

  /** Lets time pass in small steps, so that each timer that another one's end begins is begun in its time. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.#t.mock.timers.tick(100);
      await new Promise(setImmediate);
    }
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
  }
}

const failures: readonly (readonly [string, (ends: PromiseWithResolvers<void>) => void, string])[] = [
  ["is done", ({ resolve }) => resolve(), "notice"],
  ["fails", ({ reject }) => reject(new Error("It was refused.")), "notice of Error: It was refused."],
];

for (const [how, end, notice] of failures) {
  for (const afterMs of [600, 1_300, 5_000]) {
    test(`what is told of work that ${how} after ${afterMs} ms is told when its progress is gone`, async (t) => {
      const editor = new SlowEditor(t);
      const { ends, told } = editor.run();
      await editor.pass(afterMs);
      end(ends);
      await editor.pass(5_000);
      await told;
      assert.deepEqual(editor.seen, ["progress", "progress gone", notice]);
    });
  }

  test(`work that ${how} in a moment has no progress`, async (t) => {
    const editor = new SlowEditor(t);
    const { ends, told } = editor.run();
    await editor.pass(400);
    end(ends);
    await told;
    await editor.pass(5_000);
    assert.deepEqual(editor.seen, [notice]);
  });
}

test("what is done before the progress comes up is shown with it, the rest as it comes", async (t) => {
  const editor = new SlowEditor(t);
  const { ends, report, told } = editor.run();
  report({ message: "1 of 3", increment: 33 });
  report({ message: "2 of 3", increment: 33 });
  assert.deepEqual(editor.seen, []);
  await editor.pass(500);
  assert.deepEqual(editor.seen, ["1 of 3 (33)", "2 of 3 (33)"]);
  report({ message: "3 of 3", increment: 34 });
  assert.equal(editor.seen.at(-1), "3 of 3 (34)");
  ends.resolve();
  await editor.pass(5_000);
  await told;
});
