// What the sidecar prints, as lines for the log.

import type { Readable } from "node:stream";

/** Characters; a longer line is cut, so that a library that prints without line breaks cannot grow in our memory. */
const MAX_LINE = 8_000;

/** Calls `onLine` for each line of a text stream, without its line break; the last one also without a line break, at the end. */
export function forEachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  // True while the remainder of a line that was already passed on cut is skipped.
  let skipping = false;
  const take = (piece: string): void => {
    rest += piece;
    if (rest.length <= MAX_LINE) return;
    if (!skipping) onLine(`${rest.slice(0, MAX_LINE)} …`);
    skipping = true;
    rest = "";
  };
  const finishLine = (): void => {
    const line = rest.endsWith("\r") ? rest.slice(0, -1) : rest;
    if (!skipping && line !== "") onLine(line);
    skipping = false;
    rest = "";
  };
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const pieces = text.split("\n");
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) finishLine();
      take(piece);
    }
  });
  stream.on("end", finishLine);
  // A broken log pipe is no reason to end anything: the process tells by its exit how it went.
  stream.on("error", () => {});
}
