// The sidecar's own log: one line a message on stderr, its level first, for whoever started it to keep. The protocol has a pipe
// of its own, so a line can never damage a message. Nothing that a user, a model or a key says is written here.

import type { Writable } from "node:stream";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface Log {
  readonly debug: (message: string) => void;
  readonly info: (message: string) => void;
  readonly warn: (message: string) => void;
  readonly error: (message: string) => void;
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Characters. A stack trace fits; a line that some library made of a whole answer does not. */
const longestLine = 4000;
/** Bytes that may wait for a reader that has stopped reading; lines beyond are dropped, since a log must not eat the memory. */
const mostWaiting = 256 * 1024;

export function createLog(stream: Writable, least: LogLevel = "info"): Log {
  const write = (level: LogLevel, message: string): void => {
    if (levels.indexOf(level) < levels.indexOf(least) || stream.writableLength > mostWaiting) return;
    const line = message.replaceAll(/\s*\n\s*/gu, " | ").slice(0, longestLine);
    stream.write(`${level}: ${line}\n`);
  };
  return {
    debug: (message) => write("debug", message),
    info: (message) => write("info", message),
    warn: (message) => write("warn", message),
    error: (message) => write("error", message),
  };
}

/** An error with where it came from. */
export function trace(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
