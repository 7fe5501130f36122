// What came from a server that speaks no HTTP: a page of a proxy that wants to be signed in to, the greeting of a mail server.

import errors from "undici/lib/core/errors.js";

const SHOWN_CHARACTERS = 60;

/** How it begins, quoted for people, on one line; null where HTTP was spoken, or something else broke the connection. */
export function foreignAnswer(error: unknown): string | null {
  if (!(error instanceof errors.HTTPParserError) || !("data" in error) || typeof error.data !== "string") return null;
  // Whatever else the parser refuses lies behind the first words of an answer.
  return error.message.includes("(Expected HTTP/") ? JSON.stringify(error.data.slice(0, SHOWN_CHARACTERS)) : null;
}
