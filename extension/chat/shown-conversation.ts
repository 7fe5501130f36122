// Which conversation is shown: read from the sidecar, put on the page, and read anew where the page has fallen behind it.

import { SelectMessage } from "../../sidecar/protocol.ts";
import type { SessionDetail, SessionInfo, StoredMessage } from "../../sidecar/types.ts";
import { requestFailure } from "../client/request-failure.ts";
import { type Disposable, DisposableStore } from "../dispose.ts";
import type { SidecarClient, SidecarStatus } from "../sidecar-client.ts";
import type { ChatMemory } from "./chat-memory.ts";
import type { ChatPage } from "./chat-page.ts";
import { ConversationPages } from "./conversation-pages.ts";
import { ElsewhereWatch } from "./elsewhere-watch.ts";
import type { NextModel } from "./next-model.ts";

export interface ShownConversationOptions {
  readonly client: SidecarClient;
  readonly memory: ChatMemory;
  readonly page: ChatPage;
  readonly model: NextModel;
  /** The page has this conversation now, and nothing yet of what is lined up in it. */
  readonly shown: (session: string) => void;
  /** It could not be read, for a reason that the page does not tell. */
  readonly report: (error: unknown) => void;
}

export class ShownConversation implements Disposable {
  readonly #options: ShownConversationOptions;
  readonly #store = new DisposableStore();
  readonly #pages: ConversationPages;
  readonly #elsewhere: ElsewhereWatch;
  #id: string | null;
  /** The newest title heard of, which can come before the conversation is known to be the one shown. */
  #heard: { readonly session: string; readonly title: string } | null = null;
  /** Counts what is shown: what was asked for before the last change comes too late. */
  #turn = 0;
  /** What is on the page is not what is kept: it could not be read, or the sidecar that streamed it has ended. */
  #behind = false;

  /** Begins with the one that this window has shown last. */
  constructor(options: ShownConversationOptions) {
    this.#options = options;
    this.#id = options.memory.session;
    options.model.open(this.#id);
    this.#pages = new ConversationPages(options.client);
    this.#elsewhere = this.#store.add(new ElsewhereWatch(options.client, () => void this.show()));
  }

  /** Null while it holds nothing. */
  get id(): string | null {
    return this.#id;
  }

  /** Shows another one; null: an empty one. `message`: what is to be brought into view, on whatever branch it is. Rejects as `SidecarClient` does. */
  async open(id: string | null, message?: string): Promise<void> {
    if (id !== null && message !== undefined) await this.#options.client.request(SelectMessage, { session: id, message });
    this.adopt(id);
    await this.show(message);
  }

  /** It is this one from now on. What is on the page stays. */
  adopt(id: string | null): void {
    this.#id = id;
    this.#options.model.open(id);
    this.#options.memory.session = id;
  }

  /** Never rejects. `message`: what must be on the page, and is brought into view unless the reader is there already. */
  async show(message?: string, { inView = true } = {}): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const { client, memory, page, model, shown } = this.#options;
    page.clear();
    if (!page.isReady) return model.show();
    let session: SessionDetail | null = null;
    let failed = false;
    try {
      session = await this.#read(message, inView);
    } catch (error) {
      failed = true;
      this.#reportFailure(error);
    }
    if (turn !== this.#turn) return;
    this.#behind = failed;
    if (!failed) model.own = session?.model ?? null;
    const reveal = inView ? message : undefined;
    page.show({ session, hasEarlier: this.#pages.hasEarlier, reveal, model: model.shown, status: client.status, draft: memory.draft });
    if (session !== null) shown(session.id);
    this.#elsewhere.show(session);
    await model.show();
  }

  /** Shows the branch of another version of a message, with as much of the conversation as was on the page. Never rejects. */
  async select(message: string): Promise<void> {
    const session = this.#id;
    if (session === null) return;
    try {
      await this.#options.client.request(SelectMessage, { session, message });
      if (session === this.#id) await this.show(message, { inView: false });
    } catch (error) {
      this.#options.report(error);
    }
  }

  /** Never rejects. */
  async showEarlier(): Promise<void> {
    const session = this.#id;
    const turn = this.#turn;
    if (session === null) return;
    try {
      const page = await this.#pages.earlier(session);
      if (turn === this.#turn) this.#options.page.showEarlier(session, page);
    } catch (error) {
      this.#reportFailure(error);
    }
  }

  /** What has come to this conversation goes to the page, unless another one is shown by now. */
  add(session: string, messages: readonly StoredMessage[]): void {
    if (session === this.#id) this.#options.page.showMessages(session, messages);
  }

  addSummary(summary: StoredMessage): void {
    if (summary.session === this.#id) this.#options.page.showSummary(summary);
  }

  /** Some conversation has another title, or the same. */
  hearTitle({ id, title }: SessionInfo): void {
    this.#heard = { session: id, title };
    this.showTitle();
  }

  /** Shows the title that was heard of, if it is that of this conversation. */
  showTitle(): void {
    if (this.#heard !== null && this.#heard.session === this.#id) this.#options.page.post({ type: "title", ...this.#heard });
  }

  /** The page is to be shown everything anew by the next sidecar. */
  fellBehind(): void {
    this.#behind = true;
  }

  showStatus(status: SidecarStatus): void {
    this.#options.page.showStatus(status);
    if (status.state === "ready" && this.#behind) void this.show();
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #read(message: string | undefined, afresh: boolean): Promise<SessionDetail | null> {
    const id = this.#id;
    if (id === null) return null;
    try {
      return await (afresh || message === undefined ? this.#pages.newest(id, message) : this.#pages.again(id, message));
    } catch (error) {
      if (requestFailure(error)?.code !== "session-not-found") throw error;
      // Deleted elsewhere, or never written because conversations cannot be kept here.
      if (id === this.#id) this.adopt(null);
      return null;
    }
  }

  /** Where there is no sidecar, its state says so on the page, and all is shown anew when there is one again. */
  #reportFailure(error: unknown): void {
    if (requestFailure(error) !== undefined) this.#options.report(error);
  }
}
