// Whatever SQLite or the file system throws, as the one failure that a store gives, in words that say what to do.

import { Failure } from "../../../failure.ts";
import { notData } from "../../failures.ts";

const full = "the disk is full: free some space";
const notWritable = "it cannot be written to: check its permissions";

/** SQLite's primary result codes. */
const causes: ReadonlyMap<number, string> = new Map([
  [5, "it is locked by another program: close what holds it"],
  [8, notWritable],
  [10, "the disk failed to read or write it"],
  [11, "it is damaged: close all windows of Parley and open one again, which repairs it"],
  [13, full],
  [14, "it cannot be opened: check that its folder exists and can be written to"],
  [15, "the lock on it failed: check the disk"],
  [26, "it is no database: close all windows of Parley and open one again, which sets it aside"],
]);

/** Of the file system. */
const fileCauses: ReadonlyMap<string, string> = new Map([
  ["ENOSPC", full],
  ["EDQUOT", full],
  ["EACCES", notWritable],
  ["EPERM", notWritable],
  ["EROFS", notWritable],
  ["EISDIR", "a folder is in its place: give that another name"],
  ["ENOTDIR", "its folder cannot be made: a file is in its place"],
  ["EEXIST", "its folder cannot be made: a file is in its place"],
]);

export function storageFailure(error: unknown, file: string): Failure {
  if (error instanceof Failure) return error;
  // A value that JSON or SQLite does not know.
  if (error instanceof TypeError) return notData(error);
  const code = resultCode(error);
  const fileCode = error instanceof Error && "code" in error ? fileCauses.get(String(error.code)) : undefined;
  const cause = (code === undefined ? fileCode : causes.get(code)) ?? (error instanceof Error ? error.message : String(error));
  return new Failure("storage", `The conversations could not be kept in "${file}": ${cause}.`, error);
}

/** The file is no database, or damaged in a way that SQLite has noticed. */
export function isDamage(error: unknown): boolean {
  const code = resultCode(error);
  return code === 11 || code === 26;
}

/** Reading may yet be possible: nothing, or not enough, can be written to the disk or the folder. */
export function isNotWritable(error: unknown): boolean {
  const code = resultCode(error);
  if (code !== undefined) return [8, 10, 13, 14].includes(code);
  const fileCode = error instanceof Error && "code" in error ? fileCauses.get(String(error.code)) : undefined;
  return fileCode === full || fileCode === notWritable;
}

/** The primary result code; undefined for what SQLite has not thrown. */
function resultCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
}
