// The code that a prompt is about: what is selected, else what the caret stands in.

import * as vscode from "vscode";
import type { FilePart } from "../../sidecar/types.ts";
import { type SymbolRange, innermost } from "./innermost-symbol.ts";

/** Characters; about 100,000 tokens. */
const MAX_CHARACTERS = 400_000;
/** Several carets can select several pieces; beyond this it is a mistake rather than a question. */
const MAX_PIECES = 20;
/** Milliseconds that a language's extension has to say where the function begins. */
const SYMBOLS_MS = 1_500;

/** Nothing can be asked about; the message says why, for people. */
export class NothingSelected extends Error {
  override readonly name = "NothingSelected";
}

/** One part for each selected piece, in the order of the document. Throws `NothingSelected`. */
export async function selectedParts(): Promise<readonly FilePart[]> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) throw new NothingSelected(vscode.l10n.t("Open a file and select some code first."));
  const selections = editor.selections.filter((selection) => !selection.isEmpty).toSorted((a, b) => a.start.compareTo(b.start));
  const ranges = selections.length > 0 ? selections : [await rangeAtCaret(editor)];
  if (ranges.length > MAX_PIECES)
    throw new NothingSelected(vscode.l10n.t("{0} pieces are selected; {1} can be asked about at once.", ranges.length, MAX_PIECES));
  const parts = ranges.map((range) => partOf(editor.document, range)).filter(({ text }) => text.trim() !== "");
  if (parts.length === 0) throw new NothingSelected(vscode.l10n.t("There is no code at the cursor. Select some first."));
  const characters = parts.reduce((sum, { text }) => sum + text.length, 0);
  if (characters > MAX_CHARACTERS) {
    throw new NothingSelected(
      vscode.l10n.t("The selection has {0} characters; {1} can be asked about at once.", characters, MAX_CHARACTERS),
    );
  }
  return parts;
}

function partOf(document: vscode.TextDocument, range: vscode.Range): FilePart {
  // A selection that ends at the start of a line holds nothing of that line.
  const endsBefore = range.end.character === 0 && range.end.line > range.start.line;
  return {
    type: "file",
    uri: document.uri.toString(),
    name: vscode.workspace.asRelativePath(document.uri),
    languageId: document.languageId,
    startLine: range.start.line + 1,
    endLine: range.end.line + (endsBefore ? 0 : 1),
    text: document.getText(range),
  };
}

/** The innermost function, class or other symbol around the caret; without one, the caret's line. */
async function rangeAtCaret({ document, selection }: vscode.TextEditor): Promise<vscode.Range> {
  const caret = selection.active;
  const line = document.lineAt(caret.line).range;
  const symbol = innermost(await symbolsOf(document), caret.line);
  return symbol === undefined
    ? line
    : document.validateRange(new vscode.Range(symbol.startLine, 0, symbol.endLine, Number.MAX_SAFE_INTEGER));
}

async function symbolsOf(document: vscode.TextDocument): Promise<readonly SymbolRange[]> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), SYMBOLS_MS);
  try {
    const asked = vscode.commands.executeCommand<readonly (vscode.DocumentSymbol | vscode.SymbolInformation)[] | undefined>(
      "vscode.executeDocumentSymbolProvider",
      document.uri,
    );
    const found = await Promise.race([asked, promise]);
    return found?.flatMap((symbol) => ("children" in symbol ? [toRange(symbol)] : [])) ?? [];
  } finally {
    clearTimeout(timer);
  }
}

function toRange({ range, kind, children }: vscode.DocumentSymbol): SymbolRange {
  return { startLine: range.start.line, endLine: range.end.line, isCode: CODE.has(kind), children: children.map(toRange) };
}

/** What a person means by "this": not the variable or the key in a file of data that the caret happens to stand on. */
const CODE = new Set([
  vscode.SymbolKind.Function,
  vscode.SymbolKind.Method,
  vscode.SymbolKind.Constructor,
  vscode.SymbolKind.Class,
  vscode.SymbolKind.Interface,
  vscode.SymbolKind.Enum,
  vscode.SymbolKind.Struct,
]);
