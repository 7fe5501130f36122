// Where things lie in a clone.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

/** A path in the clone. */
export function inClone(...parts: readonly string[]): string {
  return join(root, ...parts);
}

/** Folder with a lock file of its own that brings VS Code's web build. */
export const editorFolder = inClone("test/rig/editor");
/** The code-server package: a wrapper (`out/node/entry.js`) around VS Code's own server (`lib/vscode`). */
export const codeServer = join(editorFolder, "node_modules/code-server");
/** node-llama-cpp with the one backend of this machine. */
export const localRuntimeFolder = inClone(".cache/local-runtime");
/** What `npm start` keeps from one run to the next. */
export const startFolder = inClone(".cache/start");

/** A new folder for one run; its owner removes it. The name is short because sockets inside it must stay under 108 bytes. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `parley-${name}-`));
}
