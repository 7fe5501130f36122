// Stands in for VS Code's native logger, which npm only brings as source: without a logger the editor's log files and the output
// channels of extensions stay empty. It writes at once and keeps one file; a file over its size starts anew.

"use strict";

const { appendFileSync, mkdirSync, statSync, truncateSync } = require("node:fs");
const { dirname } = require("node:path");

/** In the order of the levels' numbers; the last one is silence. */
const LEVELS = ["trace", "debug", "info", "warning", "error", "critical", "off"];

class Logger {
  #file;
  #limitBytes;
  #level = 2;
  #plain = false;

  constructor(file, limitBytes) {
    this.#file = file;
    this.#limitBytes = limitBytes;
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, "");
  }

  #write(level, message) {
    if (level < this.#level) return;
    // As the native one writes it: local time, to the millisecond.
    const now = new Date();
    const time = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().replace("T", " ").slice(0, 23);
    if (statSync(this.#file).size > this.#limitBytes) truncateSync(this.#file);
    appendFileSync(this.#file, this.#plain ? String(message) : `${time} [${LEVELS[level]}] ${message}\n`);
  }

  trace = (message) => this.#write(0, message);
  debug = (message) => this.#write(1, message);
  info = (message) => this.#write(2, message);
  warn = (message) => this.#write(3, message);
  error = (message) => this.#write(4, message);
  critical = (message) => this.#write(5, message);

  getLevel() {
    return this.#level;
  }
  setLevel(level) {
    this.#level = level;
  }
  clearFormatters() {
    this.#plain = true;
  }
  /** The editor only ever sets the pattern that is written here. */
  setPattern() {
    this.#plain = false;
  }
  flush() {}
  drop() {}
}

exports.version = 0;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.shutdown = () => {};
exports.createRotatingLogger = async (_name, file, limitBytes) => new Logger(file, limitBytes);
exports.createAsyncRotatingLogger = exports.createRotatingLogger;
