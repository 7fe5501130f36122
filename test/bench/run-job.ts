// Runs one job in a process of its own and hands back what it tells.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { HopJob, HopReply, HopResults } from "./hop/hop-jobs.ts";
import type { Job, Reply, Results } from "./jobs.ts";

/** Milliseconds for what never ends. The longest figure takes a tenth of it on a machine that has nothing else to do. */
const LIMIT_MS = 180_000;
const STDERR_KEPT = 2000;

export interface JobProcess {
  readonly file: string;
  /** For Node itself. */
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

type AnyJob = Job | HopJob;
type ResultOf<J extends AnyJob> = (Results & HopResults)[J["figure"]];

/** What a job failed with, in the words of the client that was measured. */
export class JobFailed extends Error {}

/**
 * Rejects with a `JobFailed`. `meanwhile` runs after the result has come and before the process ends: its sockets are open.
 */
export async function runJob<J extends AnyJob>(
  { file, flags = [], environment = {} }: JobProcess,
  job: J,
  meanwhile: (result: ResultOf<J>) => Promise<void> = async () => {},
): Promise<ResultOf<J>> {
  const child = fork(file, [JSON.stringify(job)], {
    execArgv: [...flags],
    // Neither proxies nor keys of whoever runs the benchmark.
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...environment },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const exited = once(child, "exit");
  try {
    const result = await resultOf<J>(child);
    await meanwhile(result);
    return result;
  } finally {
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await exited;
    clearTimeout(timer);
  }
}

function resultOf<J extends AnyJob>(child: ChildProcess): Promise<ResultOf<J>> {
  return new Promise((resolve, reject) => {
    let words = "";
    child.stderr?.on("data", (text) => (words = (words + String(text)).slice(-STDERR_KEPT)));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new JobFailed(`not done after ${LIMIT_MS / 1000} s`));
    }, LIMIT_MS);
    child.once("exit", (code, signal) => reject(new JobFailed(`its process ended with ${signal ?? code}: ${words.trim()}`)));
    child.once(
      "message",
      (reply: { readonly type: "result"; readonly result: ResultOf<J> } | Exclude<Reply | HopReply, { type: "result" }>) => {
        clearTimeout(timer);
        if (reply.type === "result") resolve(reply.result);
        else reject(new JobFailed(reply.why));
      },
    );
  });
}
