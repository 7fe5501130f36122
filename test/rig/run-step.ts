// Runs a program of which only the success is of interest; its output is shown when it fails.

import { SetupError } from "../../bootstrap.mjs";
import { ProcessGroup } from "./process-group.ts";

/** Resolves with the output; rejects with a SetupError that shows it when the program fails. */
export async function runStep(
  what: string,
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  let output = "";
  const group = new ProcessGroup(command, args, { cwd, env, output: (text) => (output += text) });
  const { code, signal } = await group.ended;
  await group.stop();
  await group.outputEnded;
  if (code !== 0) throw new SetupError(`${output.trimEnd()}\n\n${what} failed (${signal ?? code}); its own words are above.`);
  return output;
}
