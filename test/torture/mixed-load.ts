// Several people at once who ask, edit, ask again, go on with what was cut, rename, delete and take that back, search, read and
// cancel, each in conversations of their own and each waiting for the reply before the next request. Every reply is written into the journal; what a life of the sidecar has left
// behind is gone on with in the next one.

import { setTimeout as delay } from "node:timers/promises";
import { type RequestType, ResponseError } from "vscode-jsonrpc/node";
import {
  type AnswerAgainParams,
  CancelStream,
  type ChatAnswer,
  ContinueChat,
  CreateSession,
  DeleteSession,
  EditChat,
  GetSession,
  ListSessions,
  type RequestFailure,
  RestoreSession,
  RetryChat,
  SearchSessions,
  SendChat,
  UpdateSession,
} from "../../sidecar/protocol.ts";
import type { StreamRef } from "../../sidecar/types.ts";
import { between, oneOf, type Random } from "../support/seeded-random.ts";
import { type Journal, type JournaledAnswer, type JournaledQuestion, JournaledSession } from "./journal.ts";
import type { PlannedAnswers } from "./planned-answers.ts";
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
        await delay(between(this.#random, 0, 25));
      }
    } catch (error) {
      if (!(error instanceof SidecarGone)) throw error;
    }
  }

  async #step(client: TortureClient, own: JournaledSession[]): Promise<void> {
    const open = own.filter(({ state }) => state === "there").slice(-AT_ONCE);
    if (open.length < 2 || this.#random() < 0.12) {
      const created = await this.#create(client);
      own.push(created);
      await this.#ask(client, created, null);
      return;
    }
    const session = oneOf(this.#random, open);
    const what = this.#random();
    if (what < 0.12) await this.#rename(client, session);
    else if (what < 0.2) await this.#delete(client, session);
    else if (what < 0.35) await this.#look(client, session);
    else if (session.answering !== null) await this.#perhapsCancel(client, session.answering);
    else await this.#turn(client, session);
  }

  async #turn(client: TortureClient, session: JournaledSession): Promise<void> {
    const { newestAnswer, questions } = session;
    if (newestAnswer === undefined || questions.length === 0) return this.#ask(client, session, null);
    const question = oneOf(this.#random, questions);
    const what = this.#random();
    if (canGoOn(newestAnswer) && what < 0.5) await this.#again(client, session, newestAnswer, ContinueChat);
    else if (what < 0.2) await this.#again(client, session, newestAnswer, RetryChat);
    else if (what < 0.45) await this.#edit(client, session, question);
    else await this.#ask(client, session, newestAnswer.id);
  }

  async #create(client: TortureClient): Promise<JournaledSession> {
    const { session } = await this.#request(client, CreateSession, { model: "openai-compatible/ask-0" });
    const created = new JournaledSession(session.id);
    this.#journal.sessions.push(created);
    return created;
  }

  async #ask(client: TortureClient, session: JournaledSession, parent: string | null): Promise<void> {
    const number = this.#answers.plan();
    const text = this.#answers.questionOf(number);
    const model = this.#answers.modelOf(number);
    const answer = await this.#request(client, SendChat, { session: session.id, content: [{ type: "text", text }], model, parent });
    session.questions.push({ id: answer.user.id, parent, text });
    this.#follow(client, session, answer, number);
  }

  /** A question beside the old one, which stays. */
  async #edit(client: TortureClient, session: JournaledSession, old: JournaledQuestion): Promise<void> {
    const number = this.#answers.plan();
    const text = this.#answers.questionOf(number);
    const edited = { session: session.id, message: old.id, text, model: this.#answers.modelOf(number) };
    const answer = await this.#request(client, EditChat, edited);
    session.questions.push({ id: answer.user.id, parent: old.parent, text });
    this.#follow(client, session, answer, number);
  }

  /** The same question once more, or what goes on with an answer that was cut. */
  async #again(
    client: TortureClient,
    session: JournaledSession,
    { id }: JournaledAnswer,
    how: RequestType<AnswerAgainParams, ChatAnswer, RequestFailure>,
  ): Promise<void> {
    const number = this.#answers.plan();
    // The question is the old one; the model's name says which of its answers this is.
    const answer = await this.#request(client, how, { session: session.id, message: id, model: this.#answers.modelOf(number) });
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
    if (stream === undefined || this.#random() >= 0.1) return;
    answer.cancelling = true;
    await this.#request(client, CancelStream, stream);
  }

  async #rename(client: TortureClient, session: JournaledSession): Promise<void> {
    const title = `Title ${between(this.#random, 1, 1e6)}`;
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
    if (this.#random() < 0.5) return;
    session.state = "deleting";
    await this.#request(client, RestoreSession, { session: session.id });
    session.state = "there";
    this.#journal.acknowledged += 1;
  }

  async #look(client: TortureClient, session: JournaledSession): Promise<void> {
    const what = this.#random();
    if (what < 0.3) await this.#request(client, GetSession, { session: session.id });
    else if (what < 0.6) await this.#request(client, ListSessions, { limit: 20 });
    else await this.#request(client, SearchSessions, { text: `question ${between(this.#random, 1, 50)}`, limit: 20 });
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

/** What was cut, and says something. */
function canGoOn({ end }: JournaledAnswer): boolean {
  return end !== null && (end.status === "incomplete" || end.status === "cancelled") && end.text.trim() !== "";
}

/** A reply that is an error, as against no reply. */
function isRefusal(error: unknown): error is Error {
  return error instanceof ResponseError && typeof error.data === "object" && error.data !== null;
}
