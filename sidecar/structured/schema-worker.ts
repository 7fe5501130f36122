// The thread that checks answers against schemas, so that neither a pattern that backtracks for ever nor a schema that is tried
// in a million ways stops the process: whoever started it ends it (`schema-thread.ts`).

import { parentPort, workerData } from "node:worker_threads";
import { jsonIn } from "./answer-json.ts";
import { schemaCheck, type SchemaCheck } from "./schema-check.ts";
import type { CheckRequest, Judgement, ThreadMessage } from "./schema-messages.ts";
import type { JsonValue } from "../types.ts";

/** The bytes in which the other side reads at what pattern this one has come to a stand. */
const shared: unknown = workerData;
const bytes = shared instanceof SharedArrayBuffer ? Buffer.from(shared) : undefined;

function onPattern(pattern: string): void {
  if (bytes !== undefined) bytes[0] = pattern === "" ? 0 : bytes.write(pattern, 1);
}

function judged({ schema, text }: CheckRequest): Judgement {
  let check: SchemaCheck;
  try {
    check = schemaCheck(schema, onPattern);
  } catch (error) {
    return { type: "no-schema", reason: wordsOf(error) };
  }
  if (text === undefined) return { type: "usable" };
  let first: readonly string[] | undefined;
  for (const { json, value } of jsonIn(text)) {
    const problems = problemsOf(check, value);
    if (problems.length === 0) return { type: "fits", json };
    first ??= problems;
  }
  return { type: "wrong", problems: first ?? ["it is no JSON"] };
}

function problemsOf(check: SchemaCheck, value: JsonValue): readonly string[] {
  try {
    return check(value);
  } catch (error) {
    // A schema that refers to itself, and an answer nested deeper than the stack.
    return [`it cannot be checked: ${wordsOf(error)}`];
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const post = (message: ThreadMessage): void => parentPort?.postMessage(message);
parentPort?.on("message", (request: CheckRequest) => post(judged(request)));
post("ready");
