// The frame around a block of code: what language it is, and a button that copies it.

import { text } from "../strings.ts";
import { COPY_CODE_ATTRIBUTE } from "./code-copy.ts";
import { highlightCode, isData, isKnownLanguage, languageName, piecesOf, prepareLanguage } from "./highlighter.ts";
import type { CodeToken } from "./highlighter.ts";

export interface CodeBlock {
  readonly element: HTMLElement;
  readonly code: HTMLElement;
}

/** `finished` blocks can be copied. */
export function codeBlock(language: string, finished: boolean): CodeBlock {
  const element = made("div", "code-block");
  element.dataset["language"] = language;
  const header = made("div", "code-header");
  const label = made("span", "code-language");
  label.textContent = languageName(language) || text("code");
  header.append(label);
  if (finished) header.append(copyButton());
  const pre = made("pre", "code-lines");
  const code = made("code", "");
  pre.append(code);
  element.append(header, pre);
  return { element, code };
}

function copyButton(): HTMLElement {
  const button = made("button", "icon-button code-copy");
  button.setAttribute("type", "button");
  button.setAttribute(COPY_CODE_ATTRIBUTE, "");
  button.setAttribute("aria-label", text("copyCode"));
  button.setAttribute("title", text("copyCode"));
  button.append(made("span", "codicon codicon-copy"));
  return button;
}

function made(tag: string, className: string): HTMLElement {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  return element;
}

/** Gives each `pre` of rendered Markdown its frame, and each table the box in which it scrolls sideways. */
export function frameBlocks(fragment: DocumentFragment, finished: boolean): void {
  for (const pre of Array.from(fragment.querySelectorAll("pre"))) {
    const block = codeBlock(pre.dataset["language"] ?? "", finished);
    block.code.append(...piecesOf(pre.textContent ?? "").map(pieceOf));
    pre.replaceWith(block.element);
  }
  for (const table of Array.from(fragment.querySelectorAll("table"))) {
    const box = made("div", "table-scroll");
    table.replaceWith(box);
    box.append(table);
  }
}

/** Some lines in a box of their own: when one changes, the browser does not lay out the others again. */
function pieceOf(lines: string): HTMLElement {
  const piece = made("span", "code-piece");
  piece.append(document.createTextNode(lines));
  return piece;
}

/** The code of a block that is still being written: plain text, to which text is added, in the pieces it will be coloured in. */
export class GrowingCode {
  readonly #code: HTMLElement;
  #text: Text;
  /** UTF-16 code units in the pieces before the last. */
  #done = 0;

  constructor(code: HTMLElement) {
    this.#code = code;
    this.#text = this.#begin("");
  }

  /** Shows the lines so far. The last ones may be taken back. */
  show(lines: string): void {
    const rest = lines.slice(this.#done);
    const { length } = this.#text;
    if (rest.length > length) this.#text.appendData(rest.slice(length));
    else this.#text.deleteData(rest.length, length - rest.length);
    if (rest.length > length) this.#cut(rest);
  }

  #cut(rest: string): void {
    const pieces = piecesOf(rest);
    if (pieces.length < 2) return;
    this.#text.data = pieces[0] ?? "";
    for (const lines of pieces.slice(1)) this.#text = this.#begin(lines);
    this.#done += rest.length - this.#text.length;
  }

  #begin(lines: string): Text {
    const piece = pieceOf(lines);
    this.#code.append(piece);
    return piece.firstChild instanceof Text ? piece.firstChild : document.createTextNode("");
  }
}

/** Colours a block piece by piece: each call does one piece, and returns true while there are more. */
export function highlightSteps(block: HTMLElement): (() => boolean) | undefined {
  const language = block.dataset["language"] ?? "";
  if (!isKnownLanguage(language)) return undefined;
  const pieces = Array.from(block.querySelectorAll(".code-piece"));
  return () => {
    if (prepareLanguage(language)) return true;
    const piece = pieces.shift();
    const lines = piece?.textContent ?? "";
    if (!isData(lines)) piece?.replaceChildren(...nodesOf(highlightCode(lines, language)));
    return pieces.length > 0;
  };
}

function nodesOf(tokens: readonly CodeToken[]): Node[] {
  return tokens.map((token) => {
    if (typeof token === "string") return document.createTextNode(token);
    const span = made("span", classOf(token.scope));
    span.append(...nodesOf(token.children));
    return span;
  });
}

/** `title.function` becomes `token-title token-title-function`. */
function classOf(scope: string): string {
  const [kind = "", detail] = scope.split(".");
  return detail === undefined ? `token-${kind}` : `token-${kind} token-${kind}-${detail}`;
}
