// `npm run torture`: the trials in their long form, whose results go into docs/reliability.md.
// `npm run torture -- --only kill-host --rounds 20 --seed 7` runs some of them, or less of them; `--dry` writes nothing. With
// `--busy`, on a machine that does other things too, times are told and only a tenfold of what is promised fails.

import { parseArgs } from "node:util";
import { SetupError } from "../../bootstrap.mjs";
import { ensureLocalRuntime } from "../rig/install.ts";
import { report } from "./paper.ts";
import { copyProgram, removeTrialFolders, type Scenario, trialFolder } from "./scenario.ts";
import { headless, reloadWindow } from "./scenarios.ts";

interface Options {
  readonly only: readonly string[];
  readonly rounds: number | undefined;
  readonly seed: number;
  readonly dry: boolean;
  readonly busy: boolean;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true },
      rounds: { type: "string" },
      seed: { type: "string" },
      dry: { type: "boolean" },
      busy: { type: "boolean" },
    },
  });
  const whole = (name: "rounds" | "seed"): number | undefined => {
    const given = values[name];
    if (given === undefined) return undefined;
    if (!/^\d+$/.test(given) || Number(given) < 1) throw new SetupError(`--${name} is a whole number from 1 on, not "${given}".`);
    return Number(given);
  };
  return {
    only: (values.only ?? []).flatMap((names) => names.split(",")).map((name) => name.trim()),
    rounds: whole("rounds"),
    seed: whole("seed") ?? Math.floor(Math.random() * 2 ** 31) + 1,
    dry: values.dry === true,
    busy: values.busy === true,
  };
}

function choose(only: readonly string[]): readonly Scenario[] {
  const all = [...headless, reloadWindow];
  const chosen = only.length === 0 ? all : all.filter(({ name }) => only.includes(name));
  const names = all.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new SetupError(`No trial is called ${unknown}. There are: ${names.join(", ")}.`);
  return chosen;
}

async function main(): Promise<void> {
  const { only, rounds: wanted, seed, dry, busy } = readOptions(process.argv.slice(2));
  const scenarios = choose(only);
  await ensureLocalRuntime();
  for (const scenario of scenarios) {
    const rounds = wanted ?? scenario.rounds;
    console.log(`\n${scenario.title}\n  ${scenario.name}: ${rounds} rounds, seed ${seed}`);
    const startedAt = performance.now();
    const bundle = copyProgram(trialFolder(`program-of-${scenario.name}`));
    const folder = trialFolder(scenario.name);
    const findings = await scenario.run({ rounds, seed, folder, bundle, strict: !busy, say: (line) => console.log(`  ${line}`) });
    const seconds = (performance.now() - startedAt) / 1000;
    for (const [what, found] of findings) console.log(`  ${what}: ${found}`);
    if (!dry) report({ scenario, rounds, seed, busy, findings, seconds });
  }
}

// An interrupted run leaves nothing behind either; whoever it started ends with its pipe.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
process.once("exit", removeTrialFolders);
try {
  await main();
} catch (error) {
  console.error(`\nparley: ${error instanceof SetupError ? error.message : error instanceof Error ? error.stack : String(error)}`);
  process.exitCode = 1;
}
