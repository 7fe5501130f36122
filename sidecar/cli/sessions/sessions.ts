// `parley sessions`: conversations that are kept, on the command line.

import type { ExitStatus } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { UsageError } from "../usage.ts";
import { deleteSessions } from "./delete-sessions.ts";
import { exportSession, importSessions } from "./files.ts";
import { listSessions, searchSessions, showSession } from "./read-sessions.ts";

type Run = (terminal: Terminal, args: readonly string[]) => Promise<ExitStatus>;

const runs: ReadonlyMap<string, Run> = new Map<string, Run>([
  ["list", listSessions],
  ["show", showSession],
  ["search", searchSessions],
  ["export", exportSession],
  ["import", importSessions],
  ["delete", deleteSessions],
]);

export function sessions(terminal: Terminal, [name, ...args]: readonly string[]): Promise<ExitStatus> {
  const run = runs.get(name ?? "");
  if (run !== undefined) return run(terminal, args);
  const known = [...runs.keys()].join(", ");
  throw new UsageError(
    name === undefined
      ? `What is to be done with the conversations? ${known}.`
      : `There is no "sessions ${name}": the commands are ${known}.`,
  );
}
