// `parley serve --stdio`: the sidecar under any program, without an editor.

import { Console } from "node:console";
import { createLog } from "../log.ts";
import { serveCommand } from "./commands.ts";
import type { ExitStatus } from "./program.ts";
import type { Terminal } from "./terminal.ts";
import { parseCommand, UsageError } from "./usage.ts";

/** Resolves when the client has ended the connection, or asked for the end. */
export async function serveStdio(terminal: Terminal, args: readonly string[]): Promise<ExitStatus> {
  const parsed = parseCommand(serveCommand, args);
  if (!parsed.flags.has("stdio") || parsed.operands.length > 0) {
    throw new UsageError("The protocol is served over the standard input and output: parley serve --stdio.");
  }
  // The output carries messages alone: what a library prints belongs to the log.
  globalThis.console = new Console(process.stderr, process.stderr);
  const { SqliteStore } = await import("../sessions/sqlite-store.ts");
  const database = SqliteStore.start();
  const { runSidecar } = await import("../run-sidecar.ts");
  await runSidecar({ readable: process.stdin, writable: process.stdout }, createLog(process.stderr), database);
  process.stdin.destroy();
  // SIGTERM is how a server is asked to end.
  return terminal.stopStatus === 130 ? 130 : 0;
}
