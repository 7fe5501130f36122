// What a window remembers of its chat over a reload: which conversation was shown, and what had been typed.

import type { Memento } from "vscode";

const SESSION = "chat.session";
const DRAFT = "chat.draft";
/** Characters; a draft is kept in the editor's own small database. */
const MAX_DRAFT = 100_000;

export class ChatMemory {
  readonly #memory: Memento;

  constructor(memory: Memento) {
    this.#memory = memory;
  }

  get session(): string | null {
    return this.#read(SESSION) ?? null;
  }

  set session(session: string | null) {
    void this.#memory.update(SESSION, session ?? undefined);
  }

  get draft(): string {
    return this.#read(DRAFT) ?? "";
  }

  set draft(draft: string) {
    void this.#memory.update(DRAFT, draft.slice(0, MAX_DRAFT) || undefined);
  }

  #read(name: string): string | undefined {
    const value: unknown = this.#memory.get(name);
    return typeof value === "string" ? value : undefined;
  }
}
