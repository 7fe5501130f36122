// What the commands need beyond the packages of the clone itself. Each part is installed on first need, from a lock file of its
// own, and costs a look at one small file afterwards.

import { existsSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { installLocked, runNpm } from "../../bootstrap.mjs";
import { installLocalRuntime } from "../../sidecar/local/runtime/install.mjs";
import { codeServer, editorFolder, localRuntimeFolder } from "./places.ts";

/** node-llama-cpp with this machine's backend, which the build lays out beside the bundles. */
export async function ensureLocalRuntime(): Promise<void> {
  await installLocalRuntime({ folder: localRuntimeFolder, runNpm, log: console.log });
}

/**
 * VS Code's web build. code-server's own install script would compile native modules that nothing here needs, and ask for
 * headers that a fresh machine lacks. Instead the lock file in `test/rig/editor` lists what VS Code's server loads, and its
 * folder is linked to where the server looks for it, and from where it serves the workbench's own modules.
 */
export async function ensureEditor(): Promise<void> {
  await installLocked(editorFolder, "VS Code's web build");
  // The server's modules, and those that the built-in extensions share.
  for (const place of ["lib/vscode/node_modules", "lib/vscode/extensions/node_modules"]) {
    if (!existsSync(join(codeServer, place))) symlinkSync(join(editorFolder, "node_modules"), join(codeServer, place), "junction");
  }
  // Copilot is no part of what is shown or tested, and 40 MB.
  rmSync(join(codeServer, "lib/vscode/extensions/copilot"), { recursive: true, force: true });
}
