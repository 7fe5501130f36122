// Conversations in memory, for the library and wherever nothing can be kept. The same rules as the database's.

import type { SessionInfo, StoredMessage } from "../types.ts";
import { messageNotFound, sessionBusy, sessionNotFound } from "./failures.ts";
import type { AnswerProgress, FinishedAnswer, NewTurn, SessionChanges, SessionStore } from "./store.ts";

export class MemoryStore implements SessionStore {
  /** In the order of their last change, the newest at the end. */
  readonly #sessions = new Map<string, SessionInfo>();
  readonly #messages = new Map<string, StoredMessage>();

  async createSession(session: SessionInfo): Promise<void> {
    this.#sessions.set(session.id, session);
  }

  async listSessions(limit: number): Promise<readonly SessionInfo[]> {
    return [...this.#sessions.values()].toReversed().slice(0, limit);
  }

  async getSession(session: string): Promise<SessionInfo | undefined> {
    return this.#sessions.get(session);
  }

  async updateSession(session: string, changes: SessionChanges): Promise<SessionInfo> {
    return this.#change(session, changes);
  }

  async deleteSession(session: string): Promise<void> {
    if (!this.#sessions.delete(session)) throw sessionNotFound(session);
    for (const message of this.#messages.values()) if (message.session === session) this.#messages.delete(message.id);
  }

  async getMessage(message: string): Promise<StoredMessage | undefined> {
    return this.#messages.get(message);
  }

  async getPath(leaf: string): Promise<readonly StoredMessage[]> {
    const path: StoredMessage[] = [];
    for (let at: string | null = leaf; at !== null;) {
      const message: StoredMessage | undefined = this.#messages.get(at);
      if (message === undefined) break;
      path.push(message);
      at = message.parent;
    }
    return path.toReversed();
  }

  async beginTurn({ session, user, assistant, changes }: NewTurn): Promise<SessionInfo> {
    if (!this.#sessions.has(session)) throw sessionNotFound(session);
    const parent = (user ?? assistant).parent;
    if (parent !== null && this.#messages.get(parent)?.session !== session) throw messageNotFound(parent);
    if (this.#messages.values().some((message) => message.session === session && message.status === "streaming")) throw sessionBusy();
    for (const message of user === undefined ? [assistant] : [user, assistant]) this.#messages.set(message.id, message);
    return this.#change(session, { ...changes, leaf: assistant.id });
  }

  async saveProgress(answers: readonly AnswerProgress[]): Promise<void> {
    this.#updateMessages(answers.filter(({ id }) => this.#messages.get(id)?.status === "streaming"));
  }

  async finishAnswers(answers: readonly FinishedAnswer[]): Promise<void> {
    this.#updateMessages(answers);
    for (const { id } of answers) {
      const session = this.#messages.get(id)?.session;
      if (session !== undefined) this.#change(session, {});
    }
  }

  async close(): Promise<void> {
    this.#sessions.clear();
    this.#messages.clear();
  }

  #change(id: string, changes: SessionChanges & { readonly leaf?: string }): SessionInfo {
    const session = this.#sessions.get(id);
    if (session === undefined) throw sessionNotFound(id);
    const changed = { ...session, ...changes, updatedAt: Date.now() };
    this.#sessions.delete(id);
    this.#sessions.set(id, changed);
    return changed;
  }

  /** An answer whose session was deleted meanwhile has nowhere to go. */
  #updateMessages(answers: readonly (AnswerProgress | FinishedAnswer)[]): void {
    for (const answer of answers) {
      const message = this.#messages.get(answer.id);
      if (message !== undefined) this.#messages.set(answer.id, { ...message, ...answer });
    }
  }
}
