// The sidecar must not outlive the process that started it. The end of the pipe tells of that end at once, unless another
// process has inherited the pipe; then only the parent's pid does. It comes with the handshake, since a process whose parent
// has died keeps the old parent's pid on Windows.

import { processExists } from "../process-exists.ts";

/** Milliseconds. */
const pollMs = 500;

/** Calls `onGone` once, within half a second of the end of process `pid`. Returns what ends the watch. */
export function watchParent(pid: number, onGone: () => void): () => void {
  const timer = setInterval(() => {
    if (processExists(pid)) return;
    clearInterval(timer);
    onGone();
  }, pollMs).unref();
  return () => clearInterval(timer);
}
