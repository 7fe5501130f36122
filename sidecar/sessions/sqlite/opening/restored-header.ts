// A database whose first hundred bytes are damaged is no database to SQLite, though all that was said may stand behind them. They
// say little that is not the same in every database of this program (https://sqlite.org/fileformat2.html#the_database_header).

import { closeSync, copyFileSync, fstatSync, openSync, readSync, writeSync } from "node:fs";

const HEADER_BYTES = 100;
/** Offsets. */
const PAGE_SIZE = 16;
const CHANGES = 24;
const PAGES = 28;
const FREE_PAGES = 32;
const VALID_FOR = 92;

/** Makes `copy` of `source` with the header of `model`, a database of the same program that was just made, and its own length. */
export function copyWithHeader(source: string, copy: string, model: string): void {
  copyFileSync(source, copy);
  const header = headerOf(model);
  const file = openSync(copy, "r+");
  try {
    // 1 stands for 65,536, which does not fit.
    const pageSize = header.readUInt16BE(PAGE_SIZE) === 1 ? 65_536 : header.readUInt16BE(PAGE_SIZE);
    header.writeUInt32BE(Math.floor(fstatSync(file).size / pageSize), PAGES);
    // The number of pages counts only where these two agree.
    header.writeUInt32BE(1, CHANGES);
    header.writeUInt32BE(1, VALID_FOR);
    // First of the free pages, and how many there are: none is looked for.
    header.fill(0, FREE_PAGES, FREE_PAGES + 8);
    writeSync(file, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(file);
  }
}

function headerOf(database: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(database, "r");
  try {
    readSync(file, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(file);
  }
  return header;
}
