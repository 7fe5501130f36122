// A page of the chat without a browser: records what it is shown and answers as the real one does.

import type { FromWebview, MessageView, ToWebview } from "../../media/protocol.ts";
import type { StreamEvent } from "../../sidecar/types.ts";
import type { ChatPort } from "../../extension/chat/chat-port.ts";
import { Emitter } from "../../extension/event.ts";

type Of<T extends ToWebview["type"]> = Extract<ToWebview, { type: T }>;

const WAIT_MS = 60_000;

export class FakeChatPage implements ChatPort {
  readonly posted: ToWebview[] = [];
  /** The events applied, by message. */
  readonly events = new Map<string, StreamEvent[]>();
  readonly #messages = new Emitter<FromWebview>();
  readonly #visibility = new Emitter<boolean>();
  readonly #end = new Emitter<void>();
  readonly #arrived = new Emitter<void>();
  /** False: batches pile up unapplied, as on a page that has stalled. */
  applies: boolean;
  /** How much had been posted when the last question was sent. */
  #askedAt = 0;
  visible = true;
  reveals = 0;

  readonly onMessage = this.#messages.event;
  readonly onDidChangeVisibility = this.#visibility.event;
  readonly onDidEnd = this.#end.event;

  constructor({ applies = true } = {}) {
    this.applies = applies;
  }

  post(message: ToWebview): void {
    this.posted.push(message);
    if (message.type === "events" && this.applies) this.apply(message);
    this.#arrived.fire();
  }

  reveal(): void {
    this.reveals += 1;
  }

  dispose(): void {
    this.#end.fire();
  }

  /** What a person or the page's script does. */
  send(message: FromWebview): void {
    if (message.type === "send") this.#askedAt = this.posted.length;
    this.#messages.fire(message);
  }

  /** Applies a batch as the real page does: what it knows is skipped, a gap is an error of the host. */
  apply({ message, events }: Of<"events">): void {
    const known = this.events.get(message) ?? [];
    for (const event of events) {
      if (event.seq <= known.length) continue;
      if (event.seq !== known.length + 1) throw new Error(`Event ${event.seq} came after ${known.length}.`);
      known.push(event);
    }
    this.events.set(message, known);
    // The real one answers later than the message, and so does this.
    queueMicrotask(() => this.send({ type: "applied", message, seq: known.length }));
  }

  /** The page is loaded again and has forgotten everything. */
  reload(): void {
    this.posted.length = 0;
    this.#askedAt = 0;
    this.events.clear();
    this.send({ type: "ready" });
  }

  all<T extends ToWebview["type"]>(type: T): readonly Of<T>[] {
    return this.posted.filter((message): message is Of<T> => message.type === type);
  }

  last<T extends ToWebview["type"]>(type: T): Of<T> | undefined {
    return this.all(type).at(-1);
  }

  /** What a person reads: the events applied, or what was kept where none came. */
  text(message: string): string {
    const events = this.events.get(message) ?? [];
    if (events.length > 0) return events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
    const content = this.#views().findLast(({ stored }) => stored.id === message)?.stored.message.content ?? [];
    return content.map((part) => (part.type === "text" ? part.text : "")).join("");
  }

  /** Resolves with what `look` finds, as soon as it finds something. */
  async found<T>(look: (page: this) => T | undefined, what: string): Promise<T> {
    const found = look(this);
    if (found !== undefined) return found;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => reject(new Error(`Waited for ${what}. Posted: ${JSON.stringify(this.posted)}`)), WAIT_MS);
    const listener = this.#arrived.event(() => {
      const later = look(this);
      if (later !== undefined) resolve(later);
    });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      listener.dispose();
    }
  }

  /** The answer to the last question that was sent here, once it has ended. */
  async answered(): Promise<MessageView> {
    return this.found((page) => {
      const view = page.#views(page.#askedAt).at(-1);
      return view?.stored.message.role === "assistant" && page.#hasEnded(view) ? view : undefined;
    }, "the end of the answer");
  }

  #hasEnded({ stored }: MessageView): boolean {
    return stored.status !== "streaming" || this.events.get(stored.id)?.at(-1)?.type === "end";
  }

  /** Every message shown since, in the order in which it was posted. */
  #views(since = 0): readonly MessageView[] {
    return this.posted.slice(since).flatMap((message) => {
      if (message.type === "messages") return message.messages;
      return message.type === "show" ? (message.session?.messages ?? []) : [];
    });
  }
}
