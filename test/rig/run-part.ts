// Runs one part of `npm test` and counts what came of it.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "./parts.ts";
import { inClone } from "./places.ts";
import { ProcessGroup } from "./process-group.ts";
import { type AllowedSkip, readResults, type Tally, tally } from "./results.ts";

export interface PartResult extends Tally {
  readonly name: string;
  readonly ms: number;
  /** All that the part printed. */
  readonly output: string;
}

const OUTPUT_LIMIT = 4_000_000;

export function readAllowedSkips(): readonly AllowedSkip[] {
  return JSON.parse(readFileSync(inClone("test/allowed-skips.json"), "utf8"));
}

/** Never rejects: a part that cannot be started has failed. Aborting ends the part's whole process group. */
export async function runPart(part: Part, allowed: readonly AllowedSkip[], signal: AbortSignal): Promise<PartResult> {
  const results = join(resultsFolder(), `${part.name.replaceAll(/[^a-z]+/gi, "-")}.jsonl`);
  rmSync(results, { force: true });
  const started = performance.now();
  const { output, complaint } = await runCommand(part, results, signal);
  const ms = performance.now() - started;
  const counted = part.kind === "check" ? tallyCheck(complaint) : tallyTests(part.name, results, allowed, complaint);
  return { name: part.name, ms, output, ...counted };
}

function resultsFolder(): string {
  const folder = inClone(".cache/test-results");
  mkdirSync(folder, { recursive: true });
  return folder;
}

interface CommandEnd {
  readonly output: string;
  /** Why the command itself is taken for failed. */
  readonly complaint?: string;
}

async function runCommand(part: Part, results: string, signal: AbortSignal): Promise<CommandEnd> {
  let output = "";
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("NODE_TEST_"));
  const group = new ProcessGroup(part.command, part.args(results), {
    cwd: inClone(),
    env: { ...Object.fromEntries(inherited), ...part.env?.(results) },
    output: (text) => (output = (output + text).slice(-OUTPUT_LIMIT)),
  });
  const { promise: outOfTime, resolve } = Promise.withResolvers<CommandEnd>();
  const timer = setTimeout(() => resolve({ output, complaint: `${part.name}: not done after ${part.limitMs / 1000} s.` }), part.limitMs);
  const interrupted = (): void => resolve({ output, complaint: `${part.name}: interrupted.` });
  signal.addEventListener("abort", interrupted);
  if (signal.aborted) interrupted();
  const ended = group.ended.then(
    ({ code, signal: killed }): CommandEnd =>
      code === 0 ? { output } : { output, complaint: `${part.name}: ended with ${killed ?? `status ${code}`}.` },
    (error: Error): CommandEnd => ({ output, complaint: `${part.name}: could not be started (${error.message}).` }),
  );
  const end = await Promise.race([ended, outOfTime]);
  clearTimeout(timer);
  signal.removeEventListener("abort", interrupted);
  // Also after a good end: what the part has left running ends here.
  await group.stop(part.graceMs ?? 15_000);
  await group.outputEnded;
  return { ...end, output };
}

function tallyCheck(complaint: string | undefined): Tally {
  const failed = complaint !== undefined;
  return { passed: failed ? 0 : 1, failed: failed ? 1 : 0, skipped: 0, complaints: failed ? [complaint] : [], failures: [] };
}

/** Counts what the reporter wrote. A status that says failure while no test failed is a failure of its own. */
function tallyTests(suite: string, results: string, allowed: readonly AllowedSkip[], complaint: string | undefined): Tally {
  const counted = tally(suite, readResults(results), allowed);
  const unexplained = complaint !== undefined && counted.failed === 0 ? [complaint] : [];
  const complaints = [...counted.complaints, ...unexplained];
  return { ...counted, complaints, failed: counted.failed + complaints.length };
}

/** Keeps the whole output of a failed part; returns where. */
export function keepOutput(result: PartResult): string {
  const file = join(resultsFolder(), `${result.name.replaceAll(/[^a-z]+/gi, "-")}.log`);
  writeFileSync(file, result.output);
  return existsSync(file) ? file : "";
}
