// Files that are there whole or not at all.

import { randomUUID } from "node:crypto";
import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Written beside the file and put in its place when all is there. What is no file (a pipe, `/dev/stdout`) is written to. Rejects
 * as the file system and the content do; a file that was there is then as it was.
 */
export async function writeWholeFile(given: string, content: string | AsyncIterable<string>): Promise<void> {
  // A link stays one: the file that it leads to is written anew.
  const path = await realpath(given).catch(() => given);
  const there = await stat(path).catch(() => undefined);
  if (there?.isFile() === false) return writeFile(path, content);
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    await writeFile(temporary, content, { flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
