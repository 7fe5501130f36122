// Any text as a text of SQLite, and back without a difference. SQLite's own functions take a NUL for the end of a text, Node
// 22's driver cuts a text there, and every Node's makes U+FFFD of half a surrogate pair. A text that holds either is kept as
// JSON, which escapes both, behind a mark; every other as it is.

const mark = "\u0001";

export function toColumn(text: string): string {
  const isSafe = text.isWellFormed() && !text.includes("\0") && !text.startsWith(mark);
  return isSafe ? text : mark + JSON.stringify(text);
}

/** What stands behind the mark without being JSON was put in before there was one, and is given as it is. */
export function fromColumn(column: string): string {
  if (!column.startsWith(mark)) return column;
  try {
    return String(JSON.parse(column.slice(mark.length)));
  } catch {
    return column;
  }
}
