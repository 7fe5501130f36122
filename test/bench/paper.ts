// docs/performance.md: words by hand, figures between two marks, which only a run of the benchmark writes. The figures are kept
// beside it as JSON, and a test holds the two together.

import { readFileSync, writeFileSync } from "node:fs";
import { inClone } from "../rig/places.ts";
import { renderReport } from "./report.ts";
import type { BenchReport } from "./results.ts";

export const paperFile = inClone("docs/performance.md");
export const figuresFile = inClone("docs/performance.json");

const BEGIN = "<!-- figures: npm run bench -- --write -->";
const END = "<!-- end of figures -->";

/** What stands between the marks. */
export function figuresOf(paper: string): string {
  return paper.slice(...marks(paper)).trim();
}

/** Where the first mark ends and the second begins. */
function marks(paper: string): [number, number] {
  const [begin, end] = [paper.indexOf(BEGIN), paper.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`The paper needs the marks ${BEGIN} and ${END}.`);
  return [begin + BEGIN.length, end];
}

export function writePaper(report: BenchReport): void {
  const paper = readFileSync(paperFile, "utf8");
  const [begin, end] = marks(paper);
  writeFileSync(paperFile, `${paper.slice(0, begin)}\n\n${renderReport(report)}\n${paper.slice(end)}`);
  writeFileSync(figuresFile, `${JSON.stringify(report, undefined, 2)}\n`);
}

export function readFigures(): BenchReport {
  return JSON.parse(readFileSync(figuresFile, "utf8"));
}
