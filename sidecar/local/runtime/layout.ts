// Lays node-llama-cpp out beside the bundles, in `dist/node_modules`, as it is shipped: with one backend, without what is
// only there to compile llama.cpp, to run the library's own command line, or to be read by people. It stays real files
// outside the bundles because it finds its binaries by the place of its own modules.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";

interface LockEntry {
  readonly dependencies?: Readonly<Record<string, string>>;
}
interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

export interface LayoutOptions {
  /** Where `installLocalRuntime` installed. */
  readonly from: string;
  /** A `node_modules` folder, owned by this module: replaced as a whole. */
  readonly to: string;
}
export interface LayoutResult {
  readonly changed: boolean;
  /** False on a machine that llama.cpp is not prebuilt for: nothing is laid out. */
  readonly available: boolean;
  readonly bytes: number;
}

/** Raised when the rules below change, so that an existing folder is made anew. */
const RULES_VERSION = 1;
const ROOT = "node-llama-cpp";
/** Needed by node-llama-cpp only to compile llama.cpp or for its command line; never imported by the library itself. */
const UNUSED_PACKAGES = new Set(["cmake-js", "node-addon-api", "node-api-headers", "yargs"]);
/** The only files of `llama/` that the library reads at run time; the rest is the source of llama.cpp. */
const RUNTIME_FILES = new Set(["binariesGithubRelease.json", "llama.cpp.info.json"]);
const UNUSED_FILE = /\.(?:d\.[cm]?ts|map|md|markdown|tsbuildinfo|gif|yml|gyp|gypi|def)$|^yarn\.lock$|^\./i;
const UNUSED_FOLDER = new Set([".bin", "test", "tests", "__tests__", "example", "examples", "docs", ".github"]);

/** Copies what is needed, unless `to` holds it already. Throws when `from` was not installed. */
export function layOutLocalRuntime({ from, to }: LayoutOptions): LayoutResult {
  const stampFile = join(from, "stamp");
  if (!existsSync(stampFile)) throw new Error(`node-llama-cpp is not installed in ${from}; run the bootstrap first.`);
  const stamp = createHash("sha256")
    .update(`${RULES_VERSION} ${readFileSync(stampFile, "utf8")}`)
    .digest("hex");
  const laidOut = join(to, ".stamp");
  const lock: Lock = JSON.parse(readFileSync(join(from, "package-lock.json"), "utf8"));
  const available = Object.keys(lock.packages).some((path) => path.startsWith("node_modules/@node-llama-cpp/"));
  if (existsSync(laidOut) && readFileSync(laidOut, "utf8") === stamp) return { changed: false, available, bytes: folderBytes(to) };

  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  if (available) for (const path of neededPackages(lock)) copyPackage(join(from, path), join(to, relative("node_modules", path)));
  writeFileSync(laidOut, stamp);
  return { changed: true, available, bytes: folderBytes(to) };
}

/** The paths in the lock file that the library can reach, nested ones included. */
function neededPackages(lock: Lock): ReadonlySet<string> {
  const needed = new Set<string>();
  const visit = (path: string | undefined): void => {
    if (path === undefined || needed.has(path)) return;
    needed.add(path);
    for (const name of Object.keys(lock.packages[path]?.dependencies ?? {})) {
      if (!(path === `node_modules/${ROOT}` && UNUSED_PACKAGES.has(name))) visit(resolvePackage(lock, path, name));
    }
  };
  for (const name of Object.keys(lock.packages[""]?.dependencies ?? {})) visit(`node_modules/${name}`);
  return needed;
}

/** As Node resolves: in the importing package's own `node_modules`, then outwards. */
function resolvePackage(lock: Lock, from: string, name: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const candidate = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (candidate in lock.packages) return candidate;
    if (at === "") return undefined;
  }
}

function copyPackage(source: string, target: string): void {
  cpSync(source, target, { recursive: true, filter: (path) => isNeeded(source, path) });
}

function isNeeded(packageFolder: string, path: string): boolean {
  const inside = relative(packageFolder, path).split(sep);
  const name = basename(path);
  const isFolder = statSync(path).isDirectory();
  // Nested packages are copied by themselves, where they are needed.
  if (inside[0] === "node_modules") return false;
  if (basename(packageFolder) === ROOT && basename(dirname(packageFolder)) === "node_modules") {
    if (inside[0] === "templates" || inside[0] === "bins") return false;
    if (inside[0] === "llama" && inside.length > 1) return inside.length === 2 && RUNTIME_FILES.has(name);
  }
  return isFolder ? !UNUSED_FOLDER.has(name) : !UNUSED_FILE.test(name);
}

function folderBytes(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}
