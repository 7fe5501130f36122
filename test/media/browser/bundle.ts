// The page's scripts and styles, built as they ship, and the entry points that only the tests have.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { build } from "esbuild";
import type { BuildOptions } from "esbuild";
import { PAGE_BUNDLE } from "../../../media/page-bundle.ts";
import { inClone } from "../../rig/places.ts";

/** By file name, as the page asks for them. */
export type ServedFiles = ReadonlyMap<string, Uint8Array>;

/** The page's own files with the icon font beside them; `scripts` adds those of a test, each with all that it imports. */
export async function buildPageFiles(scripts: Readonly<Record<string, string>> = {}): Promise<ServedFiles> {
  const files = new Map(await built({}));
  if (Object.keys(scripts).length > 0) {
    for (const [name, file] of await built({ entryPoints: { ...scripts }, splitting: false })) files.set(name, file);
  }
  const icons = createRequire(import.meta.url).resolve("@vscode/codicons/dist/codicon.css");
  files.set("codicon.css", await readFile(icons));
  files.set("codicon.ttf", await readFile(icons.replace(/css$/, "ttf")));
  return files;
}

async function built(changes: BuildOptions): Promise<readonly (readonly [name: string, file: Uint8Array])[]> {
  const { outputFiles } = await build({
    ...PAGE_BUNDLE,
    ...changes,
    absWorkingDir: inClone(),
    write: false,
    outdir: "out",
    logLevel: "warning",
  });
  return outputFiles.map((file) => [file.path.split(/[\\/]/).at(-1) ?? "", file.contents]);
}
