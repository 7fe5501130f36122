// Builds everything that runs into `dist/`: `node esbuild.mjs [--watch] [--production]`.
// It wants a Node that runs TypeScript (`npm run build` brings one): the demo model comes from the project's own generator.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { cp, glob, mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { context } from "esbuild";
import { PAGE_BUNDLE } from "./media/page-bundle.ts";
import { writeDemoModel } from "./sidecar/local/demo/generate.ts";
import { layOutLocalRuntime } from "./sidecar/local/runtime/layout.ts";
import { ensureLocalRuntime } from "./test/rig/install.ts";
import { localRuntimeFolder } from "./test/rig/places.ts";
import { buildAll, removeStale, Stage } from "./test/rig/staged-build.ts";

const root = dirname(fileURLToPath(import.meta.url));
const inRoot = (...parts) => join(root, ...parts);
const neededNode = JSON.parse(readFileSync(inRoot("package.json"), "utf8")).engines.node.replace(/^>=/, "");

/** What every bundle shares. Source maps lie beside the bundles and never travel in a package. */
function common(production) {
  return {
    absWorkingDir: root,
    bundle: true,
    // Names stay as they are: logs and stack traces of an installed Parley must be readable.
    minifySyntax: production,
    minifyWhitespace: production,
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    sourcemap: "linked",
  };
}

/** vscode-jsonrpc and undici are CommonJS; in an ESM bundle their `require("node:…")` needs a `require` to exist. */
const requireBanner = 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/** One short line of its own: Node prints the line that an error was thrown on. */
const nodeCheck =
  `if (${JSON.stringify(neededNode)}.localeCompare(process.versions.node, "en", { numeric: true }) > 0) ` +
  `throw new Error("This is Node " + process.versions.node + "; parley needs Node ${neededNode} or newer (nodejs.org).");`;

function nodeModule(input, output, production) {
  return {
    ...common(production),
    entryPoints: [input],
    outfile: `dist/${output}`,
    platform: "node",
    target: "node22.19",
    format: "esm",
    banner: { js: requireBanner },
    external: ["node-llama-cpp"],
    alias: { "node:http2": "./sidecar/http/no-http2.cjs" },
  };
}

/**
 * The engine, with the HTTP client in it, is a file of its own that the sidecar loads for its first request: most of the code
 * would otherwise be read, and kept in memory, before the handshake. Beside each other, since they find further files by their own place.
 */
function splitSidecar(production) {
  const { outfile: _, ...options } = nodeModule("sidecar/main.ts", "sidecar.mjs", production);
  return {
    ...options,
    entryPoints: { sidecar: "sidecar/main.ts" },
    outdir: "dist",
    outExtension: { ".js": ".mjs" },
    splitting: true,
    chunkNames: "sidecar-[name]-[hash]",
  };
}

function bundles(production) {
  return [
    {
      ...common(production),
      entryPoints: ["extension/extension.ts"],
      outfile: "dist/extension.cjs",
      platform: "node",
      target: "node22.19",
      format: "cjs",
      external: ["vscode"],
    },
    splitSidecar(production),
    nodeModule("sidecar/cli.ts", "cli-main.mjs", production),
    // The launcher starts on a Node that is too old for the rest, so that it can say so.
    {
      ...nodeModule("sidecar/cli-launcher.ts", "cli.js", production),
      target: "es2020",
      banner: {},
      define: { NEEDED_NODE: JSON.stringify(neededNode) },
    },
    // On a Node that is too old the library says so, before what it is made of fails in ways that say nothing.
    { ...nodeModule("sidecar/library.ts", "library.js", production), banner: { js: `${requireBanner}\n${nodeCheck}` } },
    nodeModule("sidecar/local/inference-process.ts", "inference.mjs", production),
    nodeModule("sidecar/sessions/store-worker.ts", "store-worker.mjs", production),
    nodeModule("sidecar/prices/bundled-prices.ts", "prices.mjs", production),
    nodeModule("sidecar/structured/schema-worker.ts", "schema-worker.mjs", production),
    { ...common(production), ...PAGE_BUNDLE, outdir: "dist/media" },
  ];
}

/** What VS Code's host loads by `require`: the tests that run inside it, and the rig's part there. */
async function insideTheHost() {
  const tests = await Array.fromAsync(glob("test/integration/**/*.test.ts", { cwd: root }));
  const entryPoints = [...tests.sort(), "test/rig/host-runner.ts", "test/rig/mocha-results.ts"];
  return {
    ...common(false),
    entryPoints,
    outbase: "test",
    outdir: "out",
    outExtension: { ".js": ".cjs" },
    platform: "node",
    target: "node22.19",
    format: "cjs",
    external: ["vscode"],
    // CommonJS has no import.meta; places.ts asks for it to find the clone.
    define: { "import.meta.url": "__moduleUrl" },
    banner: { js: 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
    // Mocha takes the class itself.
    footer: { js: "if (module.exports.default) module.exports = Object.assign(module.exports.default, module.exports);" },
  };
}

/** The codicon font and its classes, which the page loads as files of its own. */
async function copyCodicons(stage) {
  const source = dirname(createRequire(import.meta.url).resolve("@vscode/codicons/dist/codicon.css"));
  for (const file of ["codicon.css", "codicon.ttf"]) {
    const place = inRoot("dist/media", file);
    await cp(join(source, file), stage.pathFor(place));
    stage.putFile(place);
  }
}

async function makeDemoModel() {
  await mkdir(inRoot("dist/models"), { recursive: true });
  writeDemoModel(inRoot("dist/models/demo.gguf"));
}

/** node-llama-cpp with this machine's backend, as real files beside the bundles. */
async function bringLocalRuntime() {
  await ensureLocalRuntime();
  layOutLocalRuntime({ from: localRuntimeFolder, to: inRoot("dist/node_modules") });
}

/** Type declarations of the library, for those who install the package. */
function emitDeclarations(folder) {
  const config = inRoot("sidecar/tsconfig.library.json");
  return run(process.execPath, [inRoot("node_modules/typescript/bin/tsc"), "-p", config, "--outDir", folder]);
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit" });
    child.once("error", reject);
    child.once("exit", (code, signal) => (code === 0 ? resolve() : reject(new Error(`${args[0]} ended with ${signal ?? code}.`))));
  });
}

/** Sizes of what was built, the largest inputs left to the metafiles in `dist/meta/`. */
async function report(results, started) {
  await mkdir(inRoot("dist/meta"), { recursive: true });
  for (const { metafile } of results) {
    const outputs = Object.entries(metafile.outputs).filter(([file]) => /\.(js|mjs|cjs|css)$/.test(file));
    for (const [file, { bytes }] of outputs) {
      if (file.startsWith("dist/")) console.log(`  ${file.padEnd(26)} ${(bytes / 1024).toFixed(1).padStart(8)} KB`);
    }
    const main = outputs.find(([file]) => !/-[A-Z0-9]{8}\.mjs$/.test(file)) ?? outputs[0];
    const name = main?.[0].replaceAll("/", "-");
    if (name?.startsWith("dist-")) await writeFile(inRoot("dist/meta", `${name}.json`), JSON.stringify(metafile));
  }
  console.log(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}

async function everythingOnce(options, stage) {
  const started = performance.now();
  const types = inRoot("dist/types");
  const [bundles] = await Promise.all([
    buildAll(options),
    emitDeclarations(stage.pathFor(types)),
    copyCodicons(stage),
    makeDemoModel(),
    bringLocalRuntime(),
  ]);
  stage.putBundles(bundles);
  stage.putFolder(types);
  // What an older tree was built to must not survive in a package, nor be run as a test.
  const earlier = await Array.fromAsync(glob(["dist/sidecar-*.{mjs,mjs.map}", "out/**/*.{cjs,cjs.map}"], { cwd: root }));
  removeStale(
    earlier.map((file) => inRoot(file)),
    bundles,
  );
  await report(bundles, started);
}

async function watch(options, stage) {
  await Promise.all([copyCodicons(stage), makeDemoModel(), bringLocalRuntime()]);
  const staged = { write: false, plugins: [stage.plugin], logLevel: "info" };
  const contexts = await Promise.all(options.map((one) => context({ ...one, ...staged })));
  // The debugger's task waits for the line below, and starts on what was built by then.
  await Promise.all(contexts.map((one) => one.rebuild()));
  await Promise.all(contexts.map((one) => one.watch()));
  console.log("Watching. Ctrl+C ends it.");
}

async function main() {
  const { values } = parseArgs({ options: { watch: { type: "boolean" }, production: { type: "boolean" } } });
  const options = [...bundles(values.production === true), await insideTheHost()];
  const stage = new Stage(root);
  // Watching goes on after this function has returned.
  process.once("exit", () => stage.close());
  await (values.watch === true ? watch(options, stage) : everythingOnce(options, stage));
}

try {
  await main();
} catch (error) {
  console.error(`\nparley: the build failed: ${error.message}`);
  process.exitCode = 1;
}
