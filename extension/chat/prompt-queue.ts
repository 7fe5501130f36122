// Questions that were lined up while an answer runs. The window holds them, since nothing of a question that waits is kept in
// the store: they outlast a reload like the draft. Each is sent when the answer before it is complete. After one that was
// stopped, failed or interrupted, after one that another window asked for, and after a reload, they wait for the person: what
// they ask may not fit any more, and nothing is ever sent twice.

import { randomUUID } from "node:crypto";
import type { QueuedPrompt } from "../../media/protocol.ts";
import { type ChatAnswer, GetSession, SendChat } from "../../sidecar/protocol.ts";
import { requestFailure } from "../client/request-failure.ts";
import { type Disposable, DisposableStore } from "../dispose.ts";
import type { SidecarClient } from "../sidecar-client.ts";
import type { ChatMemory } from "./chat-memory.ts";

interface Waiting extends QueuedPrompt {
  readonly session: string;
}

export interface PromptQueueOptions {
  readonly client: SidecarClient;
  readonly memory: ChatMemory;
  /** What waits in this conversation is not what it was. */
  readonly changed: (session: string) => void;
  readonly sent: (session: string, answer: ChatAnswer) => void;
  readonly report: (error: unknown) => void;
}

/** Prompts of all conversations together: those of deleted ones are found out late, so the oldest give way. */
const MOST_PROMPTS = 100;

export class PromptQueue implements Disposable {
  readonly #options: PromptQueueOptions;
  readonly #store = new DisposableStore();
  /** In the order in which they are sent. */
  #waiting: readonly Waiting[];
  /** Conversations whose prompts wait for the person. */
  readonly #paused: Set<string>;
  /** Conversations that are looked at; true: something happened to one meanwhile. */
  readonly #looking = new Map<string, boolean>();
  /** By conversation, the beginnings and ends of what is sent: an odd number while something is under way. */
  readonly #sends = new Map<string, number>();

  constructor(options: PromptQueueOptions) {
    this.#options = options;
    this.#waiting = options.memory.queue.map((prompt) => ({ ...prompt, id: randomUUID() }));
    this.#paused = new Set(this.#waiting.map(({ session }) => session));
    this.#store.add(
      options.client.onDidChangeStatus(({ state }) => {
        if (state !== "ready") for (const session of new Set(this.#waiting.map((prompt) => prompt.session))) this.#pause(session);
      }),
    );
  }

  /** The prompts of a conversation, the next one first. */
  of(session: string): readonly QueuedPrompt[] {
    return this.#waiting.filter((prompt) => prompt.session === session).map(({ id, text }) => ({ id, text }));
  }

  /** They wait for `resume`. */
  isPaused(session: string): boolean {
    return this.#paused.has(session);
  }

  /** Lines a prompt up. Who lines one up wants those before it to be sent, too. */
  add(session: string, text: string): void {
    this.#paused.delete(session);
    this.#keep([...this.#waiting, { session, text, id: randomUUID() }].slice(-MOST_PROMPTS));
    this.#options.changed(session);
    // The answer can have ended before this arrived.
    this.look(session);
  }

  remove(session: string, id: string): void {
    this.#keep(this.#waiting.filter((prompt) => prompt.id !== id));
    this.#options.changed(session);
  }

  /** Sends the first prompt now, whatever became of the answer before it; the others follow in their turn. */
  async resume(session: string): Promise<void> {
    this.#paused.delete(session);
    this.#options.changed(session);
    if ((this.#sends.get(session) ?? 0) % 2 === 0) await this.#send(session);
  }

  /** Something was kept in this conversation: its answer may have ended. */
  look(session: string): void {
    if (this.#looking.has(session)) this.#looking.set(session, true);
    else if (this.#next(session) !== undefined) void this.#lookAt(session);
  }

  dispose(): void {
    this.#store.dispose();
  }

  #next(session: string): Waiting | undefined {
    return this.#paused.has(session) ? undefined : this.#waiting.find((prompt) => prompt.session === session);
  }

  async #lookAt(session: string): Promise<void> {
    do {
      this.#looking.set(session, false);
      const sends = this.#sends.get(session) ?? 0;
      try {
        const { session: now } = await this.#options.client.request(GetSession, { session, limit: 1 });
        const status = now.messages.at(-1)?.status;
        // What is being sent tells of itself; until then the answer before it is still the last.
        if (sends % 2 === 1 || sends !== (this.#sends.get(session) ?? 0)) continue;
        if (status === "complete") await this.#send(session);
        else if (status !== "streaming" || now.answering === "elsewhere") this.#pause(session);
      } catch (error) {
        await this.#failed(session, error);
      }
    } while (this.#looking.get(session) === true && this.#next(session) !== undefined);
    this.#looking.delete(session);
  }

  /** Never rejects. */
  async #send(session: string): Promise<void> {
    const prompt = this.#next(session);
    if (prompt === undefined) return;
    let failure: { readonly error: unknown } | undefined;
    this.#countSend(session);
    try {
      const answer = await this.#options.client.request(SendChat, { session, content: [{ type: "text", text: prompt.text }] });
      this.#keep(this.#waiting.filter(({ id }) => id !== prompt.id));
      this.#options.changed(session);
      this.#options.sent(session, answer);
    } catch (error) {
      failure = { error };
    }
    this.#countSend(session);
    if (failure !== undefined) await this.#failed(session, failure.error);
  }

  #countSend(session: string): void {
    this.#sends.set(session, (this.#sends.get(session) ?? 0) + 1);
  }

  /** Never rejects. */
  async #failed(session: string, error: unknown): Promise<void> {
    const code = requestFailure(error)?.code;
    if (code === "busy") return this.#outrun(session, error);
    if (code === "session-not-found") this.#keep(this.#waiting.filter((prompt) => prompt.session !== session));
    this.#pause(session);
    if (code !== undefined && code !== "session-not-found") this.#options.report(error);
  }

  /** Somebody asked something else first. Of an answer of this window's the end is told, of another window's it is not. */
  async #outrun(session: string, error: unknown): Promise<void> {
    const now = await this.#options.client.request(GetSession, { session, limit: 1 }).catch(() => undefined);
    if (now?.session.answering === "here") return;
    if (now?.session.answering === undefined) return this.look(session);
    this.#pause(session);
    this.#options.report(error);
  }

  #pause(session: string): void {
    this.#paused.add(session);
    this.#options.changed(session);
  }

  #keep(waiting: readonly Waiting[]): void {
    this.#waiting = waiting;
    this.#options.memory.queue = waiting.map(({ session, text }) => ({ session, text }));
  }
}
