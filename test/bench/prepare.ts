// What must lie ready before anything is measured: the peers, Parley as people get it, and the processes that measure, as plain
// JavaScript: a Node that also carries a TypeScript compiler would look heavier than a client is.

import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { installLocked } from "../../bootstrap.mjs";
import { inClone } from "../rig/places.ts";
import { runStep } from "../rig/run-step.ts";

export const benchFolder = inClone("test/bench");
const out = join(benchFolder, "out");
/** A copy: a build in the meantime does not change what is being measured. */
const installed = inClone(".cache/bench/parley");

export interface Prepared {
  /** Measures a client. */
  readonly measure: string;
  /** Measures a sidecar. */
  readonly hopClient: string;
  /** Parley's library, as a URL. */
  readonly library: string;
  readonly sidecar: string;
  /** What the npm package of Parley takes on a disk. */
  readonly libraryMb: number;
}

/** `buildFirst` false: takes Parley as it was built last. */
export async function prepare(buildFirst: boolean): Promise<Prepared> {
  await installLocked(benchFolder, "the clients that Parley is measured beside");
  await runStep("The types of the clients", process.execPath, [inClone("node_modules/typescript/bin/tsc"), "-p", benchFolder], inClone());
  if (buildFirst) await runStep("The build", process.execPath, [inClone("esbuild.mjs"), "--production"], inClone());
  if (!existsSync(inClone("dist/library.js"))) throw new Error("Parley is not built. Run `npm run build`, or leave --no-build out.");
  await bundleMeasurers();
  return {
    measure: join(out, "measure.js"),
    hopClient: join(out, "hop/hop-client.js"),
    library: pathToFileURL(join(installed, "dist/library.js")).href,
    sidecar: join(installed, "dist/sidecar.mjs"),
    libraryMb: copyParley(),
  };
}

async function bundleMeasurers(): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  const clients = globSync("clients/*.ts", { cwd: benchFolder }).filter((file) => basename(file) !== "client.ts");
  await build({
    absWorkingDir: benchFolder,
    entryPoints: ["measure.ts", "hop/hop-client.ts", ...clients],
    outdir: out,
    outbase: benchFolder,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    logLevel: "warning",
  });
}

/** What is installed with the npm package, and beside it the sidecar, which is installed with the extension. Returns MB of the former. */
function copyParley(): number {
  const { files }: { readonly files: readonly string[] } = JSON.parse(readFileSync(inClone("package.json"), "utf8"));
  const always = ["package.json", "README.md", "LICENSE"];
  const ofThePackage = globSync([...always, ...files, ...files.map((file) => `${file}/**`)], { cwd: inClone() }).filter(isFile);
  const ofTheSidecar = globSync("dist/{sidecar,sidecar-*}.mjs", { cwd: inClone() });
  rmSync(installed, { recursive: true, force: true });
  for (const file of [...ofThePackage, ...ofTheSidecar]) {
    mkdirSync(dirname(join(installed, file)), { recursive: true });
    cpSync(inClone(file), join(installed, file));
  }
  return new Set(ofThePackage).values().reduce((sum, file) => sum + statSync(inClone(file)).size, 0) / 1e6;
}

function isFile(file: string): boolean {
  return statSync(inClone(file)).isFile();
}
