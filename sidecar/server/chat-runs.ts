// The chats that are being answered: from the commit of question and empty answer, through the log that readers attach to, to
// the commit of the whole answer. In each session one at a time, or side by side on branches; any number of sessions.

import { errorInfo } from "../answers/answer-error.ts";
import type { GenerateOptions, Llm } from "../api.ts";
import { Failure } from "../failure.ts";
import { type Log, trace } from "../log.ts";
import type { AnswerAgainParams, ChatAnswer, EditChatParams, SendChatParams, WhenBusy } from "../protocol.ts";
import type { AnswerWriter } from "../sessions/answer-writer.ts";
import { sessionNotFound } from "../sessions/failures.ts";
import { Session } from "../sessions/session.ts";
import { TurnQueue } from "../sessions/turn-queue.ts";
import type { Turn } from "../sessions/turn.ts";
import type { EventLog } from "../streams/event-log.ts";
import type { StreamRegistry } from "../streams/registry.ts";
import type { ModelRef, SessionInfo, StoredMessage, StreamRef } from "../types.ts";
import { ChatTitles } from "./chat-titles.ts";
import { endWithout } from "../answers/end-without.ts";
import type { Services } from "./services.ts";

export interface ChatRunsOptions {
  readonly services: Services;
  readonly writer: AnswerWriter;
  readonly registry: StreamRegistry;
  /** Told after each commit that changed a session. */
  readonly changed: (session: SessionInfo) => void;
  /** Told after each commit of a summary of older messages. */
  readonly summarized: (summary: StoredMessage) => void;
  readonly log: Log;
}

interface ChatRun {
  readonly abort: AbortController;
  /** Resolves when the answer has ended and was committed. */
  readonly done: Promise<void>;
}

/** A session that is being answered, or waits to be. */
interface BusySession {
  readonly queue: TurnQueue;
  readonly runs: Set<ChatRun>;
}

interface Asked {
  readonly session: string;
  readonly model?: ModelRef;
  readonly whenBusy?: WhenBusy;
}

type BeginTurn = (session: Session, options: GenerateOptions & { readonly whenBusy: WhenBusy }) => Promise<Turn>;

export class ChatRuns {
  readonly #options: ChatRunsOptions;
  readonly #titles: ChatTitles;
  readonly #busy = new Map<string, BusySession>();
  /** Where the answers that run can be read, by message. */
  readonly #streams = new Map<string, StreamRef>();

  constructor(options: ChatRunsOptions) {
    this.#options = options;
    this.#titles = new ChatTitles(options);
  }

  /**
   * Resolves after the commit; the model is called in the next turn of the event loop, so the reply leaves first. The signal
   * calls off a question that still waits for its turn, and nothing after that.
   */
  send({ content, parent, ...asked }: SendChatParams, signal: AbortSignal): Promise<ChatAnswer> {
    const follows = parent === undefined ? {} : { parent };
    return this.#start(asked, signal, (session, options) => session.begin(content, { ...follows, ...options }));
  }

  /** As `send`, for a question in other words. */
  edit({ message, text, ...asked }: EditChatParams, signal: AbortSignal): Promise<ChatAnswer> {
    return this.#start(asked, signal, (session, options) => session.beginEdited(message, text, options));
  }

  /** As `send`, for a question that was asked before. */
  retry({ message, ...asked }: AnswerAgainParams, signal: AbortSignal): Promise<ChatAnswer> {
    return this.#start(asked, signal, (session, options) => session.beginAgain(message, options));
  }

  /** As `send`, for an answer that is gone on with. */
  continue({ message, ...asked }: AnswerAgainParams, signal: AbortSignal): Promise<ChatAnswer> {
    return this.#start(asked, signal, (session, options) => session.beginContinuation(message, options));
  }

  /** The message, with where it can be read while it is being written. */
  withStream(message: StoredMessage): StoredMessage {
    const stream = this.#streams.get(message.id);
    return stream === undefined ? message : { ...message, stream };
  }

  /** Somebody names a conversation: to be told before that is written, so that a title of the model's cannot come over it. */
  named(session: string): void {
    this.#titles.cancel(session);
  }

  /** Cancels what runs in a session and what waits there, and waits for the ends. */
  async stop(session: string): Promise<void> {
    this.#titles.cancel(session);
    const runs = Array.from(this.#busy.get(session)?.runs ?? []);
    for (const { abort } of runs) abort.abort();
    await Promise.all(runs.map(({ done }) => done));
  }

  /** Cancels all, and waits for their ends. */
  async stopAll(): Promise<void> {
    this.#titles.close();
    await Promise.all(Array.from(this.#busy.keys(), (session) => this.stop(session)));
  }

  async #start({ session, model, whenBusy = "refuse" }: Asked, signal: AbortSignal, begin: BeginTurn): Promise<ChatAnswer> {
    const { queue, abort, forget } = this.#enter(session);
    const callOff = (): void => abort.abort(signal.reason);
    signal.addEventListener("abort", callOff);
    if (signal.aborted) callOff();
    try {
      const llm = await this.#model(session, model);
      const { services, writer, summarized: onSummary } = this.#options;
      const { whenContextIsFull = "summarize" } = services.chatSettings();
      const opened = await Session.open(llm, session, services.store, { writer, queue, whenContextIsFull, onSummary });
      const turn = await begin(opened, { signal: abort.signal, whenBusy });
      const counted = await this.#withSiblings(turn);
      return this.#started(turn, counted, llm, abort, forget);
    } catch (error) {
      forget();
      throw error;
    } finally {
      signal.removeEventListener("abort", callOff);
    }
  }

  /** Before the first wait, so that whatever comes next finds it. */
  #enter(session: string): { readonly queue: TurnQueue; readonly abort: AbortController; readonly forget: () => void } {
    const busy = this.#busy.get(session) ?? { queue: new TurnQueue(), runs: new Set() };
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    const run: ChatRun = { abort: new AbortController(), done };
    busy.runs.add(run);
    this.#busy.set(session, busy);
    const forget = (): void => {
      busy.runs.delete(run);
      if (busy.runs.size === 0 && this.#busy.get(session) === busy) this.#busy.delete(session);
      finish();
    };
    return { queue: busy.queue, abort: run.abort, forget };
  }

  async #model(session: string, model: ModelRef | undefined): Promise<Llm> {
    const { services } = this.#options;
    const info = await services.store.getSession(session);
    if (info === undefined) throw sessionNotFound(session);
    const ref = model ?? info.model;
    if (ref === null) throw new Failure("invalid-params", "`model`: the conversation has none yet, so the question must name one.");
    return (await services.engine()).llm(ref);
  }

  #started(turn: Turn, { user, assistant }: ChatAnswer, llm: Llm, abort: AbortController, forget: () => void): ChatAnswer {
    const { registry, changed } = this.#options;
    // A name is not worth the wait of a question.
    this.#titles.cancel(turn.session.id);
    const log = registry.open(() => abort.abort());
    this.#streams.set(turn.assistant.id, log.ref);
    changed(turn.session);
    setImmediate(() => void this.#run(turn, llm, log, forget));
    return { user, assistant: this.withStream(assistant) };
  }

  /** The question is kept: that others of its kind cannot be counted is no reason to refuse it. */
  async #withSiblings({ user, assistant }: Turn): Promise<ChatAnswer> {
    const path = await this.#options.services.store.getPath(assistant.id, { limit: 2, siblings: true }).catch(() => []);
    const counted = (message: StoredMessage): StoredMessage => {
      const siblings = path.find(({ id }) => id === message.id)?.siblings;
      return siblings === undefined ? message : { ...message, siblings };
    };
    return { user: counted(user), assistant: counted(assistant) };
  }

  async #run(turn: Turn, llm: Llm, log: EventLog, ended: () => void): Promise<void> {
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
      if (info === undefined) return;
      changed(info);
      if (!this.#busy.has(info.id)) void this.#titles.make(info, turn.assistant.id, llm);
    } catch (error) {
      this.#options.log.warn(`A conversation could not be read again after its answer: ${trace(error)}`);
    }
  }
}
