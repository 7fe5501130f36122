// One prompt over many files.

import { CancelGather, StartGather } from "../protocol.ts";
import { refuse } from "../check.ts";
import type { Router } from "./router.ts";
import { mostStreamsOfARun, params } from "./shapes.ts";

export function addGatherHandlers(router: Router): void {
  router.on(StartGather, params.startGather, ({ gathers }, run) => {
    if (new Set(run.items.map(({ item }) => item)).size < run.items.length) refuse("items", "a list in which each `item` is another");
    if (new Set(run.models).size < run.models.length) refuse("models", "a list without repetition");
    const streams = run.items.length * run.models.length;
    if (streams > mostStreamsOfARun) refuse("items", `so few that with these models there are at most ${mostStreamsOfARun} answers`);
    return gathers.start(run);
  });

  router.on(CancelGather, params.run, async ({ gathers }, { run }) => {
    await gathers.cancel(run);
    return null;
  });
}
