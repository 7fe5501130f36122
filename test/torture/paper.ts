// What the long form has found, as tables in docs/reliability.md: each trial has its place there between two marks, and a run
// replaces what stands between them.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { inClone } from "../rig/places.ts";
import type { Findings, Scenario } from "./scenario.ts";

const paper = inClone("docs/reliability.md");

export interface Report {
  readonly scenario: Scenario;
  readonly rounds: number;
  readonly seed: number;
  /** The machine did other things too. */
  readonly busy: boolean;
  readonly findings: Findings;
  readonly seconds: number;
}

/** Throws where the paper has no place for this trial. */
export function report(done: Report): void {
  const { name } = done.scenario;
  const text = readFileSync(paper, "utf8");
  const marks = { begin: `<!-- ${name} -->`, end: `<!-- end of ${name} -->` };
  const from = text.indexOf(marks.begin);
  const to = text.indexOf(marks.end);
  if (from < 0 || to < from)
    throw new Error(`docs/reliability.md has no place for ${name}: it needs the lines ${marks.begin} and ${marks.end}.`);
  writeFileSync(paper, `${text.slice(0, from + marks.begin.length)}\n\n${section(done)}\n${text.slice(to)}`);
}

function section({ scenario, rounds, seed, busy, findings, seconds }: Report): string {
  const rows = findings.map(([what, found]) => `| ${what} | ${found} |`);
  const minutes = seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
  const when = new Date().toISOString().slice(0, 10);
  return [
    `${when}, ${minutes}, \`npm run torture -- --only ${scenario.name} --rounds ${rounds} --seed ${seed}${busy ? " --busy" : ""}\` at ${commit()}, on ${machine()}${busy ? ", which did other things too" : ""}.`,
    "",
    "| what | found |",
    "|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpu?.model.trim() ?? "?"}, ${memory} GB, ${type()} ${release()}, Node ${process.versions.node}`;
}

function commit(): string {
  try {
    return execFileSync("git", ["-C", inClone(), "rev-parse", "--short", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "an unknown commit";
  }
}
