// A reporter for node:test that writes what results.ts reads.

import { resolve } from "node:path";
import type { TestEvent } from "node:test/reporters";
import { relativeToClone, type TestRecord } from "./results.ts";

type Finished = Extract<TestEvent, { type: "test:pass" | "test:fail" }>;

function isLeftOut({ data }: Pick<Finished, "data">): boolean {
  return (data.skip !== undefined && data.skip !== false) || (data.todo !== undefined && data.todo !== false);
}

function record({ type, data }: Finished): TestRecord {
  const outcome = isLeftOut({ data }) ? "skipped" : type === "test:pass" ? "passed" : "failed";
  const error = type === "test:fail" ? data.details.error : undefined;
  return {
    file: data.file === undefined ? "" : relativeToClone(data.file),
    title: data.name,
    outcome,
    ms: data.details.duration_ms,
    ...(outcome === "failed" && error !== undefined ? { error: describe(error) } : {}),
  };
}

/** The error of a failed test is wrapped by the runner; what the test threw is its cause. */
function describe(error: Error): string {
  const thrown = error.cause instanceof Error ? error.cause : error;
  return thrown.stack ?? thrown.message;
}

function isHookFailure(error: Error): boolean {
  return "failureType" in error && error.failureType === "hookFailed";
}

/** The runner reports a file that held no test as a test that passed. */
function isEmptyFile({ type, data }: Finished): boolean {
  return type === "test:pass" && data.file !== undefined && resolve(data.name) === data.file;
}

function isCounted(event: Finished): boolean {
  // A suite is counted by its tests, but where it is skipped or its own hook fails there is no test that says so.
  if (event.data.details.type === "suite")
    return isLeftOut(event) || (event.type === "test:fail" && isHookFailure(event.data.details.error));
  return !isEmptyFile(event);
}

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    if ((event.type === "test:pass" || event.type === "test:fail") && isCounted(event)) yield `${JSON.stringify(record(event))}\n`;
  }
  yield `${JSON.stringify({ finished: true })}\n`;
}
