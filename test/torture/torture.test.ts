// The trials in their short form: a minute, on a machine that may do other things too, so that times are told and only a tenfold
// of what is promised fails. The long form is `npm run torture`; its results stand in docs/reliability.md.

import { after, test } from "node:test";
import { noProcessTree } from "../support/process-tree.ts";
import { copyProgram, removeTrialFolders, trialFolder } from "./scenario.ts";
import { headless } from "./scenarios.ts";

const ROUNDS: { readonly [name: string]: number } = {
  "kill-sidecar": 6,
  restart: 3,
  "kill-host": 3,
  "two-sidecars": 300,
  "broken-pipes": 9,
  "kill-inference": 3,
};

after(removeTrialFolders);

for (const { name, title, run } of headless) {
  const rounds = ROUNDS[name] ?? 1;
  const skip = name === "kill-host" || name === "kill-inference" ? noProcessTree : false;
  test(`${title}: what was promised holds`, { timeout: 120_000, skip }, async (context) => {
    const seed = Math.floor(Math.random() * 2 ** 31) + 1;
    context.diagnostic(`seed ${seed}`);
    const bundle = copyProgram(trialFolder(`program-of-${name}`));
    const findings = await run({ rounds, seed, folder: trialFolder(name), bundle, strict: false, say: () => {} });
    for (const [what, found] of findings) context.diagnostic(`${what}: ${found}`);
  });
}
