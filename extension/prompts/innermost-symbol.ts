/** A symbol of a document, as far as it says what code belongs together. Lines count from 0 and include both ends. */
export interface SymbolRange {
  readonly startLine: number;
  readonly endLine: number;
  /** A function, a class and the like, as against a variable. */
  readonly isCode: boolean;
  readonly children: readonly SymbolRange[];
}

/** The innermost piece of code around a line; undefined where there is none. */
export function innermost(symbols: readonly SymbolRange[], line: number): SymbolRange | undefined {
  for (const symbol of symbols) {
    if (line < symbol.startLine || line > symbol.endLine) continue;
    const inner = innermost(symbol.children, line);
    if (inner !== undefined) return inner;
    if (symbol.isCode) return symbol;
  }
  return undefined;
}
