// Messages as the page shows them: what is kept, and a failure in words.

import type { FailureWords, MessageView } from "../../media/protocol.ts";
import type { ErrorInfo, StoredMessage } from "../../sidecar/types.ts";
import { isElsewhere } from "./elsewhere-watch.ts";

export class MessageViews {
  readonly #words: (error: unknown) => FailureWords;
  /** Whose answer failed, so that a button beside the failure knows which key to ask for. */
  readonly #providers = new Map<string, string>();

  constructor(words: (error: unknown) => FailureWords) {
    this.#words = words;
  }

  view(stored: StoredMessage): MessageView {
    const elsewhere = isElsewhere(stored) ? { elsewhere: true } : {};
    return { stored, ...elsewhere, ...(stored.error === undefined ? {} : { failure: this.failure(stored.id, stored.error) }) };
  }

  failure(message: string, error: ErrorInfo): FailureWords {
    if (error.provider !== undefined) this.#providers.set(message, error.provider);
    return this.#words(error);
  }

  /** The provider of a message that failed. */
  provider(message: string): string | undefined {
    return this.#providers.get(message);
  }

  clear(): void {
    this.#providers.clear();
  }
}
