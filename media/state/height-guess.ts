// About how tall a message is, before it was ever laid out: near enough that the scroll bar tells the truth, and that little
// moves when the message is rendered. Pure.

/** CSS pixels, at the editor's default font size. */
const LINE_PX = 20;
const BLANK_LINE_PX = 9;
const CHARACTER_PX = 6.6;
/** Label, footer and their distances. */
const FRAME_PX = 36;
/** Lines of Markdown that take room without showing a line of text. */
const MARKS_ONLY = /^\s*(?:[-=|: ]{3,}|[`~]{3,}.*)?$/;

/** CSS pixels. `width` is that of the column in which the text is set. Thousands of messages are guessed before one is shown. */
export function guessHeight(text: string, width: number): number {
  const perLine = Math.max(10, Math.floor(width / CHARACTER_PX));
  let height = FRAME_PX;
  for (let start = 0; start <= text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    height += end === start || mayBeMarks(text.charCodeAt(start)) ? heightOf(text.slice(start, end), perLine) : lines(end - start, perLine);
    start = end + 1;
  }
  return height;
}

const lines = (length: number, perLine: number): number => LINE_PX * Math.ceil(length / perLine);

const heightOf = (line: string, perLine: number): number => (MARKS_ONLY.test(line) ? BLANK_LINE_PX : lines(line.length, perLine));

/** Letters, which begin most lines, are no marks: those need no second look. */
const mayBeMarks = (code: number): boolean => code < 0x30 || (code > 0x39 && code < 0x41) || code === 0x60 || code > 0x7a;
