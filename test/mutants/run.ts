// `npm run test:mutants [-- row, row …]`: runs the tests that hold the rows as the sources are, where they must pass, and with
// each mutant of each row, where one of the row's own tests must fail. Prints a line for each mutant; ends with 1 if one has
// survived.

import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { inClone } from "../rig/places.ts";
import { ProcessGroup } from "../rig/process-group.ts";
import type { TestRecord } from "../rig/results.ts";
import type { Mutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";
import { filesByRow, rowOf } from "./row-tests.ts";
import { ROWS, type RowName } from "./rows.ts";

/** A mutant that makes a test hang has been noticed by it. Milliseconds. */
const TEST_LIMIT_MS = 60_000;
const RUN_LIMIT_MS = 150_000;
const BASELINE_LIMIT_MS = 10 * 60_000;

interface TestRun {
  readonly edits: Mutant["edits"];
  readonly files: readonly string[];
  /** The rows' names as a part of a regular expression. */
  readonly names: string;
  readonly limitMs: number;
  /** Ends the run when it says so. */
  readonly enough: (record: TestRecord) => boolean;
}

/** What the tests came to; `finished` is false where the time was over first. */
async function runTests({ edits, files, names, limitMs, enough }: TestRun): Promise<{ records: TestRecord[]; finished: boolean }> {
  const mutant = edits.map(({ file, from, to }) => ({ url: pathToFileURL(inClone(file)).href, from, to }));
  const records: TestRecord[] = [];
  const decided = Promise.withResolvers<void>();
  let rest = "";
  const read = (text: string): void => {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines.filter((one) => one.startsWith('{"file":'))) {
      const record: TestRecord = JSON.parse(line);
      records.push(record);
      if (enough(record)) decided.resolve();
    }
  };
  const options = [
    `--test-reporter=${inClone("test/rig/node-test-results.ts")}`,
    `--test-timeout=${TEST_LIMIT_MS}`,
    // The name of a test within a suite begins with the suite's.
    `--test-name-pattern=(?:^| )(?:${names}): `,
  ];
  const tests = new ProcessGroup(process.execPath, ["--test", ...options, ...files], {
    cwd: inClone(),
    env: {
      ...process.env,
      NODE_OPTIONS: `--import=${pathToFileURL(inClone("test/mutants/mutate.mjs")).href}`,
      PARLEY_MUTANT: JSON.stringify(mutant),
    },
    output: read,
  });
  const timer = setTimeout(() => decided.resolve(), limitMs);
  const finished = await Promise.race([tests.ended.then(() => tests.outputEnded).then(() => true), decided.promise.then(() => false)]);
  clearTimeout(timer);
  await tests.stop(0);
  return { records, finished };
}

const files = filesByRow();
const wanted = process.argv
  .slice(2)
  .join(" ")
  .split(",")
  .map((name) => name.trim())
  .filter((name) => name !== "");
const mutants = MUTANTS.filter(({ row }) => wanted.length === 0 || wanted.includes(row));
const rows = [...new Set(mutants.map(({ row }) => row))];

/** What is wrong with each row's tests before anything was changed. */
async function problemsBefore(): Promise<ReadonlyMap<RowName, string>> {
  const all = [...new Set(rows.flatMap((row) => files.get(row) ?? []))];
  // Without a file the runner would take all there are.
  const { records } =
    all.length === 0
      ? { records: [] }
      : await runTests({ edits: [], files: all, names: rows.join("|"), limitMs: BASELINE_LIMIT_MS, enough: () => false });
  const problems = new Map<RowName, string>();
  for (const row of rows) {
    const own = records.filter(({ title }) => rowOf(title) === row);
    const failed = own.find(({ outcome }) => outcome === "failed");
    if (failed !== undefined) problems.set(row, `fails without the mutant: ${failed.title}`);
    else if (!own.some(({ outcome }) => outcome === "passed")) problems.set(row, "no test of the row has run without the mutant");
  }
  return problems;
}

/** The test that has noticed the mutant, or what else there is to say. */
async function check({ row, edits }: Mutant): Promise<{ readonly noticed: boolean; readonly words: string }> {
  const isNoticed = (record: TestRecord): boolean => record.outcome === "failed" && rowOf(record.title) === row;
  const run = await runTests({ edits, files: files.get(row) ?? [], names: row, limitMs: RUN_LIMIT_MS, enough: isNoticed });
  const failed = run.records.find(isNoticed);
  if (failed !== undefined) return { noticed: true, words: failed.title };
  if (!run.finished) return { noticed: true, words: "its tests came to no end" };
  const [broken] = run.records.filter(({ outcome }) => outcome === "failed");
  return {
    noticed: false,
    words:
      broken === undefined ? `survived ${run.records.length} tests` : `no test of the row failed, but ${broken.title}: ${broken.error}`,
  };
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
const unknown = wanted.filter((name) => !ROWS.some((row) => row.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no row ${unknown.join(", ")}. Rows are named as in test/mutants/rows.ts, with commas between them: quirk 7, fault 3`,
  );
  process.exit(2);
}
const before = await problemsBefore();
const queue = [...mutants];
let survived = 0;
async function work(): Promise<void> {
  for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
    const problem = before.get(mutant.row);
    const { noticed, words } = problem === undefined ? await check(mutant) : { noticed: false, words: problem };
    if (!noticed) survived += 1;
    console.log(`${noticed ? "✓" : "✗"} ${mutant.row}  ${mutant.edits[0]?.file}: ${words}`);
  }
}
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
for (const { name, notApplicable } of ROWS) {
  if (notApplicable !== undefined && (wanted.length === 0 || wanted.includes(name))) console.log(`– ${name}  ${notApplicable}`);
}
console.log(`${mutants.length - survived} of ${mutants.length} mutants of ${rows.length} rows noticed`);
if (survived > 0) process.exitCode = 1;
