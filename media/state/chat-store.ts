// The state of the page as signals, and the one place where messages of the host are applied. Events wait for the frame
// in which they are shown; only then are they acknowledged, which is how a slow page holds back the stream.

import { batch, signal } from "@preact/signals";
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { FailureWords, FromWebview, ModelView, SidecarState, ToWebview } from "../protocol.ts";
import type { FrameLoop } from "./frame-loop.ts";
import { isStreaming, turnsOf, withEvents, withMessages } from "./turns.ts";
import type { Turn } from "./turns.ts";

export interface SessionHead {
  readonly id: string;
  readonly title: string;
}

/** What the page remembers by itself over being taken down and built again. */
export interface SavedDraft {
  readonly session: string | null;
  readonly text: string;
}

type EventsMessage = Extract<ToWebview, { type: "events" }>;

/** How often in a row the page asks for everything anew because events are missing. Then it waits for the next `show`. */
const MAX_RESYNCS = 3;

export interface ChatStoreOptions {
  readonly post: (message: FromWebview) => void;
  readonly frames: FrameLoop;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly saved: SavedDraft | null;
}

export class ChatStore {
  readonly session: Signal<SessionHead | null> = signal(null);
  readonly model: Signal<ModelView | null> = signal(null);
  readonly sidecar: Signal<SidecarState> = signal("stopped");
  readonly sidecarFailure: Signal<FailureWords | null> = signal(null);
  /** False until the first `show`: nothing is known yet, not even that the conversation is empty. */
  readonly shown: Signal<boolean> = signal(false);
  /** Ids of the messages on the page, oldest first. */
  readonly order: Signal<readonly string[]> = signal([]);
  readonly draft: Signal<string> = signal("");
  /** A question on its way to being kept. */
  readonly sending: Signal<string | null> = signal(null);
  readonly notSent: Signal<FailureWords | null> = signal(null);
  /** Grows each time the host wants the composer focused. */
  readonly focusRequests: Signal<number> = signal(0);
  /** Not computed from all the turns: thousands would have to tell it of each of their changes. */
  readonly #answering: Signal<string | null> = signal(null);
  readonly #turns = new Map<string, Signal<Turn>>();
  readonly #post: (message: FromWebview) => void;
  readonly #frames: FrameLoop;
  readonly #now: () => number;
  #saved: SavedDraft | null;
  #waiting: EventsMessage[] = [];
  #resyncs = 0;

  constructor(options: ChatStoreOptions) {
    this.#post = options.post;
    this.#frames = options.frames;
    this.#now = options.now;
    this.#saved = options.saved;
    this.draft.value = options.saved?.text ?? "";
  }

  /** The answer that streams, if one does. */
  get answering(): ReadonlySignal<string | null> {
    return this.#answering;
  }

  /** The turn of a message in `order`. */
  turn(id: string): ReadonlySignal<Turn> {
    const found = this.#turns.get(id);
    if (found === undefined) throw new Error(`There is no message ${id} on the page.`);
    return found;
  }

  /** Takes a message of the host. Events that arrived before it are applied first. */
  receive(message: ToWebview): void {
    if (message.type === "events") {
      this.#waiting.push(message);
      this.#frames.addUrgent(this.#applyWaiting);
      return;
    }
    this.#applyWaiting();
    batch(() => {
      this.#apply(message);
    });
  }

  /** Sends the question in the composer. Its text stays with the page until the host says that it was kept. */
  send(text: string): void {
    batch(() => {
      this.sending.value = text;
      this.notSent.value = null;
      this.draft.value = "";
    });
    this.#post({ type: "send", text });
  }

  #apply(message: Exclude<ToWebview, EventsMessage>): void {
    switch (message.type) {
      case "show":
        this.#show(message);
        return;
      case "sidecar":
        this.sidecar.value = message.state;
        this.sidecarFailure.value = message.failure ?? null;
        return;
      case "model":
        this.model.value = message.model;
        return;
      case "messages":
        this.#keep(message);
        return;
      case "title":
        if (this.session.value?.id === message.session) this.session.value = { id: message.session, title: message.title };
        return;
      case "not-sent":
        this.sending.value = null;
        this.notSent.value = message.failure;
        this.draft.value = joinDrafts(message.draft, this.draft.value);
        return;
      case "focus":
        this.focusRequests.value += 1;
        return;
    }
  }

  #show(message: Extract<ToWebview, { type: "show" }>): void {
    const { session } = message;
    const sameSession = this.shown.value && this.session.value?.id === session?.id;
    this.draft.value = this.#draftFor(session?.id ?? null, message.draft, sameSession);
    this.#saved = null;
    this.#replaceTurns(turnsOf(session?.messages ?? [], this.#known()));
    this.session.value = session === null ? null : { id: session.id, title: session.title };
    this.model.value = message.model;
    this.sidecar.value = message.sidecar;
    if (message.sidecar !== "failed") this.sidecarFailure.value = null;
    if (!sameSession) this.notSent.value = null;
    this.sending.value = null;
    this.shown.value = true;
  }

  /** What was typed last wins: here, then before the page was built again, then as far as the host had heard. */
  #draftFor(session: string | null, fromHost: string, sameSession: boolean): string {
    if (sameSession && this.draft.value !== "") return this.draft.value;
    if (this.#saved !== null && this.#saved.session === session && this.#saved.text !== "") return this.#saved.text;
    return fromHost;
  }

  #keep(message: Extract<ToWebview, { type: "messages" }>): void {
    const current = this.session.value;
    // The first question of a new conversation makes the session; its title follows.
    if (current === null) this.session.value = { id: message.session, title: "" };
    else if (current.id !== message.session) return;
    this.#replaceTurns(withMessages(this.#known(), message.messages, message.dropped));
    if (message.messages.some(({ stored }) => stored.message.role === "user")) this.sending.value = null;
  }

  #known(): ReadonlyMap<string, Turn> {
    return new Map(Array.from(this.#turns, ([id, turn]) => [id, turn.peek()]));
  }

  #replaceTurns(turns: ReadonlyMap<string, Turn>): void {
    for (const [id, turn] of turns) {
      const known = this.#turns.get(id);
      if (known === undefined) this.#turns.set(id, signal(turn));
      else known.value = turn;
    }
    this.order.value = Array.from(turns.keys());
    for (const id of Array.from(this.#turns.keys())) {
      if (!turns.has(id)) this.#turns.delete(id);
    }
    this.#findAnswering();
  }

  #findAnswering(): void {
    this.#answering.value = this.order.peek().findLast((id) => isStreamingSignal(this.#turns.get(id))) ?? null;
  }

  #applyWaiting = (): boolean => {
    const waiting = this.#waiting;
    this.#waiting = [];
    const applied: FromWebview[] = [];
    batch(() => {
      for (const message of waiting) {
        const seq = this.#applyEvents(message);
        if (seq !== null) applied.push({ type: "applied", message: message.message, seq });
      }
    });
    // The effects of the batch have run: the page shows what is acknowledged here.
    for (const message of applied) this.#post(message);
    return false;
  };

  /** Returns the number to acknowledge, or null where the events could not be applied. */
  #applyEvents({ message, events, failure }: EventsMessage): number | null {
    const known = this.#turns.get(message);
    const { turn, gap } = withEvents(known?.peek(), events, failure, this.#now());
    if (gap || turn === null || known === undefined) {
      this.#resync();
      return null;
    }
    this.#resyncs = 0;
    const changed = isStreaming(known.peek()) !== isStreaming(turn);
    known.value = turn;
    if (changed) this.#findAnswering();
    return turn.answer?.seq ?? null;
  }

  #resync(): void {
    if (this.#resyncs >= MAX_RESYNCS) return;
    this.#resyncs += 1;
    this.#post({ type: "ready" });
  }
}

const isStreamingSignal = (turn: Signal<Turn> | undefined): boolean => turn !== undefined && isStreaming(turn.peek());

function joinDrafts(returned: string, typedSince: string): string {
  return typedSince === "" || typedSince === returned ? returned : `${returned}\n${typedSince}`;
}
