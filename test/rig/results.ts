// What the reporters write and `npm test` counts: one JSON object a line, a record for each test and at last `finished`, without
// which a run is taken for one that died.

import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { inClone } from "./places.ts";

export interface TestRecord {
  /** Relative to the clone, with forward slashes; empty where unknown. */
  readonly file: string;
  readonly title: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly ms: number;
  /** Of a failed test: message and stack. */
  readonly error?: string;
}

/** Leave to skip one test, and why. */
export interface AllowedSkip {
  readonly file: string;
  readonly title: string;
  readonly reason: string;
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What makes the run a failure, in words for people, beside the failed tests themselves. */
  readonly complaints: readonly string[];
  readonly failures: readonly TestRecord[];
}

/** The variable that names the file which the reporters write. */
export const resultsVariable = "PARLEY_TEST_RESULTS";

export function relativeToClone(file: string): string {
  return relative(inClone(), file).replaceAll("\\", "/");
}

/** Reads what a reporter wrote. `finished` is false when its last line is missing. */
export function readResults(file: string): { readonly records: readonly TestRecord[]; readonly finished: boolean } {
  if (!existsSync(file)) return { records: [], finished: false };
  const lines = readFileSync(file, "utf8").split("\n");
  const records: TestRecord[] = [];
  let finished = false;
  for (const line of lines) {
    if (line === "") continue;
    const value: TestRecord | { readonly finished: true } = JSON.parse(line);
    if ("finished" in value) finished = true;
    else records.push(value);
  }
  return { records, finished };
}

/** Counts a suite, and complains of what must not pass for a success: a run that died, one of no test, a skip without leave. */
export function tally(suite: string, results: ReturnType<typeof readResults>, allowed: readonly AllowedSkip[]): Tally {
  const of = (outcome: TestRecord["outcome"]): TestRecord[] => results.records.filter((record) => record.outcome === outcome);
  const failures = of("failed");
  const skipped = of("skipped");
  const passed = of("passed").length;
  const complaints: string[] = [];
  if (!results.finished) complaints.push(`${suite}: the run did not come to its end.`);
  else if (passed + failures.length === 0) complaints.push(`${suite}: no test ran.`);
  for (const { file, title } of skipped) {
    const reason = allowed.find((skip) => skip.file === file && skip.title === title)?.reason ?? "";
    if (reason === "") complaints.push(`${suite}: "${title}" in ${file} was skipped, and test/allowed-skips.json gives no reason.`);
  }
  return { passed, failed: failures.length, skipped: skipped.length, complaints, failures };
}
