// The headers of an answer, read where they may have come twice: gateways add theirs beside those of the server behind them.

/** Names in lower case. A list where one came more than once, whichever it is. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** As often as it came. */
export function headerTexts(headers: HttpHeaders, name: string): readonly string[] {
  return [headers[name] ?? []].flat();
}

/** The first that says something; undefined where none does. */
export function headerText(headers: HttpHeaders, name: string): string | undefined {
  return headerTexts(headers, name).find((text) => text !== "");
}
