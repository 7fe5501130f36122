// Any text as lines of a Markdown file, and back without a difference. What stays itself in a text file is written as it is.
// Characters that editors, version control or UTF-8 change or lose become character references, in texts that are marked for
// it; a line that looks like one of the file's own marks gets a backslash before it.

/** Every mark is a line that begins so. */
export const markStart = "<!-- parley:";

const looksLikeMark = /^(?=\\*<!-- parley:)/gmu;
const isEscapedMark = /^\\(?=\\*<!-- parley:)/gmu;
/** Control characters but tab and line feed, halves of surrogate pairs, separators that some take for line ends, byte order marks. */
const fragile = /(?![\t\n])[\p{Cc}\p{Cs}\u2028\u2029\uFEFF]/gu;
const reference = /&#x([0-9A-F]{1,6});/gu;

export interface ExactText {
  readonly text: string;
  /** Whether it holds character references that stand for something else. */
  readonly escapes: boolean;
}

export function writeExactly(text: string): ExactText {
  const escapes = text.search(fragile) >= 0;
  const plain = escapes ? text.replaceAll("&#x", "&#x26;#x").replaceAll(fragile, referenceTo) : text;
  return { text: plain.replaceAll(looksLikeMark, "\\"), escapes };
}

export function readExactly({ text, escapes }: ExactText): string {
  const plain = text.replaceAll(isEscapedMark, "");
  return escapes ? plain.replaceAll(reference, characterOf) : plain;
}

/** JSON that can stand in a comment, on one line, in any text file. */
export function jsonForComment(value: unknown): string {
  return inTextFile(value).replaceAll(">", "\\u003e");
}

/** JSON on one line that no editor and no version control changes. */
export function inTextFile(value: unknown): string {
  return JSON.stringify(value).replaceAll(fragile, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function referenceTo(character: string): string {
  return `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`;
}

/** Half a surrogate pair too. */
function characterOf(written: string, code: string): string {
  const point = Number.parseInt(code, 16);
  return point > 0x10_ff_ff ? written : String.fromCodePoint(point);
}

/**
 * The fence that would still be open after a text, so that what follows it would be read as code; undefined where there is
 * none. By CommonMark 0.31, section 4.5, outside of lists and quotations.
 */
export function openFence(text: string): string | undefined {
  let open: string | undefined;
  for (const line of text.split("\n")) {
    const [, run, rest = ""] = /^ {0,3}(`{3,}|~{3,})(.*)$/u.exec(line) ?? [];
    if (run === undefined) continue;
    if (open === undefined) {
      if (run.startsWith("~") || !rest.includes("`")) open = run;
    } else if (run[0] === open[0] && run.length >= open.length && rest.trim() === "") open = undefined;
  }
  return open;
}

/** A fence that nothing in the text can close. */
export function fenceFor(text: string): string {
  let longest = 2;
  for (const [run] of text.matchAll(/`+/gu)) longest = Math.max(longest, run.length);
  return "`".repeat(longest + 1);
}
