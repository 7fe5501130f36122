// The frame around a block of code: what language it is, and a button that copies it.

import { text } from "../strings.ts";
import { highlightCode, isKnownLanguage, languageName, piecesOf } from "./highlighter.ts";
import type { CodeToken } from "./highlighter.ts";

export interface CodeBlock {
  readonly element: HTMLElement;
  readonly code: HTMLElement;
}

/** Clicks on a button with this attribute copy the code of the block around it. */
export const COPY_CODE_ATTRIBUTE = "data-copy-code";

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
    block.code.textContent = pre.textContent;
    pre.replaceWith(block.element);
  }
  for (const table of Array.from(fragment.querySelectorAll("table"))) {
    const box = made("div", "table-scroll");
    table.replaceWith(box);
    box.append(table);
  }
}

/** The code of a block, as it was written. */
export const codeTextOf = (block: Element): string => block.querySelector(".code-lines")?.textContent ?? "";

/** Colours a block piece by piece: each call does one piece, and returns true while there are more. */
export function highlightSteps(block: HTMLElement): (() => boolean) | undefined {
  const language = block.dataset["language"] ?? "";
  const code = block.querySelector(".code-lines > code");
  if (code === null || !isKnownLanguage(language)) return undefined;
  const pieces = piecesOf(code.textContent ?? "");
  // What is not yet coloured stays behind the rest as one plain text.
  const rest = document.createTextNode(code.textContent ?? "");
  code.replaceChildren(rest);
  let next = 0;
  return () => {
    const piece = pieces[next];
    next += 1;
    if (piece !== undefined) {
      const nodes = piece.plain ? [document.createTextNode(piece.text)] : nodesOf(highlightCode(piece.text, language));
      rest.before(...nodes);
      rest.deleteData(0, piece.text.length);
    }
    return next < pieces.length;
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
