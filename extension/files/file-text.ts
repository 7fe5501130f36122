// Which bytes are a text that a model can read. Pure.

/** Bytes. Far more than the context of any model holds, and little enough to be read and sent at once. */
export const MAX_FILE_BYTES = 2 * 1024 * 1024;
/** Bytes that are looked at to tell a text from something else: the same as git does. */
const SAMPLE = 8_000;

/** True where these bytes are no text: they hold a zero byte and do not begin like UTF-16 or UTF-32. */
export function isBinary(bytes: Uint8Array): boolean {
  if (startsWith(bytes, 0xff, 0xfe) || startsWith(bytes, 0xfe, 0xff) || startsWith(bytes, 0, 0, 0xfe, 0xff)) return false;
  return bytes.subarray(0, SAMPLE).includes(0);
}

function startsWith(bytes: Uint8Array, ...start: readonly number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

export interface CellText {
  readonly kind: "code" | "markup";
  readonly languageId: string;
  readonly text: string;
}

/** A notebook as its cells' text, in order, each code cell in a fence of its language. Outputs are left out. */
export function notebookText(cells: readonly CellText[]): string {
  return cells.map(({ kind, languageId, text }) => (kind === "markup" ? text : fenced(text, languageId))).join("\n\n");
}

/** A fence that the text itself cannot close. */
function fenced(text: string, languageId: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/^\s{0,3}(`{3,})/gm), ([, ticks = ""]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${languageId}\n${text}\n${fence}`;
}
