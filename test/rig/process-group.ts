// A process together with all that it starts. VS Code's server starts extension hosts, those start the sidecar, that one the
// inference process: whoever starts the first must be able to end the last. So the first leads a process group of its own, and
// it is the group that is stopped.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as after } from "node:timers/promises";

export interface ProcessGroupOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Where the output goes: to this function, or with "inherit" to where this process's goes. Default: nowhere. */
  readonly output?: ((text: string) => void) | "inherit";
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** On Windows a `.cmd` script is run by the shell, which wants everything quoted. */
export function spawnable(
  command: string,
  args: readonly string[],
): { readonly file: string; readonly rest: string[]; readonly shell: boolean } {
  if (process.platform !== "win32" || !/\.cmd$/i.test(command)) return { file: command, rest: [...args], shell: false };
  const quote = (text: string): string => `"${text}"`;
  return { file: quote(command), rest: args.map(quote), shell: true };
}

const ownLeader = process.platform !== "win32";

export class ProcessGroup {
  readonly pid: number;
  /** Settles when the first process has ended; rejects when it could not be started. Others of the group may live on. */
  readonly ended: Promise<ProcessEnd>;
  /** Settles when the last process that holds the output has ended, and all of it was handed over. */
  readonly outputEnded: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #killAtExit = (): void => this.#signal("SIGKILL");

  constructor(command: string, args: readonly string[], options: ProcessGroupOptions = {}) {
    const { output } = options;
    const stdio = output === "inherit" ? "inherit" : "pipe";
    const { file, rest, shell } = spawnable(command, args);
    this.#child = spawn(file, rest, {
      shell,
      cwd: options.cwd,
      env: options.env,
      stdio: ["ignore", stdio, stdio],
      detached: ownLeader,
      windowsHide: true,
    });
    this.pid = this.#child.pid ?? -1;
    this.ended = once(this.#child, "exit").then(([code, signal]): ProcessEnd => ({ code, signal }));
    this.outputEnded = once(this.#child, "close").catch(() => undefined);
    // A failed start is for whoever awaits `ended`; unawaited it must not end this process.
    this.ended.catch(() => undefined);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (typeof output === "function" ? output(text) : undefined));
    }
    process.once("exit", this.#killAtExit);
  }

  /** Asks the whole group to end, waits for `graceMs`, then ends it. Resolves when nothing of it is left. */
  async stop(graceMs = 5_000): Promise<void> {
    await this.#signalUntilGone("SIGTERM", graceMs);
    await this.#signalUntilGone("SIGKILL", 5_000);
    process.off("exit", this.#killAtExit);
  }

  async #signalUntilGone(signal: NodeJS.Signals, limitMs: number): Promise<void> {
    const deadline = Date.now() + limitMs;
    if (this.#alive()) this.#signal(signal);
    while (this.#alive() && Date.now() < deadline) await after(25);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.pid <= 0) return;
    if (!ownLeader) {
      spawnSync("taskkill", ["/pid", String(this.pid), "/T", "/F"], { windowsHide: true });
      return;
    }
    try {
      process.kill(-this.pid, signal);
    } catch {
      // The group has gone in the meantime.
    }
  }

  #alive(): boolean {
    if (this.pid <= 0) return false;
    if (!ownLeader) return this.#child.exitCode === null && this.#child.signalCode === null;
    try {
      process.kill(-this.pid, 0);
      return true;
    } catch {
      return false;
    }
  }
}
