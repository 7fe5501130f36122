// Several people at once who ask, edit, ask again, rename, delete, read and cancel, each in conversations of their own and each
// waiting for the reply before the next request. Every reply is written into the journal; what a life of the sidecar has left
// behind is gone on with in the next one.

import { setTimeout as delay } from "node:timers/promises";
import { type RequestType, ResponseError } from "vscode-jsonrpc/node";
import {
  CancelStream,
  type ChatAnswer,
  CreateSession,
  DeleteSession,
  GetSession,
  ListSessions,
  RetryChat,
  SendChat,
  UpdateSession,
} from "../../sidecar/protocol.ts";
import type { StreamRef } from "../../sidecar/types.ts";
import { type Journal, type JournaledAnswer, JournaledSession } from "./journal.ts";
import type { PlannedAnswers } from "./planned-answers.ts";
import type { Random } from "./random.ts";
import type { TortureClient } from "./torture-client.ts";

/** Conversations of one person that are gone on with. */
const AT_ONCE = 4;

/** The request was not answered because the sidecar is gone. */
class SidecarGone extends Error {}

export class MixedLoad {
  readonly #journal: Journal;
  readonly #answers: PlannedAnswers;
  readonly #random: Random;
  readonly #people: readonly JournaledSession[][];
  readonly #streams = new Map<JournaledAnswer, StreamRef>();

  constructor(journal: Journal, answers: PlannedAnswers, random: Random, people: number) {
    this.#journal = journal;
    this.#answers = answers;
    this.#random = random;
    this.#people = Array.from({ length: people }, () => []);
  }

  /** Goes on until the sidecar is gone. Rejects with what a request was refused for: nothing here should be refused. */
  async run(client: TortureClient): Promise<void> {
    this.#streams.clear();
    await Promise.all(this.#people.map((own) => this.#person(client, own)));
  }

  /** A question in a conversation of its own, committed. */
  async askOnce(client: TortureClient): Promise<void> {
    const session = await this.#create(client);
    await this.#ask(client, session, null);
  }

  async #person(client: TortureClient, own: JournaledSession[]): Promise<void> {
    try {
      while (!client.isGone) {
        await this.#step(client, own);
        await delay(this.#random.between(0, 25));
      }
    } catch (error) {
      if (!(error instanceof SidecarGone)) throw error;
    }
  }

  async #step(client: TortureClient, own: JournaledSession[]): Promise<void> {
    const open = own.filter(({ state }) => state === "there").slice(-AT_ONCE);
    const session = this.#random.oneOf(open);
    if (session === undefined || open.length < 2 || this.#random.chance(0.12)) {
      const created = await this.#create(client);
      own.push(created);
      await this.#ask(client, created, null);
      return;
    }
    const { answering, newestAnswer } = session;
    const what = this.#random.next();
    if (what < 0.12) await this.#rename(client, session);
    else if (what < 0.18) await this.#delete(client, session);
    else if (what < 0.28) await this.#look(client, session);
    else if (answering !== null) await this.#perhapsCancel(client, answering);
    else if (what < 0.45 && newestAnswer !== undefined) await this.#askAgain(client, session, newestAnswer);
    else if (what < 0.65) await this.#ask(client, session, this.#random.oneOf(session.questions)?.parent ?? null);
    else await this.#ask(client, session, newestAnswer?.id ?? null);
  }

  async #create(client: TortureClient): Promise<JournaledSession> {
    const { session } = await this.#request(client, CreateSession, { model: "openai-compatible/ask-0" });
    const created = new JournaledSession(session.id);
    this.#journal.sessions.push(created);
    return created;
  }

  /** With a parent other than the newest answer it is an edit of what had followed that parent. */
  async #ask(client: TortureClient, session: JournaledSession, parent: string | null): Promise<void> {
    const number = this.#answers.plan();
    const text = this.#answers.questionOf(number);
    const model = this.#answers.modelOf(number);
    const answer = await this.#request(client, SendChat, { session: session.id, content: [{ type: "text", text }], model, parent });
    session.questions.push({ id: answer.user.id, parent, text });
    this.#follow(client, session, answer, number);
  }

  async #askAgain(client: TortureClient, session: JournaledSession, { id }: JournaledAnswer): Promise<void> {
    const number = this.#answers.plan();
    // The question's text is the old one; the model's name says which of the answers this is.
    const answer = await this.#request(client, RetryChat, { session: session.id, message: id, model: this.#answers.modelOf(number) });
    this.#follow(client, session, answer, number);
  }

  #follow(client: TortureClient, session: JournaledSession, { assistant }: ChatAnswer, number: number): void {
    this.#journal.acknowledged += 1;
    const answer: JournaledAnswer = { id: assistant.id, parent: assistant.parent ?? "", number, end: null, cancelling: false };
    session.answers.push(answer);
    session.answering = answer;
    if (assistant.stream === undefined) throw new Error("An answer was begun and cannot be read.");
    this.#streams.set(answer, assistant.stream);
    client.read(assistant.stream, (end) => {
      answer.end = end;
      if (session.answering === answer) session.answering = null;
    });
  }

  async #perhapsCancel(client: TortureClient, answer: JournaledAnswer): Promise<void> {
    const stream = this.#streams.get(answer);
    if (stream === undefined || !this.#random.chance(0.1)) return;
    answer.cancelling = true;
    await this.#request(client, CancelStream, stream);
  }

  async #rename(client: TortureClient, session: JournaledSession): Promise<void> {
    const title = `Title ${this.#random.between(1, 1e6)}`;
    session.titleInDoubt = title;
    await this.#request(client, UpdateSession, { session: session.id, title });
    session.title = title;
    session.titleInDoubt = null;
    this.#journal.acknowledged += 1;
  }

  async #delete(client: TortureClient, session: JournaledSession): Promise<void> {
    session.state = "deleting";
    await this.#request(client, DeleteSession, { session: session.id });
    session.state = "deleted";
    this.#journal.acknowledged += 1;
  }

  async #look(client: TortureClient, session: JournaledSession): Promise<void> {
    if (this.#random.chance(0.5)) await this.#request(client, GetSession, { session: session.id });
    else await this.#request(client, ListSessions, { limit: 20 });
  }

  async #request<P, R, E>(client: TortureClient, type: RequestType<P, R, E>, params: P): Promise<R> {
    try {
      const result: R = await client.sidecar.connection.sendRequest<R>(type.method, params);
      this.#journal.count(type.method);
      return result;
    } catch (error) {
      if (isRefusal(error)) throw new Error(`${type.method} was refused: ${error.message}`, { cause: error });
      throw new SidecarGone(type.method, { cause: error });
    }
  }
}

/** A reply that is an error, as against no reply. */
function isRefusal(error: unknown): error is Error {
  return error instanceof ResponseError && typeof error.data === "object" && error.data !== null;
}
