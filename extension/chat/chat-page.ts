// What stands on the page: posting to it, and the answers that stream into it. It knows no conversation but the one it was
// last given, and nothing of how that came about.

import type { FailureWords, FromWebview, ModelView, SessionView, ToWebview } from "../../media/protocol.ts";
import type { SessionDetail, StoredMessage, StreamEvent, StreamRef } from "../../sidecar/types.ts";
import { SidecarUnavailable } from "../client/request-failure.ts";
import type { StreamReaders } from "../client/stream-readers.ts";
import { type Disposable, DisposableStore } from "../dispose.ts";
import type { SidecarStatus } from "../sidecar-client.ts";
import { notKept } from "../store-notices.ts";
import type { ChatPort } from "./chat-port.ts";
import type { EarlierPage } from "./conversation-pages.ts";
import { MessageViews } from "./message-views.ts";
import { ShownAnswers } from "./shown-answers.ts";

/** What a person did, as against what the page reports of itself. */
export type Deed = Exclude<FromWebview, { type: "ready" | "applied" }>;

export interface ChatPageOptions {
  readonly readers: StreamReaders;
  readonly words: (error: unknown) => FailureWords;
  readonly receive: (deed: Deed) => void;
  /** A page is there, new or made again, and shows nothing yet. */
  readonly ready: () => void;
  /** An answer's events cannot be read any more. */
  readonly gone: (reason: unknown) => void;
}

export interface Shown {
  readonly session: SessionDetail | null;
  readonly hasEarlier: boolean;
  /** To be brought into view. */
  readonly reveal?: string | undefined;
  readonly model: ModelView | null;
  readonly status: SidecarStatus;
  readonly draft: string;
}

export class ChatPage implements Disposable {
  readonly #options: ChatPageOptions;
  readonly #store = new DisposableStore();
  readonly #views: MessageViews;
  readonly #answers: ShownAnswers;
  #port: ChatPort | null = null;
  #ready = false;
  /** The page that comes next has the caret in its composer. */
  #focusNext = false;

  constructor(options: ChatPageOptions) {
    this.#options = options;
    this.#views = new MessageViews(options.words);
    this.#answers = this.#store.add(
      new ShownAnswers({
        readers: options.readers,
        post: (message, events) => this.#postEvents(message, events),
        gone: (_message, reason) => options.gone(reason),
      }),
    );
  }

  /** True once a page listens; before that it would lose what is posted. */
  get isReady(): boolean {
    return this.#ready;
  }

  /** From now on this page counts, and the one before no more. */
  attach(port: ChatPort): void {
    this.#port?.dispose();
    this.#port = port;
    this.#ready = false;
    this.#answers.clear();
    this.#answers.visible = port.visible;
    port.onDidEnd(() => {
      if (this.#port !== port) return;
      this.#port = null;
      this.#ready = false;
      this.#answers.clear();
    });
    port.onDidChangeVisibility((visible) => {
      this.#answers.visible = visible;
    });
    port.onMessage((message) => {
      if (message.type === "ready") {
        this.#ready = true;
        if (this.#focusNext) this.post({ type: "focus" });
        this.#focusNext = false;
        this.#options.ready();
      } else if (message.type === "applied") {
        this.#answers.applied(message.message, message.seq);
      } else {
        this.#options.receive(message);
      }
    });
  }

  /** Does nothing while no page listens: a page that comes is shown everything anew. */
  post(message: ToWebview): void {
    if (this.#ready) this.#port?.post(message);
  }

  /** The caret goes into the composer, of a page that is still being made as soon as it listens. */
  reveal(): void {
    this.#port?.reveal();
    this.#focusNext = !this.#ready;
    this.post({ type: "focus" });
  }

  /** Shows everything anew, and reads the answers that still stream. */
  show({ session, hasEarlier, reveal, model, status, draft }: Shown): void {
    this.#answers.clear();
    this.#views.clear();
    const messages = session?.messages ?? [];
    this.post({ type: "show", session: session && this.#sessionView(session, hasEarlier, reveal), model, sidecar: status.state, draft });
    this.showStatus(status);
    this.#read(messages);
  }

  /** Puts messages into the conversation shown behind the one that the first follows, in place of what was there. */
  showMessages(session: string, messages: readonly StoredMessage[]): void {
    const follows = messages[0]?.parent ?? null;
    this.post({ type: "messages", session, messages: messages.map((it) => this.#views.view(it)), follows });
    this.#read(messages);
  }

  /** Messages that come before all that are shown. */
  showEarlier(session: string, { messages, hasEarlier }: EarlierPage): void {
    this.post({ type: "earlier", session, messages: messages.map((it) => this.#views.view(it)), hasEarlier });
    this.#read(messages);
  }

  showSummary(summary: StoredMessage): void {
    this.post({ type: "summary", session: summary.session, message: this.#views.view(summary) });
  }

  showStatus(status: SidecarStatus): void {
    const { state, reason, crashes } = status;
    const unkept = notKept(status);
    const failure = state === "failed" ? this.#options.words(new SidecarUnavailable("failed", reason ?? "", { crashes })) : undefined;
    this.post({ type: "sidecar", state, ...(failure !== undefined && { failure }), ...(unkept !== undefined && { notKept: unkept }) });
  }

  /** Stops reading. The answers go on in the sidecar. */
  clear(): void {
    this.#answers.clear();
  }

  /** Where a message's answer is read, if it streams. */
  stream(message: string): StreamRef | undefined {
    return this.#answers.ref(message);
  }

  /** The provider of a message that failed. */
  failedProvider(message: string): string | undefined {
    return this.#views.provider(message);
  }

  dispose(): void {
    this.#store.dispose();
    this.#port = null;
    this.#ready = false;
  }

  #sessionView({ id, title, messages }: SessionDetail, hasEarlier: boolean, reveal: string | undefined): SessionView {
    const views = messages.map((it) => this.#views.view(it));
    return { id, title, messages: views, hasEarlier, ...(reveal !== undefined && { reveal }) };
  }

  #read(messages: readonly StoredMessage[]): void {
    if (!this.#ready) return;
    for (const { id, status, stream } of messages) {
      if (status === "streaming" && stream !== undefined) this.#answers.start(id, stream);
    }
  }

  #postEvents(message: string, events: readonly StreamEvent[]): void {
    const last = events.at(-1);
    const failure = last?.type === "end" && last.error !== undefined ? this.#views.failure(message, last.error) : undefined;
    this.post({ type: "events", message, events, ...(failure !== undefined && { failure }) });
  }
}
