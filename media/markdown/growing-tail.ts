// The unfinished end of a streaming answer, as it is best shown meanwhile. Marks whose meaning depends on the characters
// that follow are held back or closed, so that nothing flashes as a heading, as raw asterisks or as half an address. The
// finished block is rendered from its own text: nothing done here lasts.

/** A last line of which only marks have come: a heading, a list item, a table or a rule may become of it. */
const ONLY_MARKS = /(?:^|\n)[ \t>]*(?:[-=*+#_|`~]+|\d{1,9}[.)]?)[ \t]*$/;
/** The header of a table whose delimiter row has not come. */
const TABLE_HEAD = /(?:^|\n)[ \t]*\|[^\n]*(?:\n[ \t]*\|?[ \t:|-]*)?$/;
/** A link or image whose address is still coming, or has not begun. */
const HALF_LINK = /(!?)\[([^[\]\n]*)\]\([^()\n]*$/;

/** UTF-16 code units. In a longer paragraph open marks are left as they are. */
const LONGEST_CLOSED = 4_096;

/** The text to render for an unfinished end. */
export function shownTail(pending: string): string {
  const withoutMarks = pending.replace(ONLY_MARKS, "");
  const withoutTable = isTableHead(withoutMarks) ? withoutMarks.replace(TABLE_HEAD, "") : withoutMarks;
  return withClosedMarks(withoutTable);
}

function isTableHead(text: string): boolean {
  const match = TABLE_HEAD.exec(text);
  // A row of a table that is already there stays.
  return match !== null && !/\|[^\n]*\n[ \t]*\|?[ \t]*:?-[^\n]*(?:\n[^\n]+)*$/.test(text.slice(0, match.index));
}

/** Closes code and emphasis that the last paragraph opens, and shows the words of a link without its half address. */
function withClosedMarks(text: string): string {
  const start = text.lastIndexOf("\n\n") + 1;
  const paragraph = text.slice(start);
  if (paragraph.length > LONGEST_CLOSED) return text;
  if (/^(?: {4}|\t)/m.test(paragraph) || /^ *(?:```|~~~)/m.test(paragraph)) return text;
  const prose = paragraph.replace(/(?<!`)(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, (code) => " ".repeat(code.length));
  const openCode = /`+/.exec(prose)?.[0];
  if (openCode !== undefined) return text.endsWith("`") ? text.replace(/`+$/, "") : `${text}${openCode}`;
  const linked = text.replace(HALF_LINK, (_whole, image: string, label: string) => (image === "" ? label : ""));
  // Marks at the very end that follow a space open nothing yet; those that follow a word are half of the closing ones.
  const closing = closingMarks(prose.replace(OPENING_MARKS, ""));
  const begun = linked.replace(OPENING_MARKS, "");
  return closing === "" ? begun : `${begun.replace(/[ \t*_]+$/, "")}${closing}`;
}

const OPENING_MARKS = /(?<![^\s([])[*_~]+$/;
/** One mark that opens emphasis, with no second one behind it. */
const OPEN_STAR = /(?<![\w*\\])\*(?![\s*])[^*]*$/;
const OPEN_LINE = /(?<![\w_\\])_(?![\s_])[^_]*$/;

function closingMarks(prose: string): string {
  const strong = (prose.match(/\*\*/g)?.length ?? 0) % 2 === 1;
  const rest = prose.replaceAll("**", "  ");
  return `${OPEN_LINE.test(rest) ? "_" : ""}${OPEN_STAR.test(rest) ? "*" : ""}${strong ? "**" : ""}`;
}
