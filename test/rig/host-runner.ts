// Loaded inside VS Code's extension host in place of the tests' own entry, which it then runs. It guards two traps: VS Code reports
// success when the host dies in the middle of a run, so a mark is written only when the tests came to their end; and console
// output of the host drowns in the workbench's log, so it is written to a file that the driver prints.

import { openSync, writeFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { format } from "node:util";

interface Entry {
  readonly run?: () => Promise<unknown>;
}

function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: this file is started by the rig alone.`);
  return value;
}

export async function run(): Promise<void> {
  const output = openSync(needed("PARLEY_RIG_OUTPUT"), "a");
  const entry: Entry = createRequire(__filename)(needed("PARLEY_RIG_ENTRY"));
  const print = (...values: readonly unknown[]): void => void writeSync(output, `${format(...values)}\n`);
  // The host defines console's methods as getters that ignore assignment.
  for (const name of ["log", "info", "warn", "error", "debug"])
    Object.defineProperty(console, name, { value: print, writable: true, configurable: true });
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (chunk: string | Uint8Array): boolean =>
    writeSync(output, typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()) >= 0;
  try {
    if (entry.run === undefined) throw new Error("The tests' entry exports no run().");
    await entry.run();
    writeFileSync(needed("PARLEY_RIG_MARK"), "passed");
  } catch (error) {
    // VS Code prints the error.
    writeFileSync(needed("PARLEY_RIG_MARK"), "failed");
    throw error;
  } finally {
    process.stdout.write = write;
  }
}
