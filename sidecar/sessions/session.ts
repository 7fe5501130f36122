// A conversation that keeps its history: what the library offers as `Session` and what the editor's chats are. One turn at a
// time; in memory unless given a store.

import { randomUUID } from "node:crypto";
import { AnswerError, invalidRequest } from "../answers/answer-error.ts";
import { ChunkStream } from "../answers/chunk-stream.ts";
import { AnswerFold } from "../answers/fold.ts";
import type { Chunk, GenerateOptions, GenerateResult, Llm } from "../api.ts";
import type { GenerationParameters, SessionInfo, StoredMessage, StreamEvent, UserPart } from "../types.ts";
import { AnswerWriter } from "./answer-writer.ts";
import { messageNotFound, sessionNotFound } from "./failures.ts";
import { MemoryStore } from "./memory-store.ts";
import { newSession } from "./new-session.ts";
import type { SessionStore } from "./store.ts";
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
  /** Shared by all sessions of a store, so that their partial answers are written together. Default: one of its own. */
  readonly writer?: AnswerWriter;
}

export interface TurnOptions extends GenerateOptions {
  /** The message that the question follows; default the newest. Another one makes a branch. Null starts from nothing. */
  readonly parent?: string | null;
}

export type Question = string | readonly UserPart[];

export class Session {
  readonly #llm: Llm;
  readonly #store: SessionStore;
  readonly #writer: AnswerWriter;
  readonly #queue = new TurnQueue();
  #id: string;
  /** Put into the store with the first turn; undefined where it is there already. */
  #toCreate: SessionInfo | undefined;

  /** A new conversation with a model. Nothing is kept of it before its first turn. */
  constructor(llm: Llm, options: SessionOptions = {}) {
    this.#llm = llm;
    this.#store = options.store ?? new MemoryStore();
    this.#writer = options.writer ?? new AnswerWriter(this.#store);
    this.#toCreate = newSession({ ...options, model: llm.ref });
    this.#id = this.#toCreate.id;
  }

  get id(): string {
    return this.#id;
  }

  /** A conversation that `store` keeps. Rejects with `session-not-found`. */
  static async open(llm: Llm, id: string, store: SessionStore, writer?: AnswerWriter): Promise<Session> {
    const info = await store.getSession(id);
    if (info === undefined) throw sessionNotFound(id);
    const session = new Session(llm, { store, writer: writer ?? new AnswerWriter(store) });
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
   * Rejects with a `Failure`, with a `ProviderError` where the question is empty, or with the signal's reason when it is
   * aborted meanwhile; nothing is kept then.
   */
  async begin(question: Question, { parent, ...options }: TurnOptions = {}): Promise<Turn> {
    const content = partsOf(question);
    return this.#inTurn(options, async (release) => {
      const info = await this.#info();
      const follows = parent === undefined ? info.leaf : parent;
      const user = this.#message({ role: "user", content }, follows);
      const assistant = this.#emptyAnswer(user.id);
      const title = info.title === "" ? { title: titleOf(content) } : {};
      const changes = { model: this.#llm.ref, ...title };
      const session = await this.#store.beginTurn({ session: this.id, user, assistant, changes });
      return this.#turn({ session, user, assistant, release }, options);
    });
  }

  /** As `begin`, for a question that was asked before: its id, or that of an answer to it. The new answer stands beside the old. */
  async beginAgain(message: string, options: GenerateOptions = {}): Promise<Turn> {
    return this.#inTurn(options, async (release) => {
      await this.#info();
      const given = await this.#store.getMessage(message);
      const user = given?.message.role === "assistant" && given.parent !== null ? await this.#store.getMessage(given.parent) : given;
      if (user?.message.role !== "user" || user.session !== this.id) throw messageNotFound(message);
      const assistant = this.#emptyAnswer(user.id);
      const session = await this.#store.beginTurn({ session: this.id, assistant, changes: { model: this.#llm.ref } });
      return this.#turn({ session, user, assistant, release }, options);
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
      yield* this.#llm.streamBatches([{ role: "user", content }], options);
      return;
    }
    yield* turn.events();
  }

  async #inTurn(options: GenerateOptions, begin: (release: () => void) => Promise<Turn>): Promise<Turn> {
    const release = await this.#queue.enter(options.signal);
    try {
      return await begin(release);
    } catch (error) {
      release();
      throw error;
    }
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
    return new Turn({ ...parts, llm: this.#llm, options: merged, store: this.#store, writer: this.#writer });
  }

  #message(message: StoredMessage["message"], parent: string | null): StoredMessage {
    return { id: randomUUID(), session: this.id, parent, message, createdAt: Date.now() };
  }

  #emptyAnswer(question: string): StoredMessage {
    return { ...this.#message({ role: "assistant", content: [] }, question), model: this.#llm.ref, status: "streaming" };
  }
}

function partsOf(question: Question): readonly UserPart[] {
  const parts: readonly UserPart[] = typeof question === "string" ? [{ type: "text", text: question }] : question;
  if (parts.every((part) => part.type === "text" && part.text.trim() === "")) {
    throw invalidRequest("empty-prompt", "The question is empty: there is nothing to send.");
  }
  return parts;
}
