// A checkout of this project as git would make it: what git tracks, and what it does not ignore, but nothing that was built.

import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { inClone, localRuntimeFolder } from "../rig/places.ts";

/** Copies it into an empty folder. The files are as they are now, committed or not. */
export function makeCleanCheckout(folder: string): void {
  const listing = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: inClone(),
    encoding: "utf8",
  });
  // A file that was deleted and not committed is still listed.
  for (const file of listing.split("\0").filter((name) => name !== "" && existsSync(inClone(name)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(inClone(file), join(folder, file));
  }
}

/**
 * Links what is installed here into the checkout. Each package is a link of its own: should an install be begun in the checkout
 * after all, it removes the links and not the packages behind them.
 */
export function linkInstalled(folder: string): void {
  mkdirSync(join(folder, "node_modules"));
  for (const entry of readdirSync(inClone("node_modules"), { withFileTypes: true })) {
    const [from, to] = [inClone("node_modules", entry.name), join(folder, "node_modules", entry.name)];
    if (entry.isDirectory()) symlinkSync(from, to, "junction");
    else copyFileSync(from, to);
  }
  mkdirSync(join(folder, ".cache"));
  symlinkSync(localRuntimeFolder, join(folder, ".cache/local-runtime"), "junction");
}
