// The messages of all conversations in memory, found by what is asked for: none of its questions looks at more than it tells.

import type { StoredMessage } from "../types.ts";

/** What is found without a look at the session's messages. */
interface Index {
  /** In the order in which they were kept. */
  readonly ids: string[];
  readonly places: Map<string, number>;
  /** By what they follow, in the same order, without summaries. */
  readonly following: Map<string | null, string[]>;
  readonly summaries: string[];
  readonly running: Set<string>;
}

export class MemoryMessages {
  /** In the order in which they were kept. */
  readonly #messages = new Map<string, StoredMessage>();
  readonly #sessions = new Map<string, Index>();

  get count(): number {
    return this.#messages.size;
  }

  /** All of all sessions. */
  all(): IteratorObject<StoredMessage> {
    return this.#messages.values();
  }

  get(message: string): StoredMessage | undefined {
    return this.#messages.get(message);
  }

  /** Each is of this session from now on. */
  insert(session: string, messages: readonly StoredMessage[]): void {
    const index = this.#sessions.get(session) ?? emptyIndex();
    this.#sessions.set(session, index);
    for (const message of messages) {
      const { id, parent } = message;
      if (!index.places.has(id)) {
        index.places.set(id, index.ids.length);
        index.ids.push(id);
        if (message.message.role === "system") index.summaries.push(id);
        else follow(index, parent, id);
      }
      this.#set(index, { ...message, session });
    }
  }

  /** What is absent stays; nothing happens where the message is gone. */
  change(message: string, changes: Omit<Partial<StoredMessage>, "id" | "session" | "parent">): void {
    const before = this.#messages.get(message);
    const index = this.#sessions.get(before?.session ?? "");
    if (before !== undefined && index !== undefined) this.#set(index, { ...before, ...changes });
  }

  /** With all its messages. */
  remove(session: string): void {
    for (const id of this.#sessions.get(session)?.ids ?? []) this.#messages.delete(id);
    this.#sessions.delete(session);
  }

  clear(): void {
    this.#messages.clear();
    this.#sessions.clear();
  }

  /** Those of a session that were kept after this one, or from the first on. None after what is not in it. */
  list(session: string, after?: string, limit = Infinity): readonly StoredMessage[] {
    const { ids, places } = this.#sessions.get(session) ?? emptyIndex();
    const from = after === undefined ? 0 : (places.get(after) ?? ids.length) + 1;
    return this.#found(ids.slice(from, from + limit));
  }

  summaries(session: string): readonly StoredMessage[] {
    return this.#found(this.#sessions.get(session)?.summaries ?? []);
  }

  /** The ids of questions and answers that follow this one, oldest first; those that begin a path where it is null. */
  following(session: string, message: string | null): readonly string[] {
    return this.#sessions.get(session)?.following.get(message) ?? [];
  }

  isAnswering(session: string): boolean {
    return (this.#sessions.get(session)?.running.size ?? 0) > 0;
  }

  #set(index: Index, message: StoredMessage): void {
    this.#messages.set(message.id, message);
    if (message.status === "streaming") index.running.add(message.id);
    else index.running.delete(message.id);
  }

  #found(ids: readonly string[]): readonly StoredMessage[] {
    return ids.map((id) => this.#messages.get(id)).filter((message) => message !== undefined);
  }
}

function emptyIndex(): Index {
  return { ids: [], places: new Map(), following: new Map(), summaries: [], running: new Set() };
}

function follow({ following }: Index, parent: string | null, id: string): void {
  const others = following.get(parent);
  if (others === undefined) following.set(parent, [id]);
  else others.push(id);
}
