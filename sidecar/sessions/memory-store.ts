// Conversations in memory, for the library and wherever nothing can be kept. The same rules as the database's.

import type { SearchResult, StoreStatistics } from "../store-results.ts";
import type { SessionInfo, StoredMessage } from "../types.ts";
import { checkConversation } from "./check-conversation.ts";
import { deletedMeanwhile, messageNotFound, sessionBusy, sessionNotFound } from "./failures.ts";
import { MemoryMessages } from "./memory-messages.ts";
import { countsOf } from "./search/matches.ts";
import { searchableText } from "./search/message-text.ts";
import { phrasesOf } from "./search/phrases.ts";
import { rank } from "./search/ranking.ts";
import { inTitleWords, titleWords } from "./search/title-words.ts";
import { fold } from "./search/words.ts";
import {
  type AnswerProgress,
  type DeletedHistory,
  type EndpointLimit,
  type FinishedAnswer,
  type GeneratedName,
  type MessageListOptions,
  type NewMessages,
  type NewTurn,
  type PathOptions,
  type SearchQuery,
  type SessionChanges,
  type SessionStore,
  undoMs,
} from "./store.ts";

interface Deleted {
  readonly info: SessionInfo;
  readonly messages: readonly StoredMessage[];
  readonly named: boolean;
  readonly timer: NodeJS.Timeout;
}

export class MemoryStore implements SessionStore {
  /** In the order of their last change, the newest at the end. */
  readonly #sessions = new Map<string, SessionInfo>();
  /** Those whose title somebody has thought of. */
  readonly #named = new Set<string>();
  readonly #messages = new MemoryMessages();
  /** Until they cannot be restored any more. */
  readonly #deleted = new Map<string, Deleted>();
  readonly #limits = new Map<string, EndpointLimit>();

  async createSession(session: SessionInfo, messages: readonly StoredMessage[] = []): Promise<void> {
    checkConversation(session, messages);
    this.#checkParents(session.id, messages);
    this.#sessions.set(session.id, session);
    this.#messages.insert(session.id, messages);
  }

  async listSessions(limit: number): Promise<readonly SessionInfo[]> {
    return [...this.#sessions.values()]
      .toReversed()
      .slice(0, limit)
      .map((session) => this.#told(session));
  }

  async getSession(session: string): Promise<SessionInfo | undefined> {
    const info = this.#sessions.get(session);
    return info === undefined ? undefined : this.#told(info);
  }

  async updateSession(session: string, changes: SessionChanges): Promise<SessionInfo> {
    const changed = this.#change(session, changes);
    if (changes.title !== undefined) this.#named.add(session);
    return changed;
  }

  async nameSession({ session, title, had }: GeneratedName): Promise<SessionInfo | undefined> {
    const canBeNamed = this.#sessions.get(session)?.title === had && !this.#named.has(session);
    return canBeNamed ? this.#change(session, { title }) : undefined;
  }

  async setLeaf(session: string, message: string): Promise<SessionInfo> {
    if (!this.#sessions.has(session)) throw sessionNotFound(session);
    this.#checkIn(session, message);
    if (this.#messages.get(message)?.message.role === "system") throw messageNotFound(message);
    let leaf = message;
    const newestBelow = (): string | undefined => this.#messages.following(session, leaf).at(-1);
    for (let below = newestBelow(); below !== undefined; below = newestBelow()) leaf = below;
    return this.#change(session, { leaf });
  }

  async deleteSession(session: string): Promise<void> {
    const info = this.#sessions.get(session);
    if (info === undefined) throw sessionNotFound(session);
    const [messages, named] = [this.#messages.list(session), this.#named.has(session)];
    this.#remove(session);
    const timer = setTimeout(() => this.#deleted.delete(session), undoMs).unref();
    this.#deleted.set(session, { info, messages, named, timer });
  }

  async restoreSession(session: string): Promise<SessionInfo> {
    const deleted = this.#deleted.get(session);
    if (deleted === undefined) throw sessionNotFound(session);
    this.#forgetDeleted(session);
    this.#sessions.set(session, deleted.info);
    if (deleted.named) this.#named.add(session);
    this.#messages.insert(session, deleted.messages);
    return this.#change(session, {});
  }

  async getMessage(message: string): Promise<StoredMessage | undefined> {
    return this.#messages.get(message);
  }

  async getPath(leaf: string, { limit = Infinity, siblings = false }: PathOptions = {}): Promise<readonly StoredMessage[]> {
    const path: StoredMessage[] = [];
    for (let at: string | null = leaf; at !== null && path.length < limit;) {
      const message: StoredMessage | undefined = this.#messages.get(at);
      if (message === undefined) break;
      path.push(message);
      at = message.parent;
    }
    const oldestFirst = path.toReversed();
    return siblings ? oldestFirst.map((message) => this.#withSiblings(message)) : oldestFirst;
  }

  async listMessages(session: string, { after, limit }: MessageListOptions): Promise<readonly StoredMessage[]> {
    return this.#messages.list(session, after, limit);
  }

  async listSummaries(session: string): Promise<readonly StoredMessage[]> {
    return this.#messages.summaries(session);
  }

  async addMessages({ session, messages, leaf }: NewMessages): Promise<SessionInfo> {
    if (!this.#sessions.has(session)) throw sessionNotFound(session);
    this.#checkParents(session, messages);
    if (leaf !== undefined && !messages.some(({ id }) => id === leaf)) this.#checkIn(session, leaf);
    this.#messages.insert(session, messages);
    return this.#change(session, leaf === undefined ? {} : { leaf });
  }

  async beginTurn({ session, user, assistant, changes, beside = false }: NewTurn): Promise<SessionInfo> {
    if (!this.#sessions.has(session)) throw sessionNotFound(session);
    const { parent } = user ?? assistant;
    if (parent !== null) this.#checkIn(session, parent);
    if (!beside && this.#messages.isAnswering(session)) throw sessionBusy();
    this.#messages.insert(session, user === undefined ? [assistant] : [user, assistant]);
    return this.#change(session, { ...changes, leaf: assistant.id });
  }

  async saveProgress(answers: readonly AnswerProgress[]): Promise<void> {
    for (const answer of answers) if (this.#messages.get(answer.id)?.status === "streaming") this.#updateMessage(answer);
  }

  async finishAnswers(answers: readonly FinishedAnswer[]): Promise<void> {
    let isGone = false;
    for (const answer of answers) {
      this.#updateMessage(answer);
      const session = this.#messages.get(answer.id)?.session;
      if (session === undefined) isGone = true;
      else this.#change(session, {});
    }
    if (isGone) throw deletedMeanwhile();
  }

  async search({ text, limit, messagesPerSession }: SearchQuery): Promise<SearchResult> {
    const phrases = phrasesOf(text);
    if (phrases.length === 0) return { hits: [], complete: true };
    const ended = this.#messages
      .all()
      .filter(({ status }) => status !== "streaming")
      .toArray();
    const found = ended.map(({ id, session, createdAt, message }) => {
      const text = searchableText(message);
      const folded = fold(text);
      return { candidate: { id, session, createdAt, message, text, folded }, counts: countsOf(folded, phrases) };
    });
    const inTitle = phrases.map(inTitleWords);
    const hits = rank({
      phrases,
      candidates: found.filter(({ counts }) => !counts.includes(0)).map(({ candidate }) => candidate),
      frequencies: phrases.map((_, at) => found.filter(({ counts }) => (counts[at] ?? 0) > 0).length),
      messageCount: ended.length,
      titled: [...this.#sessions.values()]
        .filter(({ title }) => inTitle.every((words) => titleWords(title).includes(words)))
        .map((session) => this.#told(session)),
      session: (id) => {
        const session = this.#sessions.get(id);
        return session === undefined ? undefined : this.#told(session);
      },
      limit,
      messagesPerSession,
      now: Date.now(),
    });
    return { hits, complete: true };
  }

  async statistics(): Promise<StoreStatistics> {
    const changes = Array.from(this.#sessions.values(), ({ updatedAt }) => updatedAt);
    return {
      folder: null,
      bytes: 0,
      sessions: this.#sessions.size,
      messages: this.#messages.count,
      deletedSessions: this.#deleted.size,
      oldestChange: changes.length === 0 ? null : Math.min(...changes),
      otherFiles: [],
    };
  }

  async prune(before: number): Promise<number> {
    const old = [...this.#sessions.values()].filter(({ id, updatedAt }) => updatedAt < before && !this.#messages.isAnswering(id));
    for (const { id } of old) this.#remove(id);
    return old.length;
  }

  async deleteAll(): Promise<DeletedHistory> {
    const sessions = this.#sessions.size;
    this.#clear();
    return { sessions, files: [], filesLeft: [] };
  }

  async rememberLimit(limit: EndpointLimit): Promise<void> {
    this.#limits.set(limit.endpoint, limit);
  }

  async knownLimits(): Promise<readonly EndpointLimit[]> {
    return [...this.#limits.values()];
  }

  async close(): Promise<void> {
    this.#clear();
  }

  #clear(): void {
    this.#sessions.clear();
    this.#named.clear();
    this.#messages.clear();
    for (const session of this.#deleted.keys()) this.#forgetDeleted(session);
  }

  #told(session: SessionInfo): SessionInfo {
    return this.#messages.isAnswering(session.id) ? { ...session, answering: "here" } : session;
  }

  #checkIn(session: string, message: string): void {
    if (this.#messages.get(message)?.session !== session) throw messageNotFound(message);
  }

  #checkParents(session: string, messages: readonly StoredMessage[]): void {
    const given = new Set<string>();
    for (const { id, parent } of messages) {
      if (parent !== null && !given.has(parent)) this.#checkIn(session, parent);
      given.add(id);
    }
  }

  #withSiblings(message: StoredMessage): StoredMessage {
    const siblings = this.#messages.following(message.session, message.parent);
    return siblings.length < 2 ? message : { ...message, siblings: [...siblings] };
  }

  #change(id: string, changes: SessionChanges & { readonly leaf?: string }): SessionInfo {
    const session = this.#sessions.get(id);
    if (session === undefined) throw sessionNotFound(id);
    const changed = { ...session, ...changes, updatedAt: Date.now() };
    this.#sessions.delete(id);
    this.#sessions.set(id, changed);
    return this.#told(changed);
  }

  #remove(session: string): void {
    this.#sessions.delete(session);
    this.#named.delete(session);
    this.#messages.remove(session);
  }

  #forgetDeleted(session: string): void {
    clearTimeout(this.#deleted.get(session)?.timer);
    this.#deleted.delete(session);
  }

  /** An answer whose session was deleted meanwhile has nowhere to go. */
  #updateMessage({ id, ...changes }: AnswerProgress | FinishedAnswer): void {
    this.#messages.change(id, changes);
  }
}
