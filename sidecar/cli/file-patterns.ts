// Patterns of file names (`src/*.ts`) as operands. A shell has made names of them before a program sees them, but for those of
// Windows, which leave that to the program.

import { glob, stat } from "node:fs/promises";

/** Each pattern as the names that it stands for, in their order, as shells do it; what stands for none stays as it is. */
export async function withPatterns(operands: readonly string[], platform: NodeJS.Platform = process.platform): Promise<readonly string[]> {
  if (platform !== "win32") return operands;
  const named = await Promise.all(operands.map(async (operand) => ((await isPattern(operand)) ? namesOf(operand) : [operand])));
  return named.flat();
}

/** What there is by that name is meant: a file may have brackets in its name. */
async function isPattern(operand: string): Promise<boolean> {
  if (!/[*?[]/u.test(operand)) return false;
  return stat(operand).then(
    () => false,
    () => true,
  );
}

async function namesOf(pattern: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of glob(pattern)) names.push(name);
  return names.length === 0 ? [pattern] : names.toSorted();
}
