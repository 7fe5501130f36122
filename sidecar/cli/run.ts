// Which command is meant, and how its end becomes an exit status: 0 complete, 1 failed or incomplete, 2 wrong usage, 130
// interrupted, 143 stopped by SIGTERM.

import { productVersion } from "../product-version.ts";
import { ask } from "./ask.ts";
import { commandHelp, commands, programHelp } from "./commands.ts";
import { gatherFiles } from "./gather.ts";
import { models } from "./models.ts";
import type { ExitStatus, Program } from "./program.ts";
import { serveStdio } from "./serve.ts";
import { sessionCommands } from "./sessions/session-commands.ts";
import { sessions } from "./sessions/sessions.ts";
import type { Terminal } from "./terminal.ts";
import { CommandError, UsageError } from "./usage.ts";

type Run = (program: Program, args: readonly string[]) => Promise<ExitStatus>;

const runs: ReadonlyMap<string, Run> = new Map([
  ["ask", ask],
  ["gather", gatherFiles],
  ["models", models],
]);

/** Never rejects: what goes wrong is told on the error output and by the status. */
export async function runParley(args: readonly string[], terminal: Terminal): Promise<ExitStatus> {
  const status = await endOf(args, terminal);
  // Whoever pressed Ctrl+C knows it; this came from somewhere else.
  if (status === 143) terminal.note("stopped by SIGTERM before it was done.");
  return status;
}

async function endOf(args: readonly string[], terminal: Terminal): Promise<ExitStatus> {
  const [first] = args;
  try {
    return endOfOutput(await runCommand(args, terminal), terminal);
  } catch (error) {
    if (terminal.stopStatus !== undefined) return terminal.stopStatus;
    // Nobody reads the output any more, or it takes no more.
    if (error === terminal.signal.reason) return endOfOutput(0, terminal);
    if (error instanceof UsageError) return wrongUsage(terminal, error, first);
    if (error instanceof CommandError) terminal.note(error.message);
    else terminal.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 1;
  }
}

/** `status`: of a command whose output was written as far as somebody wanted it. */
function endOfOutput(status: ExitStatus, terminal: Terminal): ExitStatus {
  if (terminal.outputFailure === undefined) return status;
  terminal.note(`The output could not be written: ${terminal.outputFailure}`);
  return 1;
}

async function runCommand([first, ...rest]: readonly string[], terminal: Terminal): Promise<ExitStatus> {
  const help = helpAsked(first, rest);
  if (help !== undefined) {
    await terminal.write(help);
    return 0;
  }
  if (first === "serve") return serveStdio(terminal, rest);
  if (first === "sessions") return sessions(terminal, rest);
  const run = first === undefined ? undefined : runs.get(first);
  if (run === undefined) throw unknownCommand(first);
  return runWithEngine(run, terminal, rest);
}

async function runWithEngine(run: Run, terminal: Terminal, args: readonly string[]): Promise<ExitStatus> {
  // Loaded late: help and wrong usage need no provider.
  const { createStandaloneEngine } = await import("../standalone-engine.ts");
  const standalone = createStandaloneEngine(terminal.environment);
  try {
    return await run({ engine: standalone.engine, terminal }, args);
  } finally {
    await standalone.close();
  }
}

/** `--help` anywhere after a command, `help COMMAND`, `--version`. */
function helpAsked(first: string | undefined, rest: readonly string[]): string | undefined {
  if (first === "--version" || first === "-v") return `${productVersion()}\n`;
  const [asked, second] = first === "help" ? rest : [first, ...rest];
  const command = [...commands, ...sessionCommands].findLast(({ name }) => name === asked || name === `${asked} ${second}`);
  const options = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (command !== undefined && (first === "help" || options.includes("--help") || options.includes("-h"))) return commandHelp(command);
  return first === "--help" || first === "-h" || (first === "help" && rest.length === 0) ? programHelp() : undefined;
}

function unknownCommand(first: string | undefined): UsageError {
  const names = commands.map(({ name }) => name).join(", ");
  return new UsageError(
    first === undefined ? `A command is missing: ${names}.` : `There is no command "${first}". The commands are ${names}.`,
  );
}

function wrongUsage(terminal: Terminal, { message }: UsageError, first: string | undefined): ExitStatus {
  const known = commands.some(({ name }) => name === first);
  terminal.note(`${message}\n  "parley ${known ? `${first} ` : ""}--help" says more.`);
  return 2;
}
