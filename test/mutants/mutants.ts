// For each row the smallest changes that switch its handling off. The row's tests must fail with each of them
// (`npm run test:mutants`).

import { FAULT_MUTANTS } from "./fault-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { QUIRK_MUTANTS } from "./quirk-mutants.ts";

export const MUTANTS: readonly Mutant[] = [...QUIRK_MUTANTS, ...FAULT_MUTANTS];
