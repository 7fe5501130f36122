// What a window remembers of its chat over a reload: which conversation was shown, what had been typed and what was lined up.

import type { WindowMemory } from "./window-file.ts";

const SESSION = "chat.session";
const DRAFT = "chat.draft";
const QUEUE = "chat.queue";
/** Characters. */
const MAX_DRAFT = 100_000;

interface RememberedPrompt {
  readonly session: string;
  readonly text: string;
}

export class ChatMemory {
  readonly #memory: WindowMemory;

  constructor(memory: WindowMemory) {
    this.#memory = memory;
  }

  get session(): string | null {
    return this.#read(SESSION) ?? null;
  }

  set session(session: string | null) {
    this.#memory.update(SESSION, session ?? undefined);
  }

  get draft(): string {
    return this.#read(DRAFT) ?? "";
  }

  set draft(draft: string) {
    this.#memory.update(DRAFT, draft.slice(0, MAX_DRAFT) || undefined);
  }

  get queue(): readonly RememberedPrompt[] {
    const value: unknown = this.#memory.get(QUEUE);
    return Array.isArray(value) ? value.filter(isPrompt) : [];
  }

  set queue(queue: readonly RememberedPrompt[]) {
    this.#memory.update(QUEUE, queue.length === 0 ? undefined : queue);
  }

  #read(name: string): string | undefined {
    const value: unknown = this.#memory.get(name);
    return typeof value === "string" ? value : undefined;
  }
}

function isPrompt(value: unknown): value is RememberedPrompt {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof Reflect.get(value, "session") === "string" &&
    typeof Reflect.get(value, "text") === "string"
  );
}
