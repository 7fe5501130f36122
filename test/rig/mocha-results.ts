// A reporter for Mocha inside VS Code's extension host: prints each test and writes what results.ts reads.

import { appendFileSync } from "node:fs";
import { resultsVariable, relativeToClone, type TestRecord } from "./results.ts";

/** The part of Mocha's runner that is used here. Mocha itself comes with the test runner and is not imported. */
interface Runner {
  on(event: "pass" | "pending", listener: (test: Test) => void): void;
  on(event: "fail", listener: (test: Test, error: Error) => void): void;
  on(event: "end", listener: () => void): void;
}
interface Test {
  readonly file?: string;
  readonly duration?: number;
  fullTitle(): string;
}

/** Bundled tests lie in `out/integration`; people look for them in `test/integration`. */
function sourceOf(file: string | undefined): string {
  return file === undefined ? "" : relativeToClone(file).replace(/^out\/(.*)\.cjs$/, "test/$1.ts");
}

/** Mocha calls it with `new`. */
export default function MochaResults(runner: Runner): void {
  const file = process.env[resultsVariable];
  const write = (value: TestRecord | { readonly finished: true }): void => {
    if (file !== undefined) appendFileSync(file, `${JSON.stringify(value)}\n`);
  };
  const record = (test: Test, outcome: TestRecord["outcome"]): TestRecord => ({
    file: sourceOf(test.file),
    title: test.fullTitle(),
    outcome,
    ms: test.duration ?? 0,
  });
  runner.on("pass", (test) => {
    console.log(`  ✓ ${test.fullTitle()} (${test.duration ?? 0} ms)`);
    write(record(test, "passed"));
  });
  runner.on("pending", (test) => {
    console.log(`  - ${test.fullTitle()}`);
    write(record(test, "skipped"));
  });
  runner.on("fail", (test, error) => {
    const words = error.stack ?? error.message;
    console.log(`  ✗ ${test.fullTitle()}\n${words.replace(/^/gm, "      ")}`);
    write({ ...record(test, "failed"), error: words });
  });
  runner.on("end", () => write({ finished: true }));
}
