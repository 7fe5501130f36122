// Makes the folder of a store. Node's own way to make a whole path at once goes round for ever where nothing can be made in a
// folder that exists and the system says that there is no such place, as under Linux's /proc.

import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Failure } from "../../../failure.ts";

/**
 * One folder after the other, each in one that is there. A folder that exists is left as it is. Throws a `Failure` with code
 * `storage` where no folder can be made in that place, else what the file system throws.
 */
export function makeFolder(path: string): void {
  for (const folder of missingFolders(resolve(path))) {
    try {
      mkdirSync(folder);
    } catch (error) {
      // Another process has made it meanwhile.
      if (isFolder(folder)) continue;
      if (!hasCode(error, "ENOENT")) throw error;
      const words = `The conversations could not be kept in "${path}": no folder can be made in "${dirname(folder)}". Choose another place.`;
      throw new Failure("storage", words, error);
    }
  }
}

/** The outermost first. What exists without being a folder is among them, so that making it tells why that cannot be. */
function missingFolders(path: string): readonly string[] {
  const missing: string[] = [];
  for (let folder = path; !isFolder(folder); folder = dirname(folder)) {
    missing.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  return missing;
}

/** Throws what the file system throws, but for what is not there. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
