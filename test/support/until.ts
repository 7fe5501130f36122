// Waiting for something that another process, thread or socket does.

import { setTimeout as delay } from "node:timers/promises";

/** Resolves when `condition` holds. Fails with `what` after a time in which even a busy machine gets there. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`);
    await delay(5);
  }
}
