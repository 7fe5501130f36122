// Where a text of Markdown ends inside a block of code. Pure.

/** As CommonMark has it: up to three spaces, then three or more of one sign; those of backticks have none in what follows. */
const FENCE = /^ {0,3}(?<sign>`{3,}(?!.*`)|~{3,})(?<rest>.*)$/;

/** The line that opened the block of code in which the text ends; undefined where it ends in none. */
export function openFence(text: string): string | undefined {
  let open: { readonly line: string; readonly sign: string } | undefined;
  for (const line of text.split("\n")) {
    const { sign = "", rest = "" } = FENCE.exec(line)?.groups ?? {};
    if (sign === "") continue;
    if (open === undefined) open = { line, sign };
    else if (sign.startsWith(open.sign) && rest.trim() === "") open = undefined;
  }
  return open?.line;
}
