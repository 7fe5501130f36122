// Conversations: made, listed, read, changed, deleted.

import {
  CreateSession,
  DeleteSession,
  GetSession,
  type GetSessionParams,
  ListSessions,
  RestoreSession,
  SearchSessions,
  SelectMessage,
  UpdateSession,
} from "../protocol.ts";
import { messageNotFound, sessionNotFound } from "../sessions/failures.ts";
import { newSession } from "../sessions/new-session.ts";
import type { SessionStore } from "../sessions/store.ts";
import type { SessionDetail, SessionInfo } from "../types.ts";
import type { Core } from "./core.ts";
import type { Router } from "./router.ts";
import { params } from "./shapes.ts";

/** Sessions in a list that names no limit, and at most. */
const usualLimit = 200;
const mostListed = 10_000;
/** Messages of a conversation that are given where no limit is named. */
const usualPage = 200;
/** Sessions and messages of each in a search that names no limits. */
const usualHits = 50;
const usualMessages = 3;

export function addSessionHandlers(router: Router): void {
  router.on(CreateSession, params.createSession, async ({ services, sessionChanged }, wanted) => {
    const session = newSession(wanted);
    await services.store.createSession(session);
    sessionChanged(session);
    return { session: { ...session, messages: [] } };
  });

  router.on(ListSessions, params.limit, async ({ services }, { limit = usualLimit }) => {
    return { sessions: await services.store.listSessions(Math.min(limit, mostListed)) };
  });

  router.on(GetSession, params.getSession, async (core, wanted) => {
    const info = await core.services.store.getSession(wanted.session);
    if (info === undefined) throw sessionNotFound(wanted.session);
    return { session: await detailOf(core, info, wanted) };
  });

  router.on(SelectMessage, params.selectMessage, async ({ services, sessionChanged }, { session, message }) => {
    const changed = await services.store.setLeaf(session, message);
    sessionChanged(changed);
    return { session: changed };
  });

  router.on(SearchSessions, params.searchSessions, ({ services }, wanted) => {
    const { text, limit = usualHits, messagesPerSession = usualMessages } = wanted;
    return services.store.search({ text, limit, messagesPerSession });
  });

  router.on(UpdateSession, params.updateSession, async ({ services, chats, sessionChanged }, { session, ...changes }) => {
    if (changes.title !== undefined) chats.named(session);
    const changed = await services.store.updateSession(session, changes);
    sessionChanged(changed);
    return { session: changed };
  });

  router.on(DeleteSession, params.session, async ({ services, chats }, { session }) => {
    await chats.stop(session);
    await services.store.deleteSession(session);
    return null;
  });

  router.on(RestoreSession, params.session, async ({ services, sessionChanged }, { session }) => {
    const restored = await services.store.restoreSession(session);
    sessionChanged(restored);
    return { session: restored };
  });
}

async function detailOf(
  { services, chats }: Core,
  info: SessionInfo,
  { limit = usualPage, before }: GetSessionParams,
): Promise<SessionDetail> {
  const { store } = services;
  const leaf = before === undefined ? info.leaf : await parentOf(store, info.id, before);
  if (leaf === null) return { ...info, messages: [] };
  const [path, summaries] = await Promise.all([store.getPath(leaf, { siblings: true, limit }), store.listSummaries(info.id)]);
  const shown = new Set(path.map(({ id }) => id));
  const within = summaries.filter(({ parent }) => parent !== null && shown.has(parent));
  const messages = path.map((message) => chats.withStream(message));
  return { ...info, messages, ...(within.length === 0 ? {} : { summaries: within }) };
}

async function parentOf(store: SessionStore, session: string, message: string): Promise<string | null> {
  const found = await store.getMessage(message);
  if (found?.session !== session) throw messageNotFound(message);
  return found.parent;
}
