// Markdown to HTML as the page wants it. Raw HTML stays text; nothing is ever loaded: images become links, and a link
// carries its address as data, without `href`, so that no click, prefetch or drag can follow it past the host.

import MarkdownIt from "markdown-it";
import type { StateCore, Token } from "markdown-it";
import { text } from "../strings.ts";
import { openableUrl } from "./openable-url.ts";

export type MarkdownParser = InstanceType<typeof MarkdownIt>;

export function createMarkdown(): MarkdownParser {
  const md = new MarkdownIt({ html: false, linkify: true, typographer: false, breaks: true });
  // Without these, file names such as README.md and main.py would become links to the domains of that name.
  md.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
  // Every address is read as a link, and the rule below decides what the page makes of it; refused ones must not show
  // as raw Markdown.
  md.validateLink = () => true;
  md.core.ruler.push("inert_links", inertLinks);
  md.core.ruler.push("task_items", taskItems);
  md.core.ruler.push("alignment_classes", alignmentClasses);
  md.core.ruler.push("directions", directions);
  md.renderer.rules["image"] = (tokens, index) => imageHtml(tokens, index);
  md.renderer.rules["task_box"] = (tokens, index) => taskBoxHtml(tokens[index]);
  md.renderer.rules["fence"] = (tokens, index) => codeHtml(tokens[index]);
  md.renderer.rules["code_block"] = (tokens, index) => codeHtml(tokens[index]);
  return md;
}

const escape = (raw: string): string => raw.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

/** The language of a fence's info string: its first word, as highlighters name it. */
export const languageOf = (info: string): string => /^[^\s{:,]+/.exec(info.trim())?.[0]?.toLowerCase() ?? "";

function codeHtml(token: Token | undefined): string {
  if (token === undefined) return "";
  return `<pre data-language="${escape(languageOf(token.info))}"><code>${escape(token.content)}</code></pre>\n`;
}

function linkAttributes(address: string): [string, string][] {
  const url = openableUrl(address);
  // The title tells where a link leads, whatever its text or the answer's own title says.
  const title: [string, string] = ["title", address];
  return url === undefined ? [["class", "inert-link"], title] : [["role", "link"], ["tabindex", "0"], ["data-url", url], title];
}

function inertLinks(state: StateCore): void {
  for (const block of state.tokens) {
    const open: Token[] = [];
    for (const token of block.children ?? []) {
      if (token.type === "link_open") {
        const address = String(token.attrGet("href") ?? "");
        token.tag = openableUrl(address) === undefined ? "span" : "a";
        token.attrs = linkAttributes(address);
        open.push(token);
      } else if (token.type === "link_close") {
        token.tag = open.pop()?.tag ?? "span";
      }
    }
  }
}

/** An image's place is taken by its description, which links to the image unless it stands in a link already. */
function imageHtml(tokens: readonly Token[], index: number): string {
  const token = tokens[index];
  if (token === undefined) return "";
  const address = String(token.attrGet("src") ?? "");
  const label = escape(imageLabel(token.content.trim()));
  const url = openableUrl(address);
  if (url === undefined || isInsideLink(tokens, index)) return `<span class="image-stand-in" title="${escape(address)}">${label}</span>`;
  return `<a class="image-stand-in" role="link" tabindex="0" data-url="${escape(url)}" title="${escape(address)}">${label}</a>`;
}

const imageLabel = (description: string): string => (description === "" ? text("image") : text("imageOf", { description }));

function isInsideLink(tokens: readonly Token[], index: number): boolean {
  let depth = 0;
  for (const token of tokens.slice(0, index)) {
    if (token.type === "link_open") depth += 1;
    else if (token.type === "link_close") depth -= 1;
  }
  return depth > 0;
}

const TASK = /^\[([ xX])\][ \t]+/;

function taskItems(state: StateCore): void {
  const { tokens } = state;
  for (const [index, item] of tokens.entries()) {
    const inline = tokens[index + 2];
    if (item.type !== "list_item_open" || tokens[index + 1]?.type !== "paragraph_open" || inline?.type !== "inline") continue;
    const first = inline.children?.[0];
    const mark = TASK.exec(first?.content ?? "");
    if (first?.type !== "text" || mark === null) continue;
    first.content = first.content.slice(mark[0].length);
    const box = new state.Token("task_box", "span", 0);
    box.meta = { done: mark[1] !== " " };
    inline.children?.unshift(box);
    item.attrJoin("class", "task-item");
  }
}

function taskBoxHtml(token: Token | undefined): string {
  const done = token?.meta?.["done"] === true;
  const label = escape(text(done ? "taskDone" : "taskOpen"));
  return `<span class="codicon codicon-${done ? "check" : "circle-large-outline"} task-box" role="img" aria-label="${label}"></span>`;
}

/** Style attributes are refused by the page's policy: the alignment of a table's cells becomes a class. */
function alignmentClasses(state: StateCore): void {
  for (const token of state.tokens) {
    if (token.type !== "th_open" && token.type !== "td_open") continue;
    const align = /text-align:\s*(\w+)/.exec(String(token.attrGet("style") ?? ""))?.[1];
    token.attrs = align === undefined ? null : [["class", `align-${align}`]];
  }
}

/** Each block is written in the direction of its own first letters, lists with their marks. */
function directions(state: StateCore): void {
  for (const token of state.tokens) {
    if (token.level === 0 && token.nesting === 1) token.attrSet("dir", "auto");
  }
}
