// Colours for code: highlight.js as a tree of scopes instead of HTML, in pieces short enough for one frame.

import type { Emitter } from "highlight.js";
import highlightJs from "highlight.js/lib/core";
import { CODE_LANGUAGES } from "./languages.ts";

/** Plain text, or a scope such as `keyword` or `title.function` around more of it. */
export type CodeToken = string | ScopeToken;

export interface ScopeToken {
  readonly scope: string;
  readonly children: CodeToken[];
}

/** Lines of one piece: about 5 ms of work; a piece may be twice as long. */
const PIECE_LINES = 60;
/** UTF-16 code units. A line longer than this is data, not code, and can take a grammar very long. */
const LONG_LINE = 2_000;

/** Collects what highlight.js finds, as a tree. */
class TreeEmitter implements Emitter {
  readonly root: ScopeToken = { scope: "", children: [] };
  readonly #open: ScopeToken[] = [this.root];

  startScope(scope: string): void {
    const token: ScopeToken = { scope, children: [] };
    this.#open.at(-1)?.children.push(token);
    this.#open.push(token);
  }

  endScope(): void {
    if (this.#open.length > 1) this.#open.pop();
  }

  // The names under which highlight.js itself calls the two in most places; its types do not tell them.
  openNode(scope: string): void {
    this.startScope(scope);
  }

  closeNode(): void {
    this.endScope();
  }

  addText(text: string): void {
    if (text !== "") this.#open.at(-1)?.children.push(text);
  }

  __addSublanguage(emitter: Emitter): void {
    if (emitter instanceof TreeEmitter) this.#open.at(-1)?.children.push(...emitter.root.children);
  }

  finalize(): void {
    this.#open.length = 1;
  }

  toHTML(): string {
    return "";
  }
}

/** Names for people, by all names that answers use. */
const NAMES: ReadonlyMap<string, string> = new Map(
  CODE_LANGUAGES.flatMap(({ id, name, also = [], aliases = {} }) => [
    ...[id, ...also].map((one) => [one, name] as const),
    ...Object.entries(aliases),
  ]),
);

let library: typeof highlightJs | undefined;

/** The library with all its languages, made when the first code is coloured: no text must wait for it. */
function opened(): typeof highlightJs {
  library ??= open();
  return library;
}

function open(): typeof highlightJs {
  for (const { id, grammar, aliases = {}, embeddedAs } of CODE_LANGUAGES) {
    highlightJs.registerLanguage(id, grammar);
    if (embeddedAs !== undefined) highlightJs.registerLanguage(embeddedAs, grammar);
    highlightJs.registerAliases(Object.keys(aliases), { languageName: id });
  }
  highlightJs.configure({ __emitter: TreeEmitter });
  return highlightJs;
}

const prepared = new Set<string>();

/** Makes ready what is costly the first time, tens of milliseconds. Returns false where that was done before. */
export function prepareLanguage(language: string): boolean {
  if (prepared.has(language)) return false;
  prepared.add(language);
  highlightCode("", language);
  return true;
}

/** Whether code of this language is coloured. */
export const isKnownLanguage = (language: string): boolean => NAMES.has(language);

/** The language's name for people, or what the answer called it. */
export const languageName = (language: string): string => NAMES.get(language) ?? language;

/** The code in the colours' scopes; the texts of the tree joined are the code. Throws for a language that is not known. */
export function highlightCode(code: string, language: string): readonly CodeToken[] {
  const { _emitter: emitter } = opened().highlight(code, { language, ignoreIllegals: true });
  // A grammar that fails half-way gives what it has; plain code is better than half of it.
  return emitter instanceof TreeEmitter && textOf(emitter.root) === code ? emitter.root.children : [code];
}

export function textOf(token: CodeToken): string {
  return typeof token === "string" ? token : token.children.map(textOf).join("");
}

/** Whether lines are data rather than code: they stay plain, because a grammar could take very long for them. */
export const isData = (lines: string): boolean => lines.split("\n").some(({ length }) => length > LONG_LINE);

/**
 * Cuts code into pieces that are coloured each by itself. A cut falls before a line that begins a new statement at the
 * margin after an empty line, where hardly any grammar is inside of something; a long piece is cut after any empty line, and
 * a longer one at any line. What follows a cut has no part in it: the pieces of growing code stay as they are.
 */
export function piecesOf(code: string): readonly string[] {
  const pieces: string[] = [];
  let lines: string[] = [];
  for (const line of code.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const afterBlank = lines.at(-1)?.trim() === "";
    const statement = afterBlank && /^[^\s})\]]/.test(line);
    const { length } = lines;
    if ((length >= PIECE_LINES && statement) || (length >= 1.5 * PIECE_LINES && afterBlank) || length >= 2 * PIECE_LINES) {
      pieces.push(lines.join(""));
      lines = [];
    }
    lines.push(line);
  }
  if (lines.length > 0) pieces.push(lines.join(""));
  return pieces;
}
