// The store as a whole: how much it holds, and what leaves it for good.

import { DeleteAllSessions, GetStoreStatistics, PruneStore } from "../protocol.ts";
import type { Router } from "./router.ts";
import { params } from "./shapes.ts";

export function addStoreHandlers(router: Router): void {
  router.on(GetStoreStatistics, params.nothing, async ({ services }) => ({ statistics: await services.store.statistics() }));

  router.on(PruneStore, params.prune, async ({ services }, { before }) => ({ sessions: await services.store.prune(before) }));

  router.on(DeleteAllSessions, params.nothing, async ({ services, chats }) => {
    await chats.stopAll();
    return services.store.deleteAll();
  });
}
