// A database whose first hundred bytes are damaged is no database to SQLite, though all that was said may stand behind them. They
// say little that is not the same in every database of this program (https://sqlite.org/fileformat2.html#the_database_header).
// What follows them in the first page tells where the tables are, and is the same too for those that are read: every schema
// makes them first, and later ones only add columns to them.

import { closeSync, copyFileSync, fstatSync, openSync, readSync, writeSync } from "node:fs";

const HEADER_BYTES = 100;

/** How much of a damaged database is taken from one that was just made. */
export type Beginning = "header" | "first-page";

/** Offsets. */
const PAGE_SIZE = 16;
const CHANGES = 24;
const PAGES = 28;
const FREE_PAGES = 32;
const VALID_FOR = 92;

/** Makes `copy` of `source` with the beginning of `model`, a database of the same program that was just made, and its own length. */
export function copyWithBeginning(source: string, copy: string, model: string, beginning: Beginning): void {
  copyFileSync(source, copy);
  const header = beginningOf(model, HEADER_BYTES);
  // 1 stands for 65,536, which does not fit.
  const pageSize = header.readUInt16BE(PAGE_SIZE) === 1 ? 65_536 : header.readUInt16BE(PAGE_SIZE);
  const bytes = beginning === "header" ? header : beginningOf(model, pageSize);
  const file = openSync(copy, "r+");
  try {
    bytes.writeUInt32BE(Math.floor(fstatSync(file).size / pageSize), PAGES);
    // The number of pages counts only where these two agree.
    bytes.writeUInt32BE(1, CHANGES);
    bytes.writeUInt32BE(1, VALID_FOR);
    // First of the free pages, and how many there are: none is looked for.
    bytes.fill(0, FREE_PAGES, FREE_PAGES + 8);
    writeSync(file, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(file);
  }
}

function beginningOf(database: string, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const file = openSync(database, "r");
  try {
    readSync(file, bytes, 0, length, 0);
  } finally {
    closeSync(file);
  }
  return bytes;
}
