// Installs node-llama-cpp with the one backend that this machine can use. Part of the bootstrap: plain JavaScript without
// dependencies that runs on Node 20.
//
// npm by itself would fetch the backends of every machine of the same operating system (725 MB on Linux). So the lock file
// here, which holds the integrity of all backends, is narrowed to one of them, and `npm ci` installs from the narrowed lock
// and verifies what it fetched. The work happens in a staging folder that takes its final name when it is complete, so an
// interrupted install leaves nothing that could be mistaken for a finished one.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** Node's platform and architecture to the package that holds the prebuilt llama.cpp. */
const BACKENDS = new Map([
  ["linux-x64", "@node-llama-cpp/linux-x64"],
  ["linux-arm64", "@node-llama-cpp/linux-arm64"],
  ["linux-arm", "@node-llama-cpp/linux-armv7l"],
  ["linux-riscv64", "@node-llama-cpp/linux-riscv64"],
  ["darwin-arm64", "@node-llama-cpp/mac-arm64-metal"],
  ["darwin-x64", "@node-llama-cpp/mac-x64"],
  ["win32-x64", "@node-llama-cpp/win-x64"],
  ["win32-arm64", "@node-llama-cpp/win-arm64"],
]);

/** This machine. `libc` is `musl` where the C library is not glibc: no backend is built for it. */
export function hostTarget() {
  const libc = process.platform === "linux" && glibcVersion() === undefined ? "musl" : undefined;
  return { platform: process.platform, arch: process.arch, libc };
}

function glibcVersion() {
  // Without this the report looks up the name of every open socket, which can take seconds.
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime;
}

/** The backend's package for a target, or why there is none. */
export function backendFor(target) {
  const name = `${target.platform}-${target.arch}`;
  if (target.libc === "musl") return { reason: `llama.cpp is not prebuilt for ${name} with musl; it needs glibc` };
  const backend = BACKENDS.get(name);
  return backend === undefined ? { reason: `llama.cpp is not prebuilt for ${name}` } : { backend };
}

/**
 * The lock file and the manifest for one backend: optional packages are left out, and the backend becomes an ordinary
 * dependency, so that `npm ci` fails instead of skipping it. The conditions on the platform go too: the target was chosen
 * already, and it can be another one than this machine when a package for it is made.
 */
export function narrowLock(manifest, lock, backend) {
  const packages = {};
  for (const [path, entry] of Object.entries(lock.packages)) {
    const isBackend = backend !== undefined && path === `node_modules/${backend}`;
    if (entry.optional === true && !isBackend) continue;
    const { optional: _optional, optionalDependencies: _optionalDependencies, os: _os, cpu: _cpu, libc: _libc, ...kept } = entry;
    packages[path] = kept;
  }
  const dependencies = { ...manifest.dependencies };
  if (backend !== undefined) {
    const version = packages[`node_modules/${backend}`]?.version;
    if (version === undefined) throw new Error(`${backend} is not in sidecar/local/runtime/package-lock.json.`);
    dependencies[backend] = version;
  }
  packages[""] = { ...packages[""], dependencies };
  return { manifest: { ...manifest, dependencies }, lock: { ...lock, packages } };
}

/**
 * Installs into `folder` unless it already holds what the lock file says. Safe to call at each start: it then reads two
 * small files.
 *
 * @param {object} options
 * @param {string} options.folder  Where `node_modules` goes; replaced as a whole. Its parent gets a staging folder.
 * @param {(args: readonly string[], cwd: string) => Promise<void> | void} options.runNpm  Runs npm; throws when npm fails.
 * @param {(line: string) => void} options.log
 * @param {{platform: string, arch: string, libc?: string}} [options.target]  Default: this machine.
 * @returns {Promise<{changed: boolean, backend?: string, reason?: string}>}  `reason` says why there is no backend; the
 *   JavaScript part is installed all the same, because the type checker reads its declarations.
 */
export async function installLocalRuntime({ folder, runNpm, log, target = hostTarget() }) {
  const manifest = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  const lockText = readFileSync(join(here, "package-lock.json"), "utf8");
  const { backend, reason } = backendFor(target);
  if (reason !== undefined) log(`Local models will not run on this machine: ${reason}. Everything else works.`);
  const outcome = backend === undefined ? { reason } : { backend };
  const stamp = createHash("sha256")
    .update(`${lockText}\n${target.platform}-${target.arch} ${backend ?? "none"}`)
    .digest("hex");
  if (isComplete(folder, stamp, backend)) return { changed: false, ...outcome };

  log(`Installing node-llama-cpp ${manifest.dependencies["node-llama-cpp"]}${backend === undefined ? "" : ` with ${backend}`} …`);
  const staging = `${folder}.partial`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  const narrowed = narrowLock(manifest, JSON.parse(lockText), backend);
  writeFileSync(join(staging, "package.json"), JSON.stringify(narrowed.manifest, null, 2));
  writeFileSync(join(staging, "package-lock.json"), JSON.stringify(narrowed.lock, null, 2));
  await runNpm(["ci", "--omit=optional", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"], staging);
  writeFileSync(join(staging, "stamp"), stamp);
  rmSync(folder, { recursive: true, force: true });
  renameSync(staging, folder);
  return { changed: true, ...outcome };
}

function isComplete(folder, stamp, backend) {
  const stampFile = join(folder, "stamp");
  const needed = ["node-llama-cpp", ...(backend === undefined ? [] : [backend])];
  return (
    existsSync(stampFile) &&
    readFileSync(stampFile, "utf8") === stamp &&
    needed.every((name) => existsSync(join(folder, "node_modules", name, "package.json")))
  );
}
