#!/usr/bin/env node
// Stands in for the desktop editor's executable: `VSCODE_EXECUTABLE=test/rig/code-shim.ts npx vscode-test` runs the tests inside VS
// Code's web build. It takes the same arguments and ends with the same statuses; flags that mean nothing there are ignored.

import { existsSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { ensureEditor } from "./install.ts";
import { runInHost } from "./in-host.ts";

interface ShimArguments {
  readonly developmentPaths: readonly string[];
  readonly testsPath: string;
  readonly workspaceFolder?: string;
}

function readArguments(args: readonly string[]): ShimArguments {
  const values = (name: string): string[] => args.filter((arg) => arg.startsWith(`--${name}=`)).map((arg) => arg.slice(name.length + 3));
  const [testsPath] = values("extensionTestsPath");
  if (testsPath === undefined) throw new Error("--extensionTestsPath=… is missing: this stands in for VS Code only where tests are run.");
  const workspaceFolder = args.find((arg) => !arg.startsWith("-"));
  return {
    developmentPaths: values("extensionDevelopmentPath"),
    testsPath: existsSync(testsPath) ? testsPath : `${testsPath}.js`,
    ...(workspaceFolder === undefined ? {} : { workspaceFolder: resolve(workspaceFolder) }),
  };
}

/** What the tests' entry and reporter read in the extension host. */
function handedOn(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => name === "VSCODE_TEST_OPTIONS" || name.startsWith("PARLEY_TEST_"));
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupted.abort());
try {
  const parsed = readArguments(process.argv.slice(2));
  await ensureEditor();
  const limitMs = Number(process.env["PARLEY_TEST_LIMIT_MS"] ?? 300_000);
  process.exitCode = await runInHost({
    ...parsed,
    env: handedOn(),
    limitMs,
    signal: interrupted.signal,
    print: (text) => void writeSync(1, text),
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
