// A conversation as it is read from the sidecar: from its end, page by page as the reader goes back.

import { GetSession, type GetSessionParams } from "../../sidecar/protocol.ts";
import type { SessionDetail, StoredMessage } from "../../sidecar/types.ts";
import type { SidecarClient } from "../sidecar-client.ts";

/** Messages read at once. */
const PAGE = 64;
/** In search of one message, which may be far back. */
const WIDENING = 8;

export interface EarlierPage {
  readonly messages: readonly StoredMessage[];
  readonly hasEarlier: boolean;
}

export class ConversationPages {
  readonly #client: SidecarClient;
  /** Of what was read last: the first message, and how many there are with those before it. */
  #first: StoredMessage | undefined;
  #count = 0;

  constructor(client: SidecarClient) {
    this.#client = client;
  }

  /** There are messages before those that were read. */
  get hasEarlier(): boolean {
    return (this.#first?.parent ?? null) !== null;
  }

  /** The newest part, with this message if one is named and on the path shown. Rejects as `SidecarClient` does. */
  async newest(session: string, message?: string): Promise<SessionDetail> {
    return this.#found(session, message, PAGE);
  }

  /** As much as was read already, and this message. */
  async again(session: string, message: string): Promise<SessionDetail> {
    return this.#found(session, message, Math.max(PAGE, this.#count));
  }

  /** What comes before all that was read. */
  async earlier(session: string): Promise<EarlierPage> {
    const first = this.#first;
    if (first === undefined) return { messages: [], hasEarlier: false };
    const page = await this.#read({ session, limit: PAGE, before: first.id });
    if (this.#first !== first) return { messages: [], hasEarlier: this.hasEarlier };
    this.#first = page.messages[0] ?? { ...first, parent: null };
    this.#count += page.messages.length;
    return { messages: withSummaries(page), hasEarlier: this.hasEarlier };
  }

  async #found(session: string, message: string | undefined, limit: number): Promise<SessionDetail> {
    const detail = await this.#read({ session, limit });
    const whole = detail.messages.length < limit;
    if (message !== undefined && !whole && !detail.messages.some(({ id }) => id === message)) {
      return this.#found(session, message, limit * WIDENING);
    }
    this.#first = detail.messages[0];
    this.#count = detail.messages.length;
    return { ...detail, messages: withSummaries(detail) };
  }

  async #read(params: GetSessionParams): Promise<SessionDetail> {
    return (await this.#client.request(GetSession, params)).session;
  }
}

/** Each summary behind the last message that it stands for. */
function withSummaries({ messages, summaries = [] }: SessionDetail): readonly StoredMessage[] {
  return messages.flatMap((message) => [message, ...summaries.filter(({ parent }) => parent === message.id)]);
}
