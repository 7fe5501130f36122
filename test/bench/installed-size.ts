// What a package takes on a disk together with all that it needs, counted in the bench's own folder, where it is installed.

import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}
type Packages = Readonly<Record<string, Locked>>;

/** MB, of all the packages together: what two of them share is counted once. */
export function installedMb(folder: string, names: readonly string[]): number {
  const { packages }: { readonly packages: Packages } = JSON.parse(readFileSync(join(folder, "node_modules/.package-lock.json"), "utf8"));
  const paths = new Set<string>();
  const add = (name: string, from: string): void => {
    const path = resolved(packages, name, from);
    if (path === undefined || paths.has(path)) return;
    paths.add(path);
    for (const needed of neededBy(packages[path] ?? {})) add(needed, path);
  };
  for (const name of names) add(name, "");
  return Array.from(paths, (path) => folderBytes(join(folder, path))).reduce((sum, bytes) => sum + bytes, 0) / 1e6;
}

/** As Node looks for it: in the package's own `node_modules`, then further up. */
function resolved(packages: Packages, name: string, from: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("node_modules/") - 1))) {
    const path = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (path in packages) return path;
    if (at === "") return undefined;
  }
}

function neededBy({ dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }: Locked): string[] {
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  return [...Object.keys(dependencies), ...Object.keys(optionalDependencies), ...peers];
}

/** Without the packages that lie inside of it: they are counted where they are needed. */
function folderBytes(folder: string): number {
  const files = globSync("**/*", { cwd: folder, exclude: ["node_modules"], withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
