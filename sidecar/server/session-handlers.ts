// Conversations: made, listed, read, changed, deleted.

import { CreateSession, DeleteSession, GetSession, ListSessions, UpdateSession } from "../protocol.ts";
import { sessionNotFound } from "../sessions/failures.ts";
import { newSession } from "../sessions/new-session.ts";
import type { SessionDetail, SessionInfo } from "../types.ts";
import type { Core } from "./core.ts";
import type { Router } from "./router.ts";
import { params } from "./shapes.ts";

/** Sessions in a list that names no limit, and at most. */
const usualLimit = 200;
const mostListed = 10_000;

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

  router.on(GetSession, params.session, async (core, { session }) => {
    const info = await core.services.store.getSession(session);
    if (info === undefined) throw sessionNotFound(session);
    return { session: await detailOf(core, info) };
  });

  router.on(UpdateSession, params.updateSession, async ({ services, sessionChanged }, { session, ...changes }) => {
    const changed = await services.store.updateSession(session, changes);
    sessionChanged(changed);
    return { session: changed };
  });

  router.on(DeleteSession, params.session, async ({ services, chats }, { session }) => {
    await chats.stop(session);
    await services.store.deleteSession(session);
    return null;
  });
}

async function detailOf({ services, chats }: Core, info: SessionInfo): Promise<SessionDetail> {
  const path = info.leaf === null ? [] : await services.store.getPath(info.leaf);
  return { ...info, messages: path.map((message) => chats.withStream(message)) };
}
