// The page's script and styles, built as they ship, and the entry points that only the tests have.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { build } from "esbuild";
import { inClone } from "../../rig/places.ts";

/** By file name, as the page asks for them. */
export type ServedFiles = ReadonlyMap<string, Uint8Array>;

/** `chat.js` and `chat.css` from the sources, with the icon font beside them; `entries` adds scripts of a test. */
export async function buildPageFiles(entries: Readonly<Record<string, string>> = {}): Promise<ServedFiles> {
  const { outputFiles } = await build({
    absWorkingDir: inClone(),
    entryPoints: { chat: "media/chat.tsx", ...entries },
    bundle: true,
    minify: true,
    write: false,
    outdir: "out",
    platform: "browser",
    target: ["chrome138"],
    format: "iife",
    jsx: "automatic",
    jsxImportSource: "preact",
    define: { "process.env.NODE_ENV": '"production"' },
    loader: { ".ttf": "copy" },
    logLevel: "warning",
  });
  const icons = createRequire(import.meta.url).resolve("@vscode/codicons/dist/codicon.css");
  const files = new Map(outputFiles.map((file) => [file.path.split(/[\\/]/).at(-1) ?? "", file.contents]));
  files.set("codicon.css", await readFile(icons));
  files.set("codicon.ttf", await readFile(icons.replace(/css$/, "ttf")));
  return files;
}
