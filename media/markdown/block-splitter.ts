// Cuts a Markdown text that is still growing into its top-level blocks. A block is finished when the line that begins the
// next one is complete: Markdown's blocks are decided line by line, so no later text can change it. The result does not
// depend on how the text arrived. Very long blocks are cut where it shows least, so that rendering one is always short.

import type { Token } from "markdown-it";
import type { MarkdownParser } from "./markdown.ts";

export interface Block {
  /** Its lines, with the blank lines that follow it. */
  readonly text: string;
  readonly kind: "code" | "other";
}

/** A fenced block that is still open. */
export interface OpenFence {
  readonly info: string;
  /** Its lines so far, the unfinished last one included. */
  readonly code: string;
}

/** UTF-16 code units. A longer list is cut between items, any other block between lines, a line without end anywhere. */
const LONG_LIST = 8_192;
const LONG_BLOCK = 32_768;
const WINDOW = 65_536;

interface Group {
  readonly token: Token;
  /** Offsets in the text that was parsed. */
  readonly start: number;
  readonly end: number;
  /** Offsets at which the items of a list begin. */
  readonly items: readonly number[];
}

interface FenceState {
  readonly token: Token;
  readonly closing: RegExp;
  /** Offset of the first line of code. */
  readonly codeStart: number;
  /** Offset of the first line not yet looked at. */
  scanned: number;
}

export class BlockSplitter {
  readonly #md: MarkdownParser;
  #pending = "";
  /** A carriage return at the end of a piece, which may be half of a line's end. */
  #carriageReturn = false;
  #ended = false;
  #fence: FenceState | undefined;
  /** Length of `#pending` when it was parsed last: without a new line there is nothing new to find. */
  #parsedLength = -1;

  constructor(md: MarkdownParser) {
    this.#md = md;
  }

  /** The text after the last finished block. */
  get pending(): string {
    return this.#pending;
  }

  get openFence(): OpenFence | undefined {
    if (this.#fence === undefined) return undefined;
    const { token, codeStart } = this.#fence;
    return { info: token.info, code: this.#pending.slice(codeStart) };
  }

  append(piece: string): void {
    const whole = this.#carriageReturn ? `\r${piece}` : piece;
    this.#carriageReturn = whole.endsWith("\r");
    const complete = this.#carriageReturn ? whole.slice(0, -1) : whole;
    this.#pending += complete.replace(/\r\n?/g, "\n").replaceAll("\0", "\uFFFD");
  }

  /** No more text comes: the last block is finished, too. */
  end(): void {
    if (this.#carriageReturn) this.#pending += "\n";
    this.#carriageReturn = false;
    this.#ended = true;
    this.#parsedLength = -1;
  }

  /** Takes out blocks that are finished. It looks a bounded way ahead: call it until it returns none. */
  take(): Block[] {
    for (;;) {
      const { length } = this.#pending;
      const fence = this.#fence;
      const blocks = fence === undefined ? this.#takeParsed() : this.#takeFence(fence);
      // Without a block there can still be progress: blank lines dropped, a fence found open.
      if (blocks.length > 0 || (this.#pending.length === length && this.#fence === fence)) return blocks;
    }
  }

  #takeParsed(): Block[] {
    const { text, whole, more, forced } = this.#judgeable();
    if (text.length === this.#parsedLength || text === "") return [];
    this.#parsedLength = text.length;
    const groups = this.#groups(text);
    if (groups.length === 0) return whole || more ? [this.#cut(text.length, "other")] : [];

    const blocks: Block[] = [];
    let taken = 0;
    let open: FenceState | undefined;
    for (const [index, group] of groups.entries()) {
      // Link definitions have no token of their own: those between two blocks are a block that shows nothing.
      if (text.slice(taken, group.start).trim() !== "") blocks.push({ text: text.slice(taken, group.start), kind: "other" });
      taken = group.start;
      const isCode = group.token.type === "fence";
      const fence = isCode ? openFenceState(group, text) : undefined;
      const end = isCode && fence === undefined ? group.end : (groups[index + 1]?.start ?? (whole ? text.length : undefined));
      const cut = isCode ? undefined : cutOf(group, text, end ?? text.length, forced);
      if (end === undefined && cut === undefined) {
        open = fence;
        break;
      }
      taken = cut ?? end ?? taken;
      blocks.push({ text: text.slice(group.start, taken), kind: isCode ? "code" : "other" });
      if (cut !== undefined) break;
    }
    if (taken > 0) this.#drop(taken);
    this.#fence = open;
    return blocks;
  }

  /**
   * The part that can be judged: complete lines, a bounded number of them. `more`: there are others behind it; `forced`: it is
   * cut off inside of a very long line.
   */
  #judgeable(): { readonly text: string; readonly whole: boolean; readonly more: boolean; readonly forced: boolean } {
    const pending = this.#pending;
    if (pending.length <= WINDOW) {
      const text = this.#ended ? pending : pending.slice(0, pending.lastIndexOf("\n") + 1);
      return { text, whole: this.#ended, more: false, forced: false };
    }
    const line = pending.lastIndexOf("\n", WINDOW) + 1;
    const forced = line <= LONG_BLOCK;
    return { text: pending.slice(0, forced ? beforeSurrogate(pending, WINDOW) : line), whole: false, more: true, forced };
  }

  #takeFence(fence: FenceState): Block[] {
    const pending = this.#pending;
    for (let start = fence.scanned; start < pending.length;) {
      const newline = pending.indexOf("\n", start);
      if (newline < 0 && !this.#ended) break;
      const end = newline < 0 ? pending.length : newline;
      if (fence.closing.test(pending.slice(start, end))) return [this.#cut(Math.min(end + 1, pending.length), "code")];
      start = end + 1;
      fence.scanned = Math.min(start, pending.length);
    }
    return this.#ended && pending !== "" ? [this.#cut(pending.length, "code")] : [];
  }

  #cut(length: number, kind: Block["kind"]): Block {
    const block: Block = { text: this.#pending.slice(0, length), kind };
    this.#drop(length);
    return block;
  }

  #drop(length: number): void {
    this.#pending = this.#pending.slice(length);
    this.#parsedLength = -1;
    this.#fence = undefined;
  }

  #groups(text: string): Group[] {
    const tokens: Token[] = [];
    this.#md.block.parse(text, this.#md, {}, tokens);
    const lines = lineOffsets(text);
    const offset = (line: number): number => lines[line] ?? text.length;
    const groups: Group[] = [];
    let items: number[] = [];
    for (const token of tokens) {
      if (token.map === null || token.nesting < 0) continue;
      if (token.level === 0) {
        items = [];
        groups.push({ token, start: offset(token.map[0]), end: offset(token.map[1]), items });
      } else if (token.level === 1 && token.type === "list_item_open") {
        items.push(offset(token.map[0]));
      }
    }
    return groups;
  }
}

/** What is needed to find the end of a fenced block, offsets from the block's own start; undefined where it has ended. */
function openFenceState({ token, start, end }: Group, text: string): FenceState | undefined {
  const { markup } = token;
  const closing = new RegExp(`^ {0,3}${markup.charAt(0)}{${markup.length},}[ \\t]*$`);
  const firstLineEnd = text.indexOf("\n", start);
  const codeStart = firstLineEnd < 0 ? text.length : firstLineEnd + 1;
  const lastLine = text.slice(text.lastIndexOf("\n", end - 2) + 1, end).replace(/\n$/, "");
  if (end > codeStart && closing.test(lastLine)) return undefined;
  return { token, closing, codeStart: codeStart - start, scanned: codeStart - start };
}

/** Where a block that ends at `end`, or has come so far, is too long to stay one; undefined where it is not. */
function cutOf({ start, items }: Group, text: string, end: number, forced: boolean): number | undefined {
  const item = items.find((offset) => offset - start >= LONG_LIST && offset < end);
  if (item !== undefined) return item;
  if (end - start <= LONG_BLOCK) return undefined;
  const line = text.indexOf("\n", start + LONG_BLOCK) + 1;
  if (line > 0 && line < end) return line;
  return forced && end === text.length ? end : undefined;
}

function lineOffsets(text: string): number[] {
  const offsets = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) offsets.push(at + 1);
  return offsets;
}

/** The offset, or one less where it would fall between the halves of a surrogate pair. */
function beforeSurrogate(text: string, offset: number): number {
  const unit = text.charCodeAt(offset - 1);
  return unit >= 0xd8_00 && unit < 0xdc_00 ? offset - 1 : offset;
}
