// All trials, in the order of the paper.

import { brokenPipes } from "./broken-pipes.ts";
import { killHost } from "./kill-host.ts";
import { killInference } from "./kill-inference.ts";
import { killSidecar } from "./kill-sidecar.ts";
import { restart } from "./restart.ts";
import type { Scenario } from "./scenario.ts";
import { twoSidecars } from "./two-sidecars.ts";

/** Those that need no editor. */
export const headless: readonly Scenario[] = [killSidecar, restart, killHost, twoSidecars, brokenPipes, killInference];

export const reloadWindow: Scenario = {
  name: "reload-window",
  title: "The real window is reloaded in the middle of an answer",
  rounds: 50,
  // The rig of browser tests is loaded for this alone: it takes a moment, and speaks as tests do.
  run: async (trial) => (await import("./reload-window.ts")).reloadWindowAgainAndAgain(trial),
};
