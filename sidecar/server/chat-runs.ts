// The chats that are being answered: from the commit of question and empty answer, through the log that readers attach to, to
// the commit of the whole answer. One at a time in each session; any number of sessions.

import { errorInfo } from "../answers/answer-error.ts";
import { Failure } from "../failure.ts";
import { type Log, trace } from "../log.ts";
import type { ChatAnswer, SendChatParams } from "../protocol.ts";
import type { AnswerWriter } from "../sessions/answer-writer.ts";
import { sessionBusy, sessionNotFound } from "../sessions/failures.ts";
import { Session } from "../sessions/session.ts";
import type { Turn } from "../sessions/turn.ts";
import type { EventLog } from "../streams/event-log.ts";
import type { StreamRegistry } from "../streams/registry.ts";
import type { ModelRef, SessionInfo, StoredMessage, StreamRef } from "../types.ts";
import { endWithout } from "../answers/end-without.ts";
import type { Services } from "./services.ts";

export interface ChatRunsOptions {
  readonly services: Services;
  readonly writer: AnswerWriter;
  readonly registry: StreamRegistry;
  /** Told after each commit that changed a session. */
  readonly changed: (session: SessionInfo) => void;
  readonly log: Log;
}

interface ChatRun {
  readonly abort: AbortController;
  /** Resolves when the answer has ended and was committed. */
  readonly done: Promise<void>;
}

export class ChatRuns {
  readonly #options: ChatRunsOptions;
  readonly #bySession = new Map<string, ChatRun>();
  /** Where the answers that run can be read, by message. */
  readonly #streams = new Map<string, StreamRef>();

  constructor(options: ChatRunsOptions) {
    this.#options = options;
  }

  /** Resolves after the commit; the model is called in the next turn of the event loop, so the reply leaves first. */
  send({ session, content, model, parent }: SendChatParams): Promise<ChatAnswer> {
    const options = parent === undefined ? {} : { parent };
    return this.#start(session, model, (opened, signal) => opened.begin(content, { ...options, signal }));
  }

  /** As `send`, for a question that was asked before. */
  retry(session: string, message: string, model: ModelRef | undefined): Promise<ChatAnswer> {
    return this.#start(session, model, (opened, signal) => opened.beginAgain(message, { signal }));
  }

  /** The message, with where it can be read while it is being written. */
  withStream(message: StoredMessage): StoredMessage {
    const stream = this.#streams.get(message.id);
    return stream === undefined ? message : { ...message, stream };
  }

  /** Cancels the answer that runs in a session, if one does, and waits for its end. */
  async stop(session: string): Promise<void> {
    const run = this.#bySession.get(session);
    run?.abort.abort();
    await run?.done;
  }

  /** Cancels all, and waits for their ends. */
  async stopAll(): Promise<void> {
    await Promise.all(Array.from(this.#bySession.keys(), (session) => this.stop(session)));
  }

  async #start(
    session: string,
    model: ModelRef | undefined,
    begin: (session: Session, signal: AbortSignal) => Promise<Turn>,
  ): Promise<ChatAnswer> {
    // Taken before the first wait, so that of two questions at once the second is refused.
    if (this.#bySession.has(session)) throw sessionBusy();
    const abort = new AbortController();
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    this.#bySession.set(session, { abort, done });
    const forget = (): void => {
      this.#bySession.delete(session);
      finish();
    };
    try {
      const { services, writer, registry, changed } = this.#options;
      const info = await services.store.getSession(session);
      if (info === undefined) throw sessionNotFound(session);
      const ref = model ?? info.model;
      if (ref === null) throw new Failure("invalid-params", "`model`: the conversation has none yet, so the question must name one.");
      const llm = (await services.engine()).llm(ref);
      const opened = await Session.open(llm, session, services.store, writer);
      const turn = await begin(opened, abort.signal);
      const log = registry.open(() => abort.abort());
      this.#streams.set(turn.assistant.id, log.ref);
      changed(turn.session);
      setImmediate(() => void this.#run(turn, log, forget));
      return { user: turn.user, assistant: this.withStream(turn.assistant) };
    } catch (error) {
      forget();
      throw error;
    }
  }

  async #run(turn: Turn, log: EventLog, ended: () => void): Promise<void> {
    const { services, changed } = this.#options;
    const startedAt = performance.now();
    try {
      for await (const events of turn.events()) log.append(events);
    } catch (error) {
      this.#options.log.error(`An answer failed by a fault of Parley's own: ${trace(error)}`);
      if (!log.ended) log.append([endWithout("error", startedAt, errorInfo(error))]);
    }
    this.#streams.delete(turn.assistant.id);
    // Before anything is waited for: whoever reads the end may ask the next question at once.
    ended();
    try {
      const info = await services.store.getSession(turn.assistant.session);
      if (info !== undefined) changed(info);
    } catch (error) {
      this.#options.log.warn(`A conversation could not be read again after its answer: ${trace(error)}`);
    }
  }
}
