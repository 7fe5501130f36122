import type { FilePart } from "../../sidecar/types.ts";

/** Which lines of which file, as editors write it: `order.ts:3-9`, `order.ts:3` for one line, the name alone for all of it. */
export function linesLabel({ name, startLine, endLine }: Pick<FilePart, "name" | "startLine" | "endLine">): string {
  if (startLine === undefined) return name;
  return endLine === undefined || endLine === startLine ? `${name}:${startLine}` : `${name}:${startLine}-${endLine}`;
}
