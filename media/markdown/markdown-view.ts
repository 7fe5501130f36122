// One Markdown text on the page, which may still be growing. Finished blocks become nodes once and are kept; only the open
// end is rendered again. When the text is complete, it is parsed as a whole once more, with the link definitions that came
// late, and the blocks whose HTML differs are replaced. All of it in slices that leave the page responsive.

import type { Env } from "markdown-it";
import type { FrameLoop } from "../state/frame-loop.ts";
import { BlockSplitter } from "./block-splitter.ts";
import type { Block, OpenFence } from "./block-splitter.ts";
import { codeBlock, frameBlocks, GrowingCode, highlightSteps } from "./code-block.ts";
import { shownTail } from "./growing-tail.ts";
import { createMarkdown, languageOf } from "./markdown.ts";
import type { MarkdownParser } from "./markdown.ts";
import { morphNodes } from "./morph.ts";
import { sanitise } from "./sanitise.ts";

/** The open end takes at most this share of the time: one part of work, the others for everything else. */
const TAIL_REST = 5;
/** UTF-16 code units. Beyond this, finished blocks stay as they were rendered first. */
const LONGEST_CHECKED = 400_000;

/**
 * `behind`: something that came is not yet on the page; `current`: nothing is; `settled`: the text is complete and on the page as
 * it stays, colours included.
 */
export type Progress = "behind" | "current" | "settled";

interface ShownBlock {
  readonly text: string;
  html: string;
  nodes: ChildNode[];
}

const shared: { md?: MarkdownParser } = {};
/** One parser for all texts: making it costs more than using it. */
const markdown = (): MarkdownParser => (shared.md ??= createMarkdown());

export class MarkdownView {
  readonly #root: HTMLElement;
  readonly #frames: FrameLoop;
  readonly #onSettled: () => void;
  #splitter = new BlockSplitter(markdown());
  #env: Env = {};
  #text = "";
  #complete = false;
  #progress: Progress = "current";
  #queue: Block[] = [];
  #blocks: ShownBlock[] = [];
  #tail: ChildNode[] = [];
  #tailSource = "";
  /** The code of a fenced block that is still open. */
  #codeTail: GrowingCode | undefined;
  #tailNotBefore = 0;
  #tailTimer: ReturnType<typeof setTimeout> | undefined;
  #checked = 0;
  #highlights: (() => boolean)[] = [];
  #disposed = false;

  /** `onSettled` is called each time the progress becomes `settled`. */
  constructor(root: HTMLElement, frames: FrameLoop, onSettled: () => void = () => undefined) {
    this.#root = root;
    this.#frames = frames;
    this.#onSettled = onSettled;
  }

  /** Shows a text. One that continues the former is continued; any other begins anew. `complete`: nothing more comes. */
  show(text: string, complete: boolean): void {
    if (text === this.#text && complete === this.#complete) return;
    if (!text.startsWith(this.#text) || (this.#complete && text !== this.#text)) this.#reset();
    this.#splitter.append(text.slice(this.#text.length));
    this.#text = text;
    if (complete && !this.#complete) this.#splitter.end();
    this.#complete = complete;
    this.#progress = "behind";
    this.#frames.add(this.#step);
  }

  get progress(): Progress {
    return this.#progress;
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#tailTimer);
    this.#frames.remove(this.#step);
  }

  #reset(): void {
    this.#splitter = new BlockSplitter(markdown());
    this.#env = {};
    this.#text = "";
    this.#complete = false;
    this.#queue = [];
    this.#blocks = [];
    this.#tail = [];
    this.#tailSource = "";
    this.#codeTail = undefined;
    this.#checked = 0;
    this.#highlights = [];
    this.#root.replaceChildren();
  }

  readonly #step = (deadline: number): boolean => {
    if (this.#disposed) return false;
    if (this.#showFinished(deadline)) return true;
    if (!this.#complete) {
      if (this.#showTail()) this.#progress = "current";
    } else if (this.#checkFinished(deadline)) return true;
    if (this.#highlight(deadline)) return true;
    if (this.#complete && this.#progress !== "settled") {
      this.#progress = "settled";
      // What was needed to correct the blocks is not needed any more.
      this.#blocks = [];
      this.#checked = 0;
      this.#onSettled();
    }
    return false;
  };

  /** Renders finished blocks. Returns true when the time ran out first. */
  #showFinished(deadline: number): boolean {
    for (;;) {
      if (this.#queue.length === 0) this.#queue = this.#splitter.take();
      const block = this.#queue.shift();
      if (block === undefined) break;
      this.#place(block);
      if (performance.now() >= deadline) return true;
    }
    if (this.#splitter.pending === "") this.#replaceTail([]);
    return false;
  }

  #place(block: Block): void {
    const html = this.#htmlOf(block.text);
    const fresh = finishedNodes(html);
    // The tail showed the beginning of this block: what is equal stays. What follows it in the tail is rendered anew.
    const [head, ...others] = this.#tail;
    for (const node of others) node.remove();
    const nodes = morphNodes(this.#root, head === undefined ? [] : [head], fresh, null);
    this.#tail = [];
    this.#tailSource = "";
    this.#codeTail = undefined;
    this.#tailNotBefore = 0;
    this.#blocks.push({ text: block.text, html, nodes });
    this.#queueHighlights(nodes);
  }

  #htmlOf(text: string): string {
    return markdown().render(text, this.#env);
  }

  /** Shows the open end, unless its turn has not come: then it is done later, and false is returned. */
  #showTail(): boolean {
    const fence = this.#splitter.openFence;
    if (fence !== undefined) {
      this.#showCodeTail(fence);
      return true;
    }
    const source = shownTail(this.#splitter.pending);
    if (source === this.#tailSource) return true;
    const started = performance.now();
    if (started < this.#tailNotBefore) {
      this.#tailTimer ??= setTimeout(() => {
        this.#tailTimer = undefined;
        this.#frames.add(this.#step);
      }, this.#tailNotBefore - started);
      return false;
    }
    // Definitions of the open end are not final: they must not reach the blocks after it.
    const env: Env = { references: { ...this.#env.references } };
    const fragment = sanitise(markdown().render(source, env));
    frameBlocks(fragment, false);
    this.#replaceTail(elementsOf(fragment));
    this.#tailSource = source;
    const ended = performance.now();
    this.#tailNotBefore = ended + TAIL_REST * (ended - started);
    return true;
  }

  /** Code that is still being written is plain text, to which text is added. */
  #showCodeTail({ info, code }: OpenFence): void {
    const shown = code.replace(/(?:^|\n) {0,3}[`~]+[ \t]*$/, "").replace(/\n$/, "");
    if (this.#codeTail === undefined) {
      const { element, code: lines } = codeBlock(languageOf(info), false);
      this.#codeTail = new GrowingCode(lines);
      for (const node of this.#tail) node.remove();
      this.#root.append(element);
      this.#tail = [element];
      this.#tailSource = "";
    }
    this.#codeTail.show(shown);
  }

  #replaceTail(nodes: readonly ChildNode[]): void {
    this.#tail = morphNodes(this.#root, this.#tail, nodes, null);
    this.#tailSource = "";
  }

  /** Compares the finished blocks with the whole text's HTML, some at a time. Returns true while there are more. */
  #checkFinished(deadline: number): boolean {
    if (this.#text.length > LONGEST_CHECKED) this.#checked = this.#blocks.length;
    while (this.#checked < this.#blocks.length) {
      const block = this.#blocks[this.#checked];
      this.#checked += 1;
      if (block !== undefined) this.#correct(block);
      if (performance.now() >= deadline) return this.#checked < this.#blocks.length || this.#highlights.length > 0;
    }
    return false;
  }

  #correct(block: ShownBlock): void {
    const html = this.#htmlOf(block.text);
    if (html === block.html) return;
    const [first] = block.nodes;
    const marker = document.createComment("");
    if (first === undefined) this.#root.insertBefore(marker, this.#nodeAfter(block));
    else first.before(marker);
    for (const node of block.nodes) node.remove();
    block.nodes = finishedNodes(html);
    marker.replaceWith(...block.nodes);
    block.html = html;
    this.#queueHighlights(block.nodes);
  }

  #nodeAfter(block: ShownBlock): ChildNode | null {
    const following = this.#blocks.slice(this.#blocks.indexOf(block) + 1);
    return following.find(({ nodes }) => nodes.length > 0)?.nodes[0] ?? null;
  }

  #queueHighlights(nodes: readonly ChildNode[]): void {
    for (const node of nodes) {
      if (!(node instanceof HTMLElement)) continue;
      const inner = Array.from(node.querySelectorAll<HTMLElement>(".code-block"));
      for (const block of node.matches(".code-block") ? [node] : inner) {
        const steps = highlightSteps(block);
        if (steps !== undefined) this.#highlights.push(steps);
      }
    }
  }

  #highlight(deadline: number): boolean {
    while (this.#highlights.length > 0 && performance.now() < deadline) {
      if (this.#highlights[0]?.() !== true) this.#highlights.shift();
    }
    return this.#highlights.length > 0;
  }
}

function finishedNodes(html: string): ChildNode[] {
  const fragment = sanitise(html);
  frameBlocks(fragment, true);
  return elementsOf(fragment);
}

/** Between blocks, rendered Markdown has line ends, which show nothing. */
function elementsOf(fragment: DocumentFragment): ChildNode[] {
  return Array.from(fragment.childNodes).filter((node) => !(node instanceof Text) || node.data.trim() !== "");
}
