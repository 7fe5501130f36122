// The schema's version as it stands in the files, read without SQLite: even a reader's connection would make or change the files
// beside a database, and nothing of a newer Parley's may be touched.
//
// Where it stands: https://www.sqlite.org/fileformat2.html (sections 1.3 and 4). The database's header has it at byte 60. Where
// a write-ahead log has a newer first page, committed, the header in that page holds.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const magic = "SQLite format 3\0";
const versionAt = 60;
const logHeaderBytes = 32;
const frameHeaderBytes = 24;

/** 0 where there is no database, or none that can be read. Throws what the file system throws, but not that a file is missing. */
export function schemaOnDisk(database: string): number {
  return withFile(`${database}-wal`, versionInLog) ?? withFile(database, versionInHeader) ?? 0;
}

function versionInHeader(file: number): number | undefined {
  const header = read(file, 0, versionAt + 4);
  return header?.toString("latin1", 0, magic.length) === magic ? header.readUInt32BE(versionAt) : undefined;
}

function versionInLog(file: number): number | undefined {
  const header = read(file, 0, logHeaderBytes);
  if (header === undefined || (header.readUInt32BE(0) & 0xfffffffe) >>> 0 !== 0x377f0682) return undefined;
  const pageBytes = header.readUInt32BE(8);
  const salt = header.subarray(16, 24);
  const { size } = fstatSync(file);
  let committed: number | undefined;
  let pending: number | undefined;
  for (let at = logHeaderBytes; at + frameHeaderBytes + pageBytes <= size; at += frameHeaderBytes + pageBytes) {
    const frame = read(file, at, frameHeaderBytes);
    // Frames of an earlier round of the log follow the valid ones; their salt is another.
    if (frame === undefined || !frame.subarray(8, 16).equals(salt)) break;
    if (frame.readUInt32BE(0) === 1) pending = read(file, at + frameHeaderBytes + versionAt, 4)?.readUInt32BE(0);
    if (frame.readUInt32BE(4) !== 0) committed = pending ?? committed;
  }
  return committed;
}

/** Undefined where the file ends before. */
function read(file: number, at: number, bytes: number): Buffer | undefined {
  const buffer = Buffer.alloc(bytes);
  return readSync(file, buffer, 0, bytes, at) === bytes ? buffer : undefined;
}

function withFile<T>(path: string, use: (file: number) => T | undefined): T | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}
