// The model that the next question of the open conversation goes to: the conversation's own, else the choice for new ones.
// Page and status bar show it, and the question itself takes it.

import type { ModelView } from "../../media/protocol.ts";
import { GetSession } from "../../sidecar/protocol.ts";
import type { ModelRef } from "../../sidecar/types.ts";
import { requestFailure } from "../client/request-failure.ts";
import type { ModelChoice } from "../models/model-choice.ts";
import type { ModelDirectory } from "../models/model-directory.ts";
import type { SidecarClient } from "../sidecar-client.ts";

export interface NextModelOptions {
  readonly client: SidecarClient;
  readonly choice: ModelChoice;
  readonly directory: ModelDirectory;
  readonly show: (model: ModelView | null) => void;
  /** It could not be found out; there is no sidecar, say. */
  readonly failed: () => void;
}

export class NextModel {
  readonly #options: NextModelOptions;
  #session: string | null = null;
  /** Of the open conversation; undefined until it is known. */
  #own: ModelRef | null | undefined = null;
  #shown: ModelView | null = null;
  /** Counts what was asked for: an answer to anything but the last comes too late. */
  #asked = 0;

  constructor(options: NextModelOptions) {
    this.#options = options;
  }

  /** The open conversation's own, as far as it is known; null where it follows the choice for new ones. */
  get own(): ModelRef | null {
    return this.#own ?? null;
  }

  set own(ref: ModelRef | null) {
    this.#own = ref;
  }

  /** What is shown now. */
  get shown(): ModelView | null {
    return this.#shown;
  }

  /** Another conversation is open; null: one that is still empty. */
  open(session: string | null): void {
    this.#session = session;
    this.#own = session === null ? null : undefined;
    this.#asked += 1;
  }

  /** Null where nothing at all can answer. Rejects as `SidecarClient` does. */
  async ref(): Promise<ModelRef | null> {
    if (this.#own === undefined && this.#session !== null) await this.#read(this.#session);
    return this.#own ?? (await this.#options.choice.forNewChat());
  }

  /** Shows it, also where no page has read the conversation yet. Never rejects. */
  async show(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const ref = await this.ref();
      const model = ref === null ? null : await this.#options.directory.describe(ref);
      if (asked !== this.#asked) return;
      this.#shown = model;
      this.#options.show(model);
    } catch {
      // Without a sidecar there is no name to show; the next one brings it.
      if (asked === this.#asked) this.#options.failed();
    }
  }

  async #read(session: string): Promise<void> {
    try {
      const { session: kept } = await this.#options.client.request(GetSession, { session, limit: 1 });
      if (session === this.#session) this.#own ??= kept.model;
    } catch (error) {
      // Deleted meanwhile: whoever shows it finds out, and opens an empty one.
      if (requestFailure(error)?.code !== "session-not-found") throw error;
    }
  }
}
