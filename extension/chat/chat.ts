// The chat: what a person does with the conversation that is shown. It lives as long as the window; pages come and go.

import type { FailureAction, FailureWords, ModelView } from "../../media/protocol.ts";
import {
  CancelStream,
  ChatSummarized,
  ContinueChat,
  CreateSession,
  DeleteSession,
  EditChat,
  RetryChat,
  SendChat,
  SessionChanged,
  UpdateSession,
} from "../../sidecar/protocol.ts";
import type { ModelRef, UserPart } from "../../sidecar/types.ts";
import { requestFailure } from "../client/request-failure.ts";
import type { StreamReaders } from "../client/stream-readers.ts";
import { type Disposable, DisposableStore } from "../dispose.ts";
import { Emitter } from "../event.ts";
import type { ModelChoice } from "../models/model-choice.ts";
import type { ModelDirectory } from "../models/model-directory.ts";
import { NoModel } from "../models/no-model.ts";
import type { SidecarClient } from "../sidecar-client.ts";
import { type ChatActions, doInEditor } from "./chat-actions.ts";
import type { ChatMemory } from "./chat-memory.ts";
import { ChatPage, type Deed } from "./chat-page.ts";
import type { ChatPort } from "./chat-port.ts";
import { NextModel } from "./next-model.ts";
import { PromptQueue } from "./prompt-queue.ts";
import { ShownConversation } from "./shown-conversation.ts";
import { StillSending } from "./still-sending.ts";

export interface ChatOptions {
  readonly client: SidecarClient;
  readonly readers: StreamReaders;
  readonly choice: ModelChoice;
  readonly directory: ModelDirectory;
  readonly memory: ChatMemory;
  readonly actions: ChatActions;
  readonly words: (error: unknown) => FailureWords;
}

export class Chat implements Disposable {
  readonly #options: ChatOptions;
  readonly #store = new DisposableStore();
  readonly #page: ChatPage;
  readonly #modelShown = this.#store.add(new Emitter<ModelView | null>());
  readonly #model: NextModel;
  readonly #queue: PromptQueue;
  readonly #conversation: ShownConversation;
  #sending = false;

  /** The model that the next question of the open conversation goes to, each time it is shown. */
  readonly onDidShowModel = this.#modelShown.event;

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#model = new NextModel({
      ...options,
      show: (model) => {
        this.#page.post({ type: "model", model });
        this.#modelShown.fire(model);
      },
      failed: () => this.#conversation.fellBehind(),
    });
    this.#queue = this.#store.add(
      new PromptQueue({
        ...options,
        report: (error) => options.actions.report(error),
        changed: (session) => this.#showQueue(session),
        sent: (session, { user, assistant }) => this.#conversation.add(session, [user, assistant]),
      }),
    );
    this.#page = this.#store.add(
      new ChatPage({
        readers: options.readers,
        words: options.words,
        receive: (deed) => this.#receive(deed),
        ready: () => void this.#conversation.show(),
        gone: (reason) => {
          // Where the sidecar has ended, its next one shows the conversation anew.
          if (requestFailure(reason)?.code === "stream-gone") void this.#conversation.show();
          else this.#conversation.fellBehind();
        },
      }),
    );
    this.#conversation = this.#store.add(
      new ShownConversation({
        ...options,
        page: this.#page,
        model: this.#model,
        shown: (session) => this.#showQueue(session),
        report: (error) => options.actions.report(error),
      }),
    );
    options.client.onNotification(SessionChanged, ({ session }) => {
      this.#conversation.hearTitle(session);
      this.#queue.look(session.id);
    });
    options.client.onNotification(ChatSummarized, ({ summary }) => this.#conversation.addSummary(summary));
    this.#store.add(options.client.onDidChangeStatus((status) => this.#conversation.showStatus(status)));
    this.#store.add(options.choice.onDidChange((model) => this.#modelChosen(model)));
  }

  /** The conversation shown; null while it holds nothing. */
  get session(): string | null {
    return this.#conversation.id;
  }

  /** The model of the conversation shown; null where it follows the choice for new ones. */
  get model(): ModelRef | null {
    return this.#model.own;
  }

  /** Fires `onDidShowModel`, also where no page is there. Never rejects. */
  showModel(): Promise<void> {
    return this.#model.show();
  }

  /** Shows the chat on this page, instead of the one before. */
  attach(port: ChatPort): void {
    this.#page.attach(port);
  }

  /** Shows another conversation; null begins a new one. `message`: what is to be brought into view, on whatever branch it is. */
  async open(session: string | null, message?: string): Promise<void> {
    await this.#conversation.open(session, message);
  }

  /** Brings the page to the front, the caret in its composer. */
  reveal(): void {
    this.#page.reveal();
  }

  /**
   * Keeps a question and begins its answer; resolves when both are kept. Rejects where nothing was kept, as `SidecarClient`
   * does, and with `NoModel` or `StillSending`.
   */
  async ask(content: readonly UserPart[], { newConversation = false } = {}): Promise<void> {
    if (this.#sending) throw new StillSending();
    this.#sending = true;
    try {
      const model = await (newConversation ? this.#options.choice.forNewChat() : this.#model.ref());
      if (model === null) throw new NoModel();
      if (newConversation || this.session === null) await this.#askFirst(content, model, newConversation);
      else await this.#askNext(this.session, content, model);
      this.#options.choice.used(model);
    } finally {
      this.#sending = false;
    }
  }

  dispose(): void {
    this.#store.dispose();
  }

  #receive(deed: Deed): void {
    const { actions, memory } = this.#options;
    switch (deed.type) {
      case "send":
        void this.#send(deed.text);
        return;
      case "stop":
        void this.#stop(deed.message);
        return;
      case "edit":
        void this.#edit(deed.message, deed.text);
        return;
      case "continue":
        void this.#answer(ContinueChat, deed.message);
        return;
      case "select":
        void this.#conversation.select(deed.message);
        return;
      case "earlier":
        void this.#conversation.showEarlier();
        return;
      case "draft":
        memory.draft = deed.text;
        return;
      case "queue":
        if (this.session !== null) this.#queue.add(this.session, deed.text);
        return;
      case "unqueue":
        if (this.session !== null) this.#queue.remove(this.session, deed.prompt);
        return;
      case "send-queued":
        if (this.session !== null) void this.#queue.resume(this.session);
        return;
      case "new-session":
        void this.open(null);
        return;
      case "action":
        this.#perform(deed.action, deed.message);
        return;
      default:
        doInEditor(deed, actions);
    }
  }

  #perform(action: Exclude<FailureAction, "continue">, message: string | undefined): void {
    if (action !== "retry") this.#options.actions.perform(action, message === undefined ? undefined : this.#page.failedProvider(message));
    else if (message !== undefined) void this.#answer(RetryChat, message);
  }

  async #send(text: string): Promise<void> {
    const { memory, words } = this.#options;
    try {
      await this.ask([{ type: "text", text }]);
      if (memory.draft === text) memory.draft = "";
    } catch (error) {
      // The page gives the text back to the composer; should it be gone by then, the next one gets it from here.
      memory.draft = text;
      this.#page.post({ type: "not-sent", draft: text, failure: words(error) });
    }
  }

  async #askNext(session: string, content: readonly UserPart[], model: ModelRef): Promise<void> {
    const { user, assistant } = await this.#options.client.request(SendChat, { session, content, model });
    this.#conversation.add(session, [user, assistant]);
  }

  /** The question in other words. The page gives them back to the reader where they could not be kept. */
  async #edit(message: string, text: string): Promise<void> {
    const { client, words } = this.#options;
    const session = this.session;
    if (session === null) return;
    try {
      const model = await this.#model.ref();
      const { user, assistant } = await client.request(EditChat, { session, message, text, ...(model !== null && { model }) });
      this.#conversation.add(session, [user, assistant]);
    } catch (error) {
      this.#page.post({ type: "not-edited", message, text, failure: words(error) });
    }
  }

  /** The conversation is made with its first question. `instead`: another one is on the page. */
  async #askFirst(content: readonly UserPart[], model: ModelRef, instead: boolean): Promise<void> {
    const { client } = this.#options;
    const { session } = await client.request(CreateSession, { model });
    try {
      const { user, assistant } = await client.request(SendChat, { session: session.id, content, model });
      if (instead || this.session !== null) {
        await this.open(session.id);
        return;
      }
      this.#conversation.adopt(session.id);
      this.#model.own = model;
      void this.#model.show();
      this.#conversation.add(session.id, [user, assistant]);
      this.#conversation.showTitle();
    } catch (error) {
      // Nothing was kept in it.
      client.request(DeleteSession, { session: session.id }).catch(() => {});
      throw error;
    }
  }

  async #stop(message: string): Promise<void> {
    const stream = this.#page.stream(message);
    // An answer that cannot be found has ended, which is what was wanted.
    if (stream !== undefined) await this.#options.client.request(CancelStream, stream).catch(() => {});
  }

  /** Another answer beside this one, or the rest of it behind it. */
  async #answer(request: typeof RetryChat, message: string): Promise<void> {
    const { client, actions } = this.#options;
    const session = this.session;
    if (session === null) return;
    try {
      const model = await this.#model.ref();
      const { assistant } = await client.request(request, { session, message, ...(model !== null && { model }) });
      this.#conversation.add(session, [assistant]);
    } catch (error) {
      actions.report(error);
    }
  }

  #showQueue(session: string): void {
    if (session !== this.session) return;
    this.#page.post({ type: "queue", session, prompts: this.#queue.of(session), paused: this.#queue.isPaused(session) });
  }

  #modelChosen(model: ModelRef | null): void {
    if (model !== null && this.session !== null && model !== this.#model.own) {
      this.#model.own = model;
      // The next question says its model anyway; this is for a reload before it.
      this.#options.client
        .request(UpdateSession, { session: this.session, model })
        .catch((error: unknown) => this.#options.actions.report(error));
    }
    void this.#model.show();
  }
}
