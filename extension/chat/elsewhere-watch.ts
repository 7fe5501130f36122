// Looks after an answer that another window writes: its words are in the store, and nobody tells of its end.

import { GetSession } from "../../sidecar/protocol.ts";
import type { SessionDetail, StoredMessage } from "../../sidecar/types.ts";
import type { Disposable } from "../dispose.ts";
import type { SidecarClient } from "../sidecar-client.ts";

/** Milliseconds between two looks. */
const LOOK_MS = 2_000;

/** Another window's sidecar writes it: ours would know where to read it. */
export const isElsewhere = ({ status, stream }: StoredMessage): boolean => status === "streaming" && stream === undefined;

export class ElsewhereWatch implements Disposable {
  readonly #client: SidecarClient;
  readonly #ended: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** `ended` is called once for each answer that is watched, when it has ended or was left for another branch. */
  constructor(client: SidecarClient, ended: () => void) {
    this.#client = client;
    this.#ended = ended;
  }

  /** Watches the conversation that is shown now, if another window answers in it, and no other any more. */
  show(session: SessionDetail | null): void {
    clearInterval(this.#timer);
    const last = session?.messages.findLast(isElsewhere);
    if (session === null || last === undefined) return;
    this.#timer = setInterval(() => void this.#look(session.id, last.id), LOOK_MS);
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  async #look(session: string, message: string): Promise<void> {
    const timer = this.#timer;
    try {
      const { session: now } = await this.#client.request(GetSession, { session, limit: 1 });
      if (now.messages.some((stored) => stored.id === message && isElsewhere(stored))) return;
    } catch {
      // Deleted, or no sidecar: showing it anew tells which.
    }
    if (timer !== this.#timer) return;
    clearInterval(timer);
    this.#ended();
  }
}
