// A conversation that keeps its history: what the library offers as `Session` and what the editor's chats are. One turn at a
// time, unless a turn asks to branch off; in memory unless given a store.

import { randomUUID } from "node:crypto";
import { AnswerError, invalidRequest } from "../answers/answer-error.ts";
import { checkedOptions, checkedParameters, checkNames, type OptionNames } from "../answers/parameters.ts";
import { ChunkStream } from "../answers/chunk-stream.ts";
import { AnswerFold } from "../answers/fold.ts";
import type { Chunk, GenerateOptions, GenerateResult, Llm } from "../api.ts";
import type { GenerationParameters, SessionInfo, StoredMessage, StreamEvent, UserPart } from "../types.ts";
import { AnswerWriter } from "./answer-writer.ts";
import { checkQuestion } from "./check-conversation.ts";
import type { WhenContextIsFull } from "./compaction/fit-context.ts";
import { messageNotFound, nothingToContinue, sessionBusy, sessionNotFound } from "./failures.ts";
import { MemoryStore } from "./memory-store.ts";
import { newSession } from "./new-session.ts";
import type { NewTurn, SessionStore } from "./store.ts";
import { titleOf } from "./title.ts";
import { TurnQueue } from "./turn-queue.ts";
import { Turn, type TurnParts } from "./turn.ts";

export interface SessionOptions {
  readonly systemPrompt?: string;
  /** For each turn, unless the turn says otherwise. */
  readonly parameters?: GenerationParameters;
  /** Default: the first words of the first question. */
  readonly title?: string;
  /** Where the conversation is kept. Default: in memory, as long as the session is. */
  readonly store?: SessionStore;
  /** Where the conversation does not fit into the model's context window any more. Default: the model summarises its older part. */
  readonly whenContextIsFull?: WhenContextIsFull;
  /** Told of a summary of older messages after it was committed. */
  readonly onSummary?: (summary: StoredMessage) => void;
  /** Shared by all sessions of a store, so that their partial answers are written together. Default: one of its own. */
  readonly writer?: AnswerWriter;
  /** Shared by all who ask in this conversation. Default: one of its own. */
  readonly queue?: TurnQueue;
}

/**
 * What a question does while another one is being answered in its conversation: it waits for that one's end; it branches off
 * where that one's question does and is answered beside it, unless its own `parent` says otherwise; or it is refused as `busy`.
 * An answer that another process writes can neither be waited for nor branched off from: that is `busy` in any case.
 */
export type WhenBusy = "wait" | "branch" | "refuse";

export interface TurnOptions extends GenerateOptions {
  /** The message that the question follows; default the newest. Another one makes a branch. Null starts from nothing. */
  readonly parent?: string | null;
  /** Default `wait`. */
  readonly whenBusy?: WhenBusy;
}

export interface AgainOptions extends GenerateOptions {
  /** Default `wait`. */
  readonly whenBusy?: WhenBusy;
}

export type StoredSessionOptions = Pick<SessionOptions, "writer" | "queue" | "whenContextIsFull" | "onSummary">;

export type Question = string | readonly UserPart[];

const SESSION_OPTIONS: OptionNames<SessionOptions> = {
  systemPrompt: true,
  parameters: true,
  title: true,
  store: true,
  whenContextIsFull: true,
  onSummary: true,
  writer: true,
  queue: true,
};
const TURN_OPTIONS: OptionNames<Omit<TurnOptions, keyof GenerateOptions>> = { parent: true, whenBusy: true };

/** What a turn holds while it runs. */
interface Place {
  /** It runs beside another one. */
  readonly beside: boolean;
  readonly release: () => void;
}

type BeginTurn = (place: Place, options: GenerateOptions) => Promise<Turn>;

export class Session {
  readonly #llm: Llm;
  readonly #store: SessionStore;
  readonly #writer: AnswerWriter;
  readonly #queue: TurnQueue;
  readonly #options: Pick<SessionOptions, "whenContextIsFull" | "onSummary">;
  #id: string;
  /** Put into the store with the first turn; undefined where it is there already. */
  #toCreate: SessionInfo | undefined;

  /**
   * A new conversation with a model. Nothing is kept of it before its first turn. Throws a `ProviderError` (`invalid-request`)
   * for options that it does not have, and parameters that cannot be right.
   */
  constructor(llm: Llm, options: SessionOptions = {}) {
    checkNames("option of a session", options, SESSION_OPTIONS);
    if (options.parameters !== undefined) checkedParameters(options.parameters);
    this.#llm = llm;
    this.#store = options.store ?? new MemoryStore();
    this.#writer = options.writer ?? new AnswerWriter(this.#store);
    this.#queue = options.queue ?? new TurnQueue();
    this.#options = options;
    this.#toCreate = newSession({ ...options, model: llm.ref });
    this.#id = this.#toCreate.id;
  }

  get id(): string {
    return this.#id;
  }

  /** A conversation that `store` keeps. Rejects with `session-not-found`. */
  static async open(llm: Llm, id: string, store: SessionStore, options: StoredSessionOptions = {}): Promise<Session> {
    const info = await store.getSession(id);
    if (info === undefined) throw sessionNotFound(id);
    const session = new Session(llm, { ...options, store });
    session.#id = id;
    session.#toCreate = undefined;
    return session;
  }

  /** The path shown, oldest first. */
  async messages(): Promise<readonly StoredMessage[]> {
    const leaf = (await this.#store.getSession(this.id))?.leaf ?? null;
    return leaf === null ? [] : this.#store.getPath(leaf);
  }

  /**
   * The answer to a question that follows the conversation so far. Waits for the turns asked for before. Resolves and rejects
   * as `Llm.generate` does; rejects with a `Failure` where the question could not be kept, and then was not sent.
   */
  async generate(question: Question, options: TurnOptions = {}): Promise<GenerateResult> {
    const fold = new AnswerFold(this.#llm.ref);
    for await (const batch of this.#batches(question, options)) fold.add(batch);
    if (fold.error !== undefined) throw new AnswerError(fold.error, fold.result());
    return fold.result();
  }

  /** As `generate`, while it is written. A `break` closes the provider's socket and keeps what had come. */
  stream(question: Question, options: TurnOptions = {}): AsyncGenerator<Chunk, void, undefined> {
    const leave = new AbortController();
    const signal = options.signal === undefined ? leave.signal : AbortSignal.any([options.signal, leave.signal]);
    return new ChunkStream(this.#batches(question, { ...options, signal }), () => leave.abort());
  }

  /**
   * Commits question and empty answer, and calls no model yet: the turn's `events` do. Waits for the turns asked for before.
   * Rejects with a `Failure`, with a `ProviderError` where the question is empty, a part of it lacks a field or an option cannot
   * be right, or with the signal's reason when it is aborted meanwhile; nothing is kept then.
   */
  async begin(question: Question, { parent, ...options }: TurnOptions = {}): Promise<Turn> {
    const content = partsOf(question);
    return this.#inTurn(options, async (place, rest) => {
      const info = await this.#info();
      const follows = parent === undefined ? await this.#newest(info, place) : parent;
      const user = this.#message({ role: "user", content }, follows);
      const title = info.title === "" ? { title: titleOf(content) } : {};
      return this.#commit(place, rest, user, this.#emptyAnswer(user.id), { user, changes: title });
    });
  }

  /**
   * As `begin`, for an earlier question in other words, with what was attached to it: beside the old one, which stays. Rejects
   * with `message-not-found` for what is no question of this session.
   */
  async beginEdited(message: string, text: string, options: AgainOptions = {}): Promise<Turn> {
    const given = await this.#store.getMessage(message);
    if (given?.message.role !== "user" || given.session !== this.id) throw messageNotFound(message);
    return this.begin(inOtherWords(given.message.content, text), { ...options, parent: given.parent });
  }

  /**
   * As `begin`, for what was asked before: the id of a question, or of an answer. The new answer stands beside the old one, and
   * goes on from the same place where that one was a continuation.
   */
  async beginAgain(message: string, options: AgainOptions = {}): Promise<Turn> {
    return this.#inTurn(options, async (place, rest) => {
      const path = await this.#pathTo(message);
      const given = path.at(-1);
      const asked = given?.message.role === "assistant" ? path.at(-2) : given;
      const question = path.findLast((stored) => stored.message.role === "user");
      if (asked === undefined || question === undefined) throw messageNotFound(message);
      return this.#commit(place, rest, question, this.#emptyAnswer(asked.id));
    });
  }

  /**
   * As `begin`, for an answer that ended before it was complete: the new one follows it and goes on where it ends. Rejects with
   * `invalid-params` for an answer that is complete, still runs, or holds no text to go on from.
   */
  async beginContinuation(message: string, options: AgainOptions = {}): Promise<Turn> {
    return this.#inTurn(options, async (place, rest) => {
      const path = await this.#pathTo(message);
      const cut = path.at(-1);
      const question = path.findLast((stored) => stored.message.role === "user");
      if (cut === undefined || question === undefined) throw messageNotFound(message);
      if (!canContinue(cut)) throw nothingToContinue();
      return this.#commit(place, rest, question, this.#emptyAnswer(cut.id));
    });
  }

  async *#batches(question: Question, options: TurnOptions): AsyncGenerator<readonly StreamEvent[], void, undefined> {
    const content = partsOf(question);
    let turn: Turn;
    try {
      turn = await this.begin(content, options);
    } catch (error) {
      if (options.signal?.aborted !== true) throw error;
      // Cancelled before its turn came. That is a result, which the model's own path makes without asking anybody.
      const { parent: _parent, whenBusy: _whenBusy, ...rest } = options;
      yield* this.#llm.streamBatches([{ role: "user", content }], rest);
      return;
    }
    yield* turn.events();
  }

  async #inTurn({ whenBusy = "wait", ...options }: AgainOptions, begin: BeginTurn): Promise<Turn> {
    // Before the question is kept: what cannot be asked would stay in the conversation as a failed answer.
    checkedOptions(options, TURN_OPTIONS);
    const { busy } = this.#queue;
    if (busy && whenBusy === "refuse") throw sessionBusy();
    const beside = busy && whenBusy === "branch";
    const release = beside ? this.#queue.join() : await this.#queue.enter(options.signal);
    try {
      return await begin({ beside, release }, options);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** The message that a question follows that names none. Beside an answer that runs it is the one that its question follows. */
  async #newest({ leaf }: SessionInfo, { beside }: Place): Promise<string | null> {
    if (!beside || leaf === null) return leaf;
    const path = await this.#store.getPath(leaf);
    if (path.at(-1)?.status !== "streaming") return leaf;
    return path.findLast(({ message }) => message.role === "user")?.parent ?? null;
  }

  /** Of a question or answer of this session, itself the last. Rejects with `message-not-found`, also for a summary. */
  async #pathTo(message: string): Promise<readonly StoredMessage[]> {
    await this.#info();
    const path = await this.#store.getPath(message);
    const last = path.at(-1);
    if (last?.session !== this.id || last.message.role === "system") throw messageNotFound(message);
    return path;
  }

  async #commit(
    { beside, release }: Place,
    options: GenerateOptions,
    question: StoredMessage,
    assistant: StoredMessage,
    { user, changes = {} }: Partial<Pick<NewTurn, "user" | "changes">> = {},
  ): Promise<Turn> {
    const kept = { session: this.id, assistant, changes: { model: this.#llm.ref, ...changes }, beside };
    const session = await this.#store.beginTurn(user === undefined ? kept : { ...kept, user });
    return this.#turn({ session, user: question, assistant, release }, options);
  }

  async #info(): Promise<SessionInfo> {
    if (this.#toCreate !== undefined) {
      await this.#store.createSession(this.#toCreate);
      this.#toCreate = undefined;
    }
    const info = await this.#store.getSession(this.id);
    if (info === undefined) throw sessionNotFound(this.id);
    return info;
  }

  #turn(parts: Pick<TurnParts, "session" | "user" | "assistant" | "release">, options: GenerateOptions): Turn {
    const { parameters, systemPrompt } = parts.session;
    const system = options.system ?? systemPrompt ?? parameters?.system;
    const merged: GenerateOptions = { ...parameters, ...options, ...(system === undefined ? {} : { system }) };
    return new Turn({
      ...parts,
      llm: this.#llm,
      options: merged,
      store: this.#store,
      writer: this.#writer,
      whenContextIsFull: this.#options.whenContextIsFull ?? "summarize",
      summarized: this.#options.onSummary ?? (() => {}),
    });
  }

  #message(message: StoredMessage["message"], parent: string | null): StoredMessage {
    return { id: randomUUID(), session: this.id, parent, message, createdAt: Date.now() };
  }

  #emptyAnswer(question: string): StoredMessage {
    return { ...this.#message({ role: "assistant", content: [] }, question), model: this.#llm.ref, status: "streaming" };
  }
}

/** Whether an answer ended before it said all, and said something. */
function canContinue({ message, status, finishReason }: StoredMessage): boolean {
  if (message.role !== "assistant" || !message.content.some((part) => part.type === "text" && part.text.trim() !== "")) return false;
  return status === "complete" ? finishReason === "length" : status !== undefined && status !== "streaming";
}

/** The text takes the place of the first; all else stays where it is. */
function inOtherWords(content: readonly UserPart[], text: string): readonly UserPart[] {
  const first = content.findIndex((part) => part.type === "text");
  const words: UserPart = { type: "text", text };
  if (first < 0) return [...content, words];
  return content.flatMap((part, index): readonly UserPart[] => (index === first ? [words] : part.type === "text" ? [] : [part]));
}

function partsOf(question: Question): readonly UserPart[] {
  const parts: readonly UserPart[] = typeof question === "string" ? [{ type: "text", text: question }] : question;
  checkQuestion(parts);
  if (parts.every((part) => part.type === "text" && part.text.trim() === "")) {
    throw invalidRequest("empty-prompt", "The question is empty: there is nothing to send.");
  }
  return parts;
}
