// The state of the page as signals, and the one place where messages of the host are applied. Events wait for the frame
// in which they are shown; only then are they acknowledged, which is how a slow page holds back the stream.

import { batch, signal } from "@preact/signals";
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { FailureWords, FromWebview, ModelView, QueuedPrompt, SidecarState, ToWebview } from "../protocol.ts";
import type { FrameLoop } from "./frame-loop.ts";
import { openFence } from "./open-fence.ts";
import { isContinuation, isStreaming, turnsOf, withEarlier, withEvents, withMessages, withSummary } from "./turns.ts";
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

/** An earlier question in the hands of the reader. */
export interface EditedQuestion {
  readonly message: string;
  readonly text: string;
  /** On its way to being kept. */
  readonly sending: boolean;
}

type EventsMessage = Extract<ToWebview, { type: "events" }>;

export interface Queue {
  readonly prompts: readonly QueuedPrompt[];
  /** They wait until the reader wants them sent. */
  readonly paused: boolean;
}

const EMPTY_QUEUE: Queue = { prompts: [], paused: false };
/** Questions that can be lined up in a conversation. */
export const MOST_QUEUED = 20;

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
  /** Why conversations are in memory only; null where they are kept. */
  readonly notKept: Signal<string | null> = signal(null);
  /** False until the first `show`: nothing is known yet, not even that the conversation is empty. */
  readonly shown: Signal<boolean> = signal(false);
  /** Ids of the messages on the page, oldest first. */
  readonly order: Signal<readonly string[]> = signal([]);
  /** How many of them came after the others, as the reader went back. */
  readonly earlier: Signal<number> = signal(0);
  /** There are messages before those on the page. */
  readonly hasEarlier: Signal<boolean> = signal(false);
  /** Grows each time a message is to be brought into view: which one. */
  readonly revealed: Signal<{ readonly message: string } | null> = signal(null);
  readonly editing: Signal<EditedQuestion | null> = signal(null);
  readonly draft: Signal<string> = signal("");
  /** A question on its way to being kept. */
  readonly sending: Signal<string | null> = signal(null);
  /** A question on its way to those that wait. */
  readonly lining: Signal<string | null> = signal(null);
  readonly queue: Signal<Queue> = signal(EMPTY_QUEUE);
  readonly notSent: Signal<FailureWords | null> = signal(null);
  /** Grows each time the host wants the composer focused. */
  readonly focusRequests: Signal<number> = signal(0);
  /** Not computed from all the turns: thousands would have to tell it of each of their changes. */
  readonly #answering: Signal<string | null> = signal(null);
  readonly #answersHere: Signal<boolean> = signal(true);
  readonly #turns = new Map<string, Signal<Turn>>();
  readonly #post: (message: FromWebview) => void;
  readonly #frames: FrameLoop;
  readonly #now: () => number;
  #saved: SavedDraft | null;
  #asksEarlier = false;
  /** The version that the reader went to, until its switch has the focus again. */
  #selected: { readonly message: string; readonly step: -1 | 1 } | null = null;
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

  /** That answer is written by this window, which can stop it. */
  get answersHere(): ReadonlySignal<boolean> {
    return this.#answersHere;
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

  /** Lines the question in the composer up behind the answer that runs. Its text stays with the page until the host has it. */
  lineUp(text: string): void {
    batch(() => {
      this.lining.value = text;
      this.draft.value = "";
    });
    this.#post({ type: "queue", text });
  }

  /** Takes a question that waits back into the composer. */
  takeBack({ id, text }: QueuedPrompt): void {
    this.draft.value = joinDrafts(text, this.draft.value);
    this.focusRequests.value += 1;
    this.#post({ type: "unqueue", prompt: id });
  }

  /** Opens an earlier question for editing. */
  edit(message: string, text: string): void {
    this.editing.value = { message, text, sending: false };
  }

  /** Opens the latest question for editing. False where there is none, or where it cannot be sent now. */
  editLast(): boolean {
    const last = this.order.peek().findLast((id) => this.#turns.get(id)?.peek().stored.message.role === "user");
    const content = this.#turns.get(last ?? "")?.peek().stored.message.content ?? [];
    if (last === undefined || this.answering.peek() !== null) return false;
    this.edit(last, content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n"));
    return true;
  }

  /** Sends it in other words; the old one stays beside it. */
  sendEdit({ message }: EditedQuestion, text: string): void {
    this.editing.value = { message, text, sending: true };
    this.notSent.value = null;
    this.#post({ type: "edit", message, text });
  }

  /** Shows the version of a message that stands before (-1) or after (1) it. */
  select(siblings: readonly string[], message: string, step: -1 | 1): void {
    const other = siblings[siblings.indexOf(message) + step];
    if (other === undefined) return;
    this.#selected = { message: other, step };
    this.#post({ type: "select", message: other });
  }

  /** Once, for the message that the reader went to: the direction of the switch that they used. */
  takeSelected(message: string): -1 | 1 | null {
    if (this.#selected?.message !== message) return null;
    const { step } = this.#selected;
    this.#selected = null;
    return step;
  }

  /** Asks for the messages before the first; does nothing while they are on their way, or where there are none. */
  askEarlier(): void {
    if (this.#asksEarlier || !this.hasEarlier.peek()) return;
    this.#asksEarlier = true;
    this.#post({ type: "earlier" });
  }

  /** Whether this answer goes on where the one before it was cut. Messages keep their place, so that nothing need be watched. */
  isContinuation(id: string): boolean {
    return isContinuation(this.turn(id).peek(), (other) => this.#turns.get(other)?.peek());
  }

  /**
   * What an answer is rendered with before its own text: where it goes on inside a block of code, the line that opened it,
   * unless the model has written one again.
   */
  openingOf(id: string): string {
    const turn = this.#turns.get(id)?.peek();
    const before = turn === undefined || !this.isContinuation(id) ? null : turn.stored.parent;
    const answer = before === null ? undefined : this.#turns.get(before)?.peek().answer;
    if (before === null || answer === undefined || /^\s*(?:```|~~~)/.test(turn?.answer?.text ?? "")) return "";
    const fence = openFence(this.openingOf(before) + answer.text);
    return fence === undefined ? "" : `${fence}\n`;
  }

  /** Whether an answer on the page goes on where this one was cut. */
  isContinued(id: string): boolean {
    const order = this.order.value;
    return order.slice(order.indexOf(id) + 1, order.indexOf(id) + 3).some((next) => this.#goesOn(next, id));
  }

  #goesOn(next: string, id: string): boolean {
    const stored = this.#turns.get(next)?.peek().stored;
    return stored?.parent === id && stored.message.role === "assistant";
  }

  #apply(message: Exclude<ToWebview, EventsMessage>): void {
    switch (message.type) {
      case "show":
        this.#show(message);
        return;
      case "sidecar":
        this.sidecar.value = message.state;
        this.sidecarFailure.value = message.failure ?? null;
        this.notKept.value = message.notKept ?? null;
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
      case "queue":
        if (this.session.value?.id !== message.session) return;
        this.queue.value = { prompts: message.prompts, paused: message.paused };
        this.lining.value = null;
        return;
      case "earlier":
        this.#showEarlier(message);
        return;
      case "summary":
        if (this.session.value?.id === message.session) this.#replaceTurns(withSummary(this.#known(), message.message));
        return;
      case "not-edited":
        this.editing.value = { message: message.message, text: message.text, sending: false };
        this.notSent.value = message.failure;
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
    this.#asksEarlier = false;
    this.earlier.value = 0;
    this.hasEarlier.value = session?.hasEarlier ?? false;
    if (!this.#turns.has(this.editing.value?.message ?? "")) this.editing.value = null;
    if (session?.reveal !== undefined) this.revealed.value = { message: session.reveal };
    this.session.value = session === null ? null : { id: session.id, title: session.title };
    this.model.value = message.model;
    this.sidecar.value = message.sidecar;
    if (message.sidecar !== "failed") this.sidecarFailure.value = null;
    if (!sameSession) {
      this.notSent.value = null;
      this.queue.value = EMPTY_QUEUE;
    }
    this.sending.value = null;
    this.shown.value = true;
  }

  /** What was typed last wins: here, then before the page was built again, then as far as the host had heard. */
  #draftFor(session: string | null, fromHost: string, sameSession: boolean): string {
    const typedMeanwhile = !this.shown.value && this.draft.value !== (this.#saved?.text ?? "");
    if ((sameSession || typedMeanwhile) && this.draft.value !== "") return this.draft.value;
    if (this.#saved !== null && this.#saved.session === session && this.#saved.text !== "") return this.#saved.text;
    return fromHost;
  }

  #keep(message: Extract<ToWebview, { type: "messages" }>): void {
    const current = this.session.value;
    // The first question of a new conversation makes the session; its title follows.
    if (current === null) this.session.value = { id: message.session, title: "" };
    else if (current.id !== message.session) return;
    this.#replaceTurns(withMessages(this.#known(), message.messages, message.follows));
    if (message.messages.some(({ stored }) => stored.message.role === "user")) {
      this.sending.value = null;
      if (this.editing.value?.sending === true) this.editing.value = null;
    }
  }

  #showEarlier(message: Extract<ToWebview, { type: "earlier" }>): void {
    if (this.session.value?.id !== message.session) return;
    const before = this.#turns.size;
    this.#replaceTurns(withEarlier(this.#known(), message.messages));
    this.earlier.value += this.#turns.size - before;
    this.hasEarlier.value = message.hasEarlier;
    this.#asksEarlier = false;
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
    const answering = this.order.peek().findLast((id) => isStreamingSignal(this.#turns.get(id))) ?? null;
    this.#answersHere.value = this.#turns.get(answering ?? "")?.peek().elsewhere !== true;
    this.#answering.value = answering;
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
