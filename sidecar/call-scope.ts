// What a request inherits from the `gather` or the prompt function it was made in. It travels by AsyncLocalStorage, so that a bare
// function inside `gather` is cancelled and counted as batch work without being handed anything.

import { AsyncLocalStorage } from "node:async_hooks";
import type { Budget } from "./limits/budget.ts";
import type { PromptMaking } from "./limits/prompt-making.ts";

/** Foreground work is what a person waits for; it never waits for batch work (see `Limiter`). */
export type WorkClass = "foreground" | "batch";

/** What a function of a `gather` takes: one of so many that run at once. */
export interface Slot {
  /** One of its requests begins to wait in an endpoint's line. Gives what is to be called when it no longer does. */
  waits(): () => void;
}

export interface CallScope {
  readonly workClass: WorkClass;
  readonly signal: AbortSignal | undefined;
  /** What every request made inside counts for, the outermost first. */
  readonly budgets: readonly Budget[];
  /** The innermost prompt in whose making the requests are asked. */
  readonly making?: PromptMaking | undefined;
  /** Of the function of a `gather`, where others may begin while it only waits. */
  readonly slot?: Slot | undefined;
  /** The request is a turn of a conversation: the next turn will begin with it. */
  readonly goesOn?: true;
}

const outside: CallScope = { workClass: "foreground", signal: undefined, budgets: [] };
const storage = new AsyncLocalStorage<CallScope>();

/** The scope of the calling code; read it when a request is made, not when its stream is first read. */
export function currentScope(): CallScope {
  return storage.getStore() ?? outside;
}

export function runInScope<T>(scope: CallScope, task: () => T): T {
  return storage.run(scope, task);
}
