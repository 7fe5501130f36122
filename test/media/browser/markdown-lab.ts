// Runs in the browser: the page's Markdown by itself, for tests that compare what is shown with what should be.

import { frameBlocks } from "../../../media/markdown/code-block.ts";
import { createMarkdown } from "../../../media/markdown/markdown.ts";
import { MarkdownView } from "../../../media/markdown/markdown-view.ts";
import type { Progress } from "../../../media/markdown/markdown-view.ts";
import { sanitise } from "../../../media/markdown/sanitise.ts";
import { FrameLoop } from "../../../media/state/frame-loop.ts";

export interface MarkdownLab {
  /** The HTML of a text that came in these pieces, one a frame, when all is settled. */
  streamed(pieces: readonly string[]): Promise<string>;
  /** The HTML of the same text as it came whole. */
  whole(text: string): Promise<string>;
  /** The HTML of the same text parsed as a whole at once, without the colours of code. */
  parsed(text: string): string;
  /** The HTML of a text that came in pieces, without the colours of code. */
  uncoloured(pieces: readonly string[]): Promise<string>;
  /** What the reader sees after each piece, as text. */
  seen(pieces: readonly string[]): Promise<readonly string[]>;
  sanitised(html: string): string;
  /** How many nodes of the finished blocks were replaced while the pieces came: none. */
  replaced(pieces: readonly string[]): Promise<number>;
}

declare global {
  interface Window {
    lab: MarkdownLab;
  }
}

/** Frames as fast as the browser can: a text needs many, and nobody looks. */
const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.addEventListener("message", () => waiting.shift()?.());
channel.port1.start();
const nextFrame = (callback: () => void): void => {
  waiting.push(callback);
  channel.port2.postMessage(null);
};
const frame = (): Promise<void> => new Promise(nextFrame);

async function until(view: MarkdownView, progress: Progress): Promise<void> {
  while (view.progress !== progress) await frame();
}

/** HTML in which the order of attributes, which means nothing, is always the same. */
function canonical(root: HTMLElement): string {
  for (const element of root.querySelectorAll("*")) {
    const attributes = Array.from(element.attributes).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name } of attributes) element.removeAttribute(name);
    for (const { name, value } of attributes) element.setAttribute(name, value);
  }
  return root.innerHTML;
}

function open(): { readonly root: HTMLElement; readonly view: MarkdownView } {
  const root = document.createElement("div");
  root.className = "markdown";
  document.body.replaceChildren(root);
  return { root, view: new MarkdownView(root, new FrameLoop({ now: () => performance.now(), nextFrame, report: reportError })) };
}

/** `after` is called when each piece is shown; without it the next piece comes a frame later, shown or not. */
async function feed(pieces: readonly string[], after?: (root: HTMLElement) => void): Promise<HTMLElement> {
  const { root, view } = open();
  let text = "";
  for (const piece of pieces) {
    text += piece;
    view.show(text, false);
    if (after === undefined) {
      await frame();
      continue;
    }
    await until(view, "current");
    after(root);
  }
  view.show(text, true);
  await until(view, "settled");
  view.dispose();
  return root;
}

window.lab = {
  streamed: async (pieces) => canonical(await feed(pieces)),
  whole: async (text) => canonical(await feed([text])),
  parsed: (text) => {
    const root = document.createElement("div");
    const fragment = sanitise(createMarkdown().render(text, {}));
    frameBlocks(fragment, true);
    root.append(...Array.from(fragment.childNodes).filter((node) => node instanceof Element));
    return canonical(root);
  },
  uncoloured: async (pieces) => {
    const root = await feed(pieces);
    for (const piece of root.querySelectorAll(".code-piece")) piece.textContent = piece.textContent ?? "";
    return canonical(root);
  },
  seen: async (pieces) => {
    const texts: string[] = [];
    await feed(pieces, (root) => texts.push(root.innerText));
    return texts;
  },
  sanitised: (html) => {
    const root = document.createElement("div");
    root.append(sanitise(html));
    return root.innerHTML;
  },
  replaced: async (pieces) => {
    let before: Element[] = [];
    let replaced = 0;
    await feed(pieces, (root) => {
      // The last block may still be open; all before it are finished.
      const now = Array.from(root.children);
      replaced += before.slice(0, -1).filter((element) => !now.includes(element)).length;
      before = now;
    });
    return replaced;
  },
};
