// The package that people install: what goes in, how it is made, and how it gets into an editor's extensions folder.

import { createHash } from "node:crypto";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { codeServer, inClone } from "./places.ts";
import { runStep } from "./run-step.ts";

/** All that ships, as patterns below the clone; nothing else gets in. */
const SHIPPED = [
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
  "package.nls*.json",
  "l10n/**",
  "media/icons/**",
  "dist/extension.cjs",
  "dist/{sidecar,sidecar-*,inference,store-worker,prices,schema-worker}.mjs",
  "dist/media/**",
  "dist/models/**",
  "dist/node_modules/**",
];
/** What only a clone can use. */
const CLONE_ONLY = ["devDependencies", "peerDependencies", "peerDependenciesMeta", "scripts", "files", "bin", "exports", "types"];

/** The name that VS Code gives this platform. */
export function vsixTarget(): string {
  return `${process.platform}-${process.arch === "arm" ? "armhf" : process.arch}`;
}

/**
 * Packs what the build left in `dist/`. Does nothing when `file` was made of the very same content. Returns its size in bytes.
 */
export async function makeVsix(file: string): Promise<number> {
  const staging = inClone(".cache/vsix");
  const files = shippedFiles();
  const manifest = shippedManifest();
  const stamp = contentHash(files, manifest);
  const stampFile = `${file}.stamp`;
  if (existsSync(file) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return statSync(file).size;
  rmSync(staging, { recursive: true, force: true });
  for (const name of files) {
    mkdirSync(dirname(join(staging, name)), { recursive: true });
    cpSync(inClone(name), join(staging, name));
  }
  writeFileSync(join(staging, "package.json"), manifest);
  mkdirSync(dirname(file), { recursive: true });
  rmSync(stampFile, { force: true });
  // The page's links are relative to a repository that the package need not name.
  const flags = ["--no-dependencies", "--allow-missing-repository", "--no-rewrite-relative-links", "--target", vsixTarget(), "--out", file];
  await runStep("vsce", process.execPath, [inClone("node_modules/@vscode/vsce/vsce"), "package", ...flags], staging);
  rmSync(staging, { recursive: true, force: true });
  writeFileSync(stampFile, stamp);
  return statSync(file).size;
}

/** Puts a package into an extensions folder of VS Code's web build, as a person would by *Install from VSIX…*. */
export async function installVsix(
  file: string,
  options: { readonly serverFolder: string; readonly extensionsFolder: string },
): Promise<void> {
  const place = ["--server-data-dir", options.serverFolder, "--extensions-dir", options.extensionsFolder];
  const args = [
    join(codeServer, "lib/vscode/out/server-main.js"),
    "--accept-server-license-terms",
    ...place,
    "--install-extension",
    file,
    "--force",
  ];
  await runStep("The installation of the extension", process.execPath, args, inClone());
}

function shippedFiles(): string[] {
  const files = globSync(SHIPPED, { cwd: inClone(), exclude: (name) => name.endsWith(".map") });
  return files.filter((name) => statSync(inClone(name)).isFile()).sort();
}

function shippedManifest(): string {
  const manifest: Record<string, unknown> = JSON.parse(readFileSync(inClone("package.json"), "utf8"));
  return `${JSON.stringify(Object.fromEntries(Object.entries(manifest).filter(([name]) => !CLONE_ONLY.includes(name))), null, 2)}\n`;
}

function contentHash(files: readonly string[], manifest: string): string {
  const hash = createHash("sha256").update(manifest);
  for (const name of files) hash.update(`\0${name}\0`).update(readFileSync(inClone(name)));
  return hash.digest("hex");
}
