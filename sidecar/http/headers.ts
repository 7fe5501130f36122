// The headers of an answer, read where they may have come twice: gateways add theirs beside those of the server behind them.

/** Names in lower case. A list where one came more than once, whichever it is. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const NONE: readonly string[] = [];

/** As often as it came. */
export function headerTexts(headers: HttpHeaders, name: string): readonly string[] {
  const told = headers[name];
  if (told === undefined) return NONE;
  return typeof told === "string" ? [told] : told;
}

/** The first that says something; undefined where none does. */
export function headerText(headers: HttpHeaders, name: string): string | undefined {
  const told = headers[name];
  if (typeof told === "string") return told === "" ? undefined : told;
  return told?.find((text) => text !== "");
}
