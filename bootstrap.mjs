// The way in: `node bootstrap.mjs start|test|build|package|mutants|torture [options]`, behind `npm start` and `npm test`. It runs on
// any Node from 20 on, without a dependency: it installs the packages when the lock file has changed, finds or brings a Node
// that fits, and goes on with the task on that Node. What is half installed when it is interrupted is installed again by the
// next run.

import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const nodeFolder = join(root, "test/rig/node");

const TASKS = new Map([
  ["start", "test/rig/start.ts"],
  ["test", "test/run.ts"],
  ["build", "esbuild.mjs"],
  ["package", "test/rig/package.ts"],
  ["bench", "test/bench/run.ts"],
  ["mutants", "test/mutants/run.ts"],
  ["fuzz", "test/fuzz/run.ts"],
  ["torture", "test/torture/run.ts"],
]);

/** A failure that a person can mend; its message is all that is printed. */
export class SetupError extends Error {}

/**
 * Whether Parley's tools run on this version of Node: `node:sqlite` with FTS5 and the editor's server ask for 24.15; 24.16 and
 * 24.17 have a regression in streams; odd releases past 24 were never long-term ones.
 */
export function fits(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major === 24) return minor === 15 || minor >= 18;
  return major > 24 && major % 2 === 0;
}

/** How to run npm: as a script on this Node where npm says where it lies, else as the command on the PATH. */
function npmCommand(args) {
  const beside = [
    join(dirname(process.execPath), "node_modules/npm/bin/npm-cli.js"),
    join(dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js"),
  ];
  const script = [process.env.npm_execpath ?? "", ...beside].find((file) => /npm-cli\.c?js$/.test(file) && existsSync(file));
  if (script !== undefined) return { command: process.execPath, args: [script, ...args], shell: false };
  return { command: "npm", args, shell: process.platform === "win32" };
}

/**
 * Runs npm in `cwd`. npm shows its own progress on a terminal; elsewhere a line every 20 seconds says that it goes on.
 * Rejects with a SetupError when npm fails, and when it is interrupted.
 */
export async function runNpm(args, cwd, log = console.log) {
  const npm = npmCommand([...args, "--loglevel=error", "--no-audit", "--no-fund"]);
  const started = Date.now();
  const alive = setInterval(() => log(`  … still working (${Math.round((Date.now() - started) / 1000)} s)`), 20_000);
  if (process.stderr.isTTY) clearInterval(alive);
  try {
    const { code, interrupted } = await runToEnd(npm.command, npm.args, { cwd, shell: npm.shell, patienceMs: 500 });
    if (interrupted) throw new SetupError("The installation was interrupted. Run the command again to go on.");
    if (code !== 0)
      throw new SetupError(
        `npm failed (status ${code}, its own words are above). Check the network and the space on the disk, then run the command again.`,
      );
  } catch (error) {
    if (error.code === "ENOENT")
      throw new SetupError("npm was not found. Install it (it comes with Node from nodejs.org), then run the command again.");
    throw error;
  } finally {
    clearInterval(alive);
  }
}

/**
 * Whether `node_modules` is what the lock file says. npm leaves a lock file of its own there as the last act of an install, so
 * one that was interrupted is never taken for whole, and a package that a developer has just added is not installed again.
 * What is optional may be missing: it is for other platforms.
 */
function isInstalled(folder) {
  const installedFile = join(folder, "node_modules/.package-lock.json");
  if (!existsSync(installedFile)) return false;
  const { packages: installed } = JSON.parse(readFileSync(installedFile, "utf8"));
  const { packages: locked } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  return Object.entries(locked).every(([path, { version, integrity, optional }]) => {
    const found = installed[path];
    if (path === "" || (found === undefined && optional === true)) return true;
    return found !== undefined && found.version === version && found.integrity === integrity;
  });
}

/**
 * `npm ci` in a folder with a lock file of its own, unless what the lock file says is installed already. Returns whether
 * something was installed.
 */
export async function installLocked(folder, what, log = console.log) {
  if (isInstalled(folder)) return false;
  log(`Installing ${what} …`);
  const started = Date.now();
  await runNpm(["ci", "--ignore-scripts"], folder, log);
  log(`  done in ${Math.round((Date.now() - started) / 1000)} s`);
  return true;
}

/** The Node to go on with: the running one, or the one that npm brings for this platform. */
async function fittingNode() {
  if (fits(process.versions.node)) return process.execPath;
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const ask = "Install Node 24 (24.18 or newer) yourself, then run the command again.";
  const { optionalDependencies } = JSON.parse(readFileSync(join(nodeFolder, "package.json"), "utf8"));
  const version = optionalDependencies[name];
  if (version === undefined)
    throw new SetupError(`Parley needs Node 24; this is Node ${process.versions.node}, and npm has none for ${name.slice(5)}. ${ask}`);
  await installLocked(nodeFolder, `Node ${version} for Parley alone (the running ${process.versions.node} does not fit)`);
  const binary = join(nodeFolder, "node_modules", name, process.platform === "win32" ? "bin/node.exe" : "bin/node");
  // npm leaves an optional package out without a word when it cannot be fetched.
  if (!existsSync(binary))
    throw new SetupError(`npm did not bring ${name} ${version}. ${ask} Or delete test/rig/node/node_modules to try once more.`);
  return binary;
}

/**
 * Runs a command to its end, hands signals on to it, and tells how it ended. With `patienceMs` it is ended that long after a
 * signal: npm would first fetch all that it has begun.
 */
function runToEnd(command, args, { patienceMs, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", ...options });
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    let interrupted = false;
    const forward = (signal) => {
      interrupted = true;
      child.kill(signal);
      if (patienceMs !== undefined) setTimeout(() => child.kill("SIGKILL"), patienceMs).unref();
    };
    for (const signal of signals) process.on(signal, forward);
    // npm runs its scripts in a shell that does not hand signals on: whoever ends npm leaves this process without a parent.
    const parent = process.ppid;
    const orphaned = setInterval(() => process.ppid !== parent && forward("SIGTERM"), 1_000);
    const settle = (then) => (value, signal) => {
      clearInterval(orphaned);
      for (const name of signals) process.off(name, forward);
      then(value, signal);
    };
    child.once("error", settle(reject));
    child.once(
      "exit",
      settle((code, signal) => resolve({ code, signal, interrupted: interrupted || signal !== null })),
    );
  });
}

async function main([task, ...rest]) {
  const file = TASKS.get(task ?? "");
  if (file === undefined) {
    console.error(`Usage: node bootstrap.mjs ${[...TASKS.keys()].join("|")} [options]`);
    return 2;
  }
  if (Number(process.versions.node.split(".")[0]) < 20)
    throw new SetupError(`Parley needs Node 20 or newer to install itself; this is Node ${process.versions.node}.`);
  await installLocked(root, "Parley's packages");
  const node = await fittingNode();
  // What the task starts by name (npm, npx) then runs on the same Node. The channel lets the task notice that this process is gone.
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}`, PARLEY_BOOTSTRAP: "1" };
  const { code, signal } = await runToEnd(node, [join(root, file), ...rest], { env, stdio: ["inherit", "inherit", "inherit", "ipc"] });
  return code ?? 128 + (constants.signals[signal] ?? 0);
}

const started = process.argv[1] ?? "";
if (existsSync(started) && realpathSync(started) === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof SetupError ? `\nparley: ${error.message}` : error);
    process.exitCode = 1;
  }
}
