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

/** CSS pixels. `width` is that of the column in which the text is set. */
export function guessHeight(text: string, width: number): number {
  const perLine = Math.max(10, Math.floor(width / CHARACTER_PX));
  let height = FRAME_PX;
  for (const line of text.split("\n")) height += MARKS_ONLY.test(line) ? BLANK_LINE_PX : LINE_PX * Math.ceil(line.length / perLine);
  return height;
}
