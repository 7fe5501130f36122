// What every trial has in common: how often, with which chance, on which program, and what it found.

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { inClone } from "../rig/places.ts";

export interface Trial {
  readonly rounds: number;
  readonly seed: number;
  /** Empty; removed afterwards by whoever began the trial. */
  readonly folder: string;
  /** The sidecar's bundle. */
  readonly bundle: string;
  /**
   * Milliseconds may be held to the promise itself. Where this is false, on a machine that does other things too, they are
   * measured and told, and only a tenfold of the promise fails.
   */
  readonly strict: boolean;
  /** A line about how far it is. */
  readonly say: (line: string) => void;
}

/** What was measured, as rows for the paper, in order. */
export type Findings = readonly (readonly [what: string, found: string])[];

export interface Scenario {
  /** For `--only`. */
  readonly name: string;
  /** The heading in the paper. */
  readonly title: string;
  /** How often in the long form. */
  readonly rounds: number;
  /** Throws when a promise was broken. */
  readonly run: (trial: Trial) => Promise<Findings>;
}

/** The promise in milliseconds, or what a busy machine is allowed in its place. */
export function limitMs({ strict }: Trial, promisedMs: number): number {
  return strict ? promisedMs : 10 * promisedMs;
}

/**
 * A copy of the built program, in a folder whose name no other process has on its command line: what is counted by that name is
 * this run's alone, and a build in the meantime changes nothing. Returns the sidecar's bundle.
 */
export function copyProgram(folder: string): string {
  const dist = join(folder, "dist");
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(inClone("dist"))) {
    if (name.endsWith(".mjs") || name === "models") cpSync(inClone("dist", name), join(dist, name), { recursive: true });
  }
  const bundle = join(dist, "sidecar.mjs");
  if (!existsSync(bundle)) throw new Error("The trials are about the built sidecar, and there is none: run `npm run build` first.");
  cpSync(inClone("package.json"), join(folder, "package.json"));
  symlinkSync(inClone("dist/node_modules"), join(dist, "node_modules"), "junction");
  return bundle;
}

/** A folder for one trial on the clone's own disk: a temporary folder in memory would prove nothing about a disk. */
export function trialFolder(name: string): string {
  const folder = inClone(".cache", `torture-${process.pid}`, name);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  mkdirSync(folder, { recursive: true });
  return folder;
}

export function removeTrialFolders(): void {
  rmSync(inClone(".cache", `torture-${process.pid}`), { recursive: true, force: true, maxRetries: 5 });
}

/** `half 12 ms, 95 of 100 under 40 ms, at most 93 ms`. */
export function spread(values: readonly number[]): string {
  if (values.length === 0) return "none";
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)} ms`;
  return `half within ${at(0.5)}, 95 of 100 within ${at(0.95)}, all within ${at(1)}`;
}
