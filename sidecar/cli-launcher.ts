#!/usr/bin/env node
// What `parley` starts: it looks at the Node it runs on before anything that needs a newer one is loaded, and goes on with the Node
// that a clone of Parley brings along where the running one is too old. Built for old syntax; imports nothing of Parley.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

/** The version that package.json asks for under `engines`, as `22.19.0`; the build puts it here. */
declare const NEEDED_NODE: string;

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [neededMajor = 0, neededMinor = 0] = NEEDED_NODE.split(".").map(Number);
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

/** Only in a clone: where the bootstrap installs a Node for this platform. */
function broughtNode(): string | undefined {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const binary = process.platform === "win32" ? "node.exe" : "node";
  const path = fileURLToPath(new URL(`../test/rig/node/node_modules/node-${platform}-${process.arch}/bin/${binary}`, import.meta.url));
  return existsSync(path) ? path : undefined;
}

/** Runs the same command line on another Node, and ends as it ends. */
function goOnWith(node: string, main: string): void {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal sends Ctrl+C to both processes; a signal for this one alone must reach the other.
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  process.on("SIGINT", () => (onTerminal ? undefined : child.kill("SIGINT")));
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.once("error", (error) => fail(`${node} could not be started (${error.message}).`));
  child.once("exit", (code, signal) => {
    if (signal !== null && signal !== "SIGINT") fail(`stopped by ${signal} before it was done.`);
    process.exitCode = code ?? (signal === null ? 1 : 128 + constants.signals[signal]);
    process.removeAllListeners("SIGINT");
    process.removeAllListeners("SIGTERM");
  });
}

function fail(message: string): void {
  process.stderr.write(`parley: ${message}\n`);
  process.exitCode = 1;
}

const main = new URL("./cli-main.mjs", import.meta.url);
if (isNewEnough(process.versions.node)) {
  // Every command sets its status when it is done. A process that runs out of things to wait for before that, or whose program
  // file is cut off (by a copy of an installation that was broken off), must neither look like one that succeeded nor end in silence.
  process.once("beforeExit", () => {
    if (process.exitCode === undefined) fail("this command ended before it was done. Please try again; if it stays so, please report it.");
  });
  void import(main.href);
} else {
  const node = broughtNode();
  if (node === undefined) fail(`This is Node ${process.versions.node}; parley needs Node ${NEEDED_NODE} or newer (nodejs.org).`);
  else goOnWith(node, fileURLToPath(main));
}
