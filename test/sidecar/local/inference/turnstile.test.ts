import assert from "node:assert/strict";
import { test } from "node:test";
import { Turnstile } from "../../../../sidecar/local/inference/turnstile.ts";

/** Takes part for so many steps, and notes its name at each. */
async function take(turnstile: Turnstile, name: string, steps: number, noted: string[]): Promise<void> {
  await turnstile.takePart(async () => {
    for (let step = 0; step < steps; step++) {
      await turnstile.turn();
      noted.push(name);
    }
  });
}

test("one that is alone waits for nobody", async () => {
  const turnstile = new Turnstile();
  await turnstile.takePart(async () => assert.equal(turnstile.turn(), undefined));
});

test("those that take part go on together, also when one of them comes late", async () => {
  const turnstile = new Turnstile();
  const noted: string[] = [];
  const late = Promise.withResolvers<void>();
  const others = [take(turnstile, "a", 3, noted), take(turnstile, "b", 3, noted)];
  const third = turnstile.takePart(async () => {
    await late.promise;
    await turnstile.turn();
    noted.push("late");
  });
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  // The first was alone when it began.
  assert.deepEqual(noted, ["a"]);
  late.resolve();
  await Promise.all([...others, third]);
  assert.deepEqual(noted.slice(1, 4).toSorted(), ["a", "b", "late"]);
  assert.deepEqual(noted.toSorted(), ["a", "a", "a", "b", "b", "b", "late"]);
});

test("one that fails is not waited for any more", async () => {
  const turnstile = new Turnstile();
  const noted: string[] = [];
  const fault = Promise.withResolvers<void>();
  const failing = turnstile.takePart(() => fault.promise);
  const other = take(turnstile, "a", 2, noted);
  fault.reject(new Error("out of luck"));
  await assert.rejects(failing, /out of luck/u);
  await other;
  assert.deepEqual(noted, ["a", "a"]);
});

test("while somebody holds it nobody goes on, alone or together", async () => {
  for (const count of [1, 3]) {
    const turnstile = new Turnstile();
    const noted: string[] = [];
    const held = Promise.withResolvers<void>();
    const holding = [turnstile.hold(() => held.promise), turnstile.hold(async () => {})];
    const taking = Array.from({ length: count }, () => take(turnstile, "a", 2, noted));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    assert.deepEqual(noted, []);
    held.resolve();
    await Promise.all([...holding, ...taking]);
    assert.equal(noted.length, 2 * count);
  }
});
