// What a mutant is.

import type { RowName } from "./rows.ts";

export interface Edit {
  /** Relative to the project. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly from: string;
  readonly to: string;
}

export interface Mutant {
  readonly row: RowName;
  /** All of one mutant, as a rule a single one. */
  readonly edits: readonly Edit[];
}

/** Mutants of one file: row, what stands there, what stands there instead. */
export type MutantsOfFile = readonly (readonly [row: RowName, from: string, to: string])[];

export function mutantsOf(files: Readonly<Record<string, MutantsOfFile>>): readonly Mutant[] {
  return Object.entries(files).flatMap(([file, mutants]) => mutants.map(([row, from, to]) => ({ row, edits: [{ file, from, to }] })));
}
