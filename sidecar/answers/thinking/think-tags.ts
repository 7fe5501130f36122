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
  // MiniMax M3 where its server does not know them (vllm-project/vllm#45687).
  { open: "<mm:think>", close: "</mm:think>" },
  // Gemma 4 in LM Studio and MLX, also around nothing (lmstudio-ai/lmstudio-bug-tracker#2013).
  { open: "<|channel>thought", close: "<channel|>" },
  // Seed-OSS.
  { open: "<seed:think>", close: "</seed:think>" },
  // Kimi.
  { open: "◁think▷", close: "◁/think▷" },
];

const OPENINGS = new RegExp(THINK_TAGS.map(({ open }) => openingOf(open)).join("|"), "iu");

/** Also one with attributes: what closes it then is a part of somebody's XML. */
function openingOf(open: string): string {
  return /^<[\w:]+>$/u.test(open) ? String.raw`${open.slice(0, -1)}[\s>]` : literal(open);
}

/** What stands for itself in a regular expression. */
function literal(mark: string): string {
  return mark.replaceAll(/[[\]/|]/gu, String.raw`\$&`);
}

/** Whether any of the opening tags stands in it. */
export function mentionsOpening(text: string): boolean {
  return OPENINGS.test(text);
}

/** The tags of which the text begins with this one; `unfinished` where more than this text may make it one. */
export function leadingTag(text: string, isAll: boolean, which: keyof ThinkTags = "open"): ThinkTags | "unfinished" | undefined {
  // Nearly every answer begins with a word.
  if (text !== "" && !MARK_BEGINS.test(text.charAt(0))) return undefined;
  if (!isAll && THINK_TAGS.some(({ [which]: tag }) => tag.length > text.length && tag.startsWith(text))) return "unfinished";
  return THINK_TAGS.find(({ [which]: tag }) => text.startsWith(tag));
}

/** The characters that any of the marks begins with. */
export const MARK_BEGINS = /[<[◁]/u;

export interface FoundMark {
  readonly at: number;
  readonly mark: string;
}

/** Finds the first of these marks. In one look at the text: what it holds many of may be far from what it holds none of. */
export function markFinder(marks: readonly string[]): (text: string) => FoundMark | undefined {
  const any = new RegExp(marks.map((mark) => literal(mark)).join("|"), "u");
  return (text) => {
    const found = any.exec(text);
    return found === null ? undefined : { at: found.index, mark: found[0] };
  };
}

/** The closing tags that end a thought, and how the first of them is found. */
export interface Closing {
  readonly marks: readonly string[];
  readonly find: ReturnType<typeof markFinder>;
}

const closing = (marks: readonly string[]): Closing => ({ marks, find: markFinder(marks) });
export const ANY_CLOSE = closing(THINK_TAGS.map(({ close }) => close));
const CLOSE_OF = new Map(THINK_TAGS.map((tags) => [tags, closing([tags.close])]));

/** What ends the thought that this family's tag opened. */
export function closingOf(tags: ThinkTags): Closing {
  return CLOSE_OF.get(tags) ?? ANY_CLOSE;
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
