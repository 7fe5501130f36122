// `npm test`: everything that holds Parley together, in parts. `npm test -- --only types,lint` runs some of them; `--long` and
// `--desktop` run others instead.

import { parseArgs } from "node:util";
import { SetupError } from "../bootstrap.mjs";
import { ensureChromium } from "./rig/chromium.ts";
import { ensureEditor, ensureLocalRuntime } from "./rig/install.ts";
import { desktop, everything, long, type Part, type Stage } from "./rig/parts.ts";
import { keepOutput, type PartResult, readAllowedSkips, runPart } from "./rig/run-part.ts";

const TAIL_LINES = 60;

interface RunOptions {
  readonly desktop: boolean;
  readonly long: boolean;
  readonly only: readonly string[];
}

function readOptions(args: readonly string[]): RunOptions {
  const options = { desktop: { type: "boolean" }, long: { type: "boolean" }, only: { type: "string", multiple: true } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const only = (values.only ?? []).flatMap((names) => names.split(",")).map((name) => name.trim());
  return { desktop: values.desktop === true, long: values.long === true, only };
}

/** The stages that are asked for; `--only` takes any part whose name contains one of the words. */
function chooseStages({ desktop: onDesktop, long: takesLong, only }: RunOptions): readonly Stage[] {
  const stages = takesLong ? long : onDesktop ? desktop : everything;
  if (only.length === 0) return stages;
  const names = stages.flat(2).map(({ name }) => name);
  const unknown = only.filter((word) => !names.some((name) => name.includes(word)));
  if (unknown.length > 0) throw new SetupError(`No part is called like ${unknown.join(", ")}. There are: ${names.join(", ")}.`);
  const wanted = ({ name }: Part): boolean => only.some((word) => name.includes(word));
  return stages
    .map((stage) => stage.map((lane) => lane.filter(wanted)).filter((lane) => lane.length > 0))
    .filter((stage) => stage.length > 0);
}

async function runStages(stages: readonly Stage[], signal: AbortSignal): Promise<readonly PartResult[]> {
  const allowed = readAllowedSkips();
  const results: PartResult[] = [];
  const runLane = async (lane: readonly Part[]): Promise<void> => {
    for (const part of lane) {
      if (signal.aborted) return;
      const result = await runPart(part, allowed, signal);
      results.push(result);
      tell(result);
    }
  };
  for (const stage of stages) await Promise.all(stage.map(runLane));
  return results;
}

function tell(result: PartResult): void {
  const { name, passed, failed, skipped, ms } = result;
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  console.log(`${failed === 0 ? "✓" : "✗"} ${name.padEnd(28)} ${seconds(ms)}  ${counts}`);
  if (failed === 0) return;
  for (const { file, title, error } of result.failures)
    console.log(`\n  ✗ ${title}\n    ${file}\n${(error ?? "").replace(/^/gm, "      ")}`);
  for (const complaint of result.complaints) console.log(`\n  ${complaint}`);
  if (result.complaints.length > 0)
    console.log(`\n${result.output.trimEnd().split("\n").slice(-TAIL_LINES).join("\n").replace(/^/gm, "  | ")}`);
  console.log(`\n  All of its output: ${keepOutput(result)}\n`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(6)} s`;
}

function summarize(results: readonly PartResult[], startedAt: number): number {
  const sum = (count: (result: PartResult) => number): number => results.reduce((total, result) => total + count(result), 0);
  const failed = sum((result) => result.failed);
  console.log(`\nAll parts took ${seconds(performance.now() - startedAt).trim()}.`);
  const broken = results.filter((result) => result.failed > 0);
  if (broken.length > 0) console.log(`Failed: ${broken.map(({ name }) => name).join(", ")}.`);
  console.log(`${sum((result) => result.passed)} passed, ${failed} failed, ${sum((result) => result.skipped)} skipped`);
  return failed === 0 ? 0 : 1;
}

function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  process.on("disconnect", () => stop.abort());
  process.channel?.unref();
  return stop.signal;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  const stages = chooseStages(options);
  const signal = stopSignal();
  // The long tests need sockets and a processor, and nothing else.
  if (!options.long) {
    await ensureLocalRuntime();
    await ensureEditor();
    await ensureChromium();
  }
  const startedAt = performance.now();
  const results = await runStages(stages, signal);
  const code = summarize(results, startedAt);
  if (!signal.aborted) return code;
  console.error("parley: the tests were interrupted.");
  return 130;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`\nparley: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
