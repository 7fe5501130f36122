// Which tests hold which row, read from the titles in the test files.

import { globSync, readFileSync } from "node:fs";
import { inClone } from "../rig/places.ts";
import type { RowName } from "./rows.ts";

/** A text that begins with the name of a row, as a title does: `quirk 7: …`. */
const TITLE = /["'`]((?:quirk|fault) \d+): /g;

/**
 * Test files, relative to the project, by the row that titles in them name. Only tests on plain Node that load the sources
 * themselves: what asserts in an editor, a browser or a built package sees no mutant.
 */
export function filesByRow(): ReadonlyMap<RowName, readonly string[]> {
  const files = new Map<RowName, string[]>();
  for (const file of globSync("test/sidecar/**/*.test.ts", { cwd: inClone() }).toSorted()) {
    for (const [, name] of readFileSync(inClone(file), "utf8").matchAll(TITLE)) {
      if (name === undefined || !isRowName(name)) continue;
      const known = files.get(name) ?? [];
      if (!known.includes(file)) files.set(name, [...known, file]);
    }
  }
  return files;
}

/** The row that a title names. */
export function rowOf(title: string): RowName | undefined {
  const [, name] = /^((?:quirk|fault) \d+): /.exec(title) ?? [];
  return name !== undefined && isRowName(name) ? name : undefined;
}

function isRowName(name: string): name is RowName {
  return /^(?:quirk|fault) \d+$/.test(name);
}
