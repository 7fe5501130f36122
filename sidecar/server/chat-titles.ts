// Names conversations after their first answer, where the settings say so. Nobody waits for it: what somebody asks meanwhile
// comes first, and a name that somebody gave stays.

import type { Llm } from "../api.ts";
import { type Log, trace } from "../log.ts";
import { generatedTitle } from "../sessions/generated-title.ts";
import { titleOf } from "../sessions/title.ts";
import type { SessionInfo, StoredMessage } from "../types.ts";
import type { Services } from "./services.ts";

export interface ChatTitlesOptions {
  readonly services: Services;
  readonly changed: (session: SessionInfo) => void;
  readonly log: Log;
}

/** Models that have no knowledge, and so no titles. */
const WITHOUT_KNOWLEDGE: readonly string[] = ["local/demo", "local/echo"];

export class ChatTitles {
  readonly #options: ChatTitlesOptions;
  readonly #running = new Map<string, AbortController>();

  constructor(options: ChatTitlesOptions) {
    this.#options = options;
  }

  /** After an answer has ended. Does nothing where the conversation has more than one, or a name of somebody's own. Never rejects. */
  async make(session: SessionInfo, answer: string, llm: Llm): Promise<void> {
    const { services, changed, log } = this.#options;
    if (services.chatSettings().generateTitles !== true || WITHOUT_KNOWLEDGE.includes(llm.ref)) return;
    const abort = new AbortController();
    this.cancel(session.id);
    this.#running.set(session.id, abort);
    try {
      const [question, first] = await this.#firstTurn(answer);
      if (question === undefined || first === undefined || !isNamedBy(session, question)) return;
      const title = await generatedTitle(llm, question, first, abort.signal);
      if (title === undefined || abort.signal.aborted) return;
      // Somebody may have named it meanwhile, in this window or in another one.
      const renamed = await services.store.nameSession({ session: session.id, title, had: session.title });
      if (renamed !== undefined) changed(renamed);
    } catch (error) {
      log.warn(`A conversation could not be named: ${trace(error)}`);
    } finally {
      if (this.#running.get(session.id) === abort) this.#running.delete(session.id);
    }
  }

  /** Breaks off the naming of a conversation, if it is under way. */
  cancel(session: string): void {
    this.#running.get(session)?.abort();
    this.#running.delete(session);
  }

  close(): void {
    for (const session of Array.from(this.#running.keys())) this.cancel(session);
  }

  /** Question and answer, where they are the first of their path and the answer says something. */
  async #firstTurn(answer: string): Promise<readonly StoredMessage[]> {
    const path = await this.#options.services.store.getPath(answer);
    const [question, first] = path;
    const whole = path.length === 2 && question?.message.role === "user" && first?.status === "complete";
    return whole && first.message.content.length > 0 ? path : [];
  }
}

/** By its first words alone: nobody has thought of a name yet. */
function isNamedBy({ title }: SessionInfo, { message }: StoredMessage): boolean {
  return message.role === "user" && title === titleOf(message.content);
}
