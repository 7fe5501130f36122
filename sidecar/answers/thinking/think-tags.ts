// The marks between which models think that know no other way to tell it, and whether such a mark is one or is only spoken of.

/** Of one model family each; a closed list, because every further one is a text that can no longer be said. */
export interface ThinkTags {
  readonly open: string;
  readonly close: string;
}

export const THINK_TAGS: readonly ThinkTags[] = [
  // DeepSeek R1, Qwen, GLM, MiniMax, and nearly everybody who came after them.
  { open: "<think>", close: "</think>" },
  { open: "<thinking>", close: "</thinking>" },
  // Gemini's interface in OpenAI's manner, and Gemma.
  { open: "<thought>", close: "</thought>" },
  // Magistral without its own parser.
  { open: "[THINK]", close: "[/THINK]" },
  // gpt-oss at Amazon Bedrock, around each piece of a thought by itself.
  { open: "<reasoning>", close: "</reasoning>" },
  // Seed-OSS.
  { open: "<seed:think>", close: "</seed:think>" },
  // Kimi.
  { open: "◁think▷", close: "◁/think▷" },
];

/** The characters that any of the marks begins with. */
export const MARK_BEGINS = /[<[◁]/u;

export interface FoundTag {
  readonly at: number;
  readonly close: string;
}

/** The first of these closing marks at or after `from`. */
export function findClose(text: string, closes: readonly string[], from = 0): FoundTag | undefined {
  let found: FoundTag | undefined;
  for (const close of closes) {
    const at = text.indexOf(close, from);
    if (at >= 0 && (found === undefined || at < found.at)) found = { at, close };
  }
  return found;
}

/** How many characters at the end of `text` may be the beginning of one of these marks. */
export function unfinishedTail(text: string, marks: readonly string[]): number {
  const longest = Math.min(text.length, Math.max(...marks.map((mark) => mark.length)) - 1);
  for (let length = longest; length > 0; length -= 1) {
    const tail = text.slice(text.length - length);
    if (marks.some((mark) => mark.startsWith(tail))) return length;
  }
  return 0;
}

const QUOTES: Readonly<Record<string, string>> = { "`": "`", '"': '"', "“": "”", "«": "»" };

/** `before` ends with a quote that was opened on its line: a mark that follows may be one that is spoken of. */
export function endsInQuote(before: string): boolean {
  const quote = before.at(-1) ?? "";
  const closing = QUOTES[quote];
  if (closing === undefined) return false;
  const line = before.slice(before.lastIndexOf("\n") + 1);
  return closing !== quote || (line.split(quote).length - 1) % 2 === 1;
}

/** Between quotes a mark is spoken of, also where a model thinks. */
export function isQuoted(before: string, after: string): boolean {
  return endsInQuote(before) && QUOTES[before.at(-1) ?? ""] === after.at(0);
}

/**
 * A closing mark that was never opened ends what a model thought, unless prose speaks of it. It does in code, in quotes,
 * after the opening mark was spoken of, and inside a sentence: `close it with </think> and go on`.
 */
export function isSpokenOf(before: string, after: string): boolean {
  if (isQuoted(before, after) || isInCode(before)) return true;
  if (THINK_TAGS.some(({ open }) => before.includes(open))) return true;
  if (!/[ \t(]$/u.test(before)) return false;
  return /^[ \t]*($|[.,;:!?)\]])|^[ \t]+\p{Ll}/u.test(after);
}

/** What decides whether a mark is spoken of has come. */
export function canBeJudged(after: string): boolean {
  return /[^ \t]/u.test(after);
}

/** An open fence, or a span of code that was opened in this paragraph and is not closed yet. */
function isInCode(text: string): boolean {
  let fence = "";
  let paragraph = "";
  for (const line of text.split("\n")) {
    const mark = /^ {0,3}(`{3,}|~{3,})/u.exec(line)?.[1] ?? "";
    if (fence !== "") {
      if (mark.startsWith(fence)) fence = "";
    } else if (mark !== "") {
      fence = mark;
      paragraph = "";
    } else paragraph = line.trim() === "" ? "" : `${paragraph}${line}\n`;
  }
  return fence !== "" || (paragraph.split("`").length - 1) % 2 === 1;
}
