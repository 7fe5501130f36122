// An answer as a section of a longer Markdown document: its headings must stay below the section's own, and a code block that
// was cut off must not swallow the sections after it. Pure.

/** The deepest heading that Markdown has. */
const MAX_LEVEL = 6;

/** The answer with all headings lowered by `levels`, and its last code block closed. Code blocks stay as they are. */
export function sectionText(answer: string, levels: number): string {
  let fence: string | null = null;
  const lines = answer.split("\n").map((line) => {
    const marker = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    if (fence === null) {
      // A fence of backticks has none in the rest of its line; such a line is text.
      if (marker?.[1] !== undefined && !(marker[1].startsWith("`") && marker[2]?.includes("`") === true)) [, fence = null] = marker;
      return fence === null ? lowered(line, levels) : line;
    }
    if (marker?.[1]?.startsWith(fence) === true && marker[2]?.trim() === "") fence = null;
    return line;
  });
  if (fence !== null) lines.push(fence);
  return lines.join("\n").trim();
}

function lowered(line: string, levels: number): string {
  const heading = /^ {0,3}(#{1,6})(?=\s|$)/.exec(line);
  if (heading?.[1] === undefined) return line;
  const level = Math.min(heading[1].length + levels, MAX_LEVEL);
  return "#".repeat(level) + line.slice(heading[0].length);
}

/** A file's name in a heading, with nothing in it read as Markdown. */
export function headingText(name: string): string {
  return name.replaceAll(/[\\`*_[\]<>#|]/g, "\\$&");
}
