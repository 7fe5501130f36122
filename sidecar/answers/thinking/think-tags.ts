// The marks between which models think that know no other way to tell it.

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

const OPENINGS = new RegExp(THINK_TAGS.map(({ open }) => openingOf(open)).join("|"), "iu");

/** Also one with attributes: what closes it then is a part of somebody's XML. */
function openingOf(open: string): string {
  return open.startsWith("<") ? String.raw`${open.slice(0, -1)}[\s>]` : open.replaceAll(/[[\]]/gu, String.raw`\$&`);
}

/** Whether any of the opening tags stands in it. */
export function mentionsOpening(text: string): boolean {
  return OPENINGS.test(text);
}

/** The tags whose opening one the text begins with; `unfinished` where more than this text may make it one. */
export function leadingTag(text: string, isAll: boolean): ThinkTags | "unfinished" | undefined {
  if (!isAll && THINK_TAGS.some(({ open }) => open.length > text.length && open.startsWith(text))) return "unfinished";
  return THINK_TAGS.find(({ open }) => text.startsWith(open));
}

/** The characters that any of the marks begins with. */
export const MARK_BEGINS = /[<[◁]/u;

export interface FoundTag {
  readonly at: number;
  readonly close: string;
}

/** Finds the first of these marks. In one look at the text: what it holds many of may be far from what it holds none of. */
export function markFinder(marks: readonly string[]): (text: string) => FoundTag | undefined {
  const any = new RegExp(marks.map((mark) => mark.replaceAll(/[[\]/]/gu, String.raw`\$&`)).join("|"), "u");
  return (text) => {
    const found = any.exec(text);
    return found === null ? undefined : { at: found.index, close: found[0] };
  };
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
