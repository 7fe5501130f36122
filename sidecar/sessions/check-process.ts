// Looks through a whole database for damage, which takes seconds for a large one and cannot be broken off: so it is done in a
// process of its own, which can. It ends with the pipe on its standard input, that is with its parent.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker, workerData } from "node:worker_threads";
import { storeWorkerUrl } from "../entry-points.ts";

export interface RunningCheck {
  /** Whether damage was found. False, too, where the check could not be made or was ended. */
  readonly damaged: Promise<boolean>;
  end(): void;
}

/** Exit status of a process that has found damage. */
const damagedStatus = 3;

/** Checks a database on a connection of its own. Everybody may go on working with it meanwhile. */
export function startCheck(file: string): RunningCheck {
  const child = spawn(process.execPath, [fileURLToPath(storeWorkerUrl), file], {
    stdio: ["pipe", "ignore", "ignore"],
    windowsHide: true,
  });
  child.unref();
  const { promise: damaged, resolve } = Promise.withResolvers<boolean>();
  child.once("error", () => resolve(false));
  child.once("exit", (code) => resolve(code === damagedStatus));
  // Its end is no fault of ours.
  child.stdin.on("error", () => {});
  return { damaged, end: () => void child.kill("SIGKILL") };
}

/** What the process does: the looking through in a thread, so that this one notices the end of the pipe. */
export function runCheck(file: string): void {
  process.stdin.on("close", () => process.kill(process.pid, "SIGKILL")).resume();
  const thread = new Worker(storeWorkerUrl, { workerData: { check: file }, execArgv: [] });
  thread.once("error", () => process.exit(1));
  thread.once("exit", (code) => process.exit(code));
}

/** In that thread the database to be looked through; undefined in any other thread. */
export function fileToCheck(): string | undefined {
  const data: unknown = workerData;
  return typeof data === "object" && data !== null && "check" in data ? String(data.check) : undefined;
}

/** What that thread does. */
export async function checkAndExit(file: string): Promise<void> {
  const { isSound } = await import("./sqlite/opening/quick-check.ts");
  process.exit(isSound(file) ? 0 : damagedStatus);
}
