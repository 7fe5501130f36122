// The thread that checks answers against schemas, so that neither a pattern that backtracks for ever nor a schema that is tried
// in a million ways stops the process: whoever started it ends it (`schema-thread.ts`).

import { parentPort, workerData } from "node:worker_threads";
import { jsonOf } from "./answer-json.ts";
import { schemaCheck, type SchemaCheck } from "./schema-check.ts";
import type { CheckRequest, Judgement, ThreadMessage } from "./schema-messages.ts";

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
  const found = jsonOf(text);
  if (found === undefined) return { type: "wrong", problems: ["it is no JSON"] };
  try {
    const problems = check(found.value);
    return problems.length === 0 ? { type: "fits", json: found.json } : { type: "wrong", problems };
  } catch (error) {
    // A schema that refers to itself, and an answer nested deeper than the stack.
    return { type: "wrong", problems: [`it cannot be checked: ${wordsOf(error)}`] };
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const post = (message: ThreadMessage): void => parentPort?.postMessage(message);
parentPort?.on("message", (request: CheckRequest) => post(judged(request)));
post("ready");
