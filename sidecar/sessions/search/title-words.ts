// Titles are few and short: each is kept beside its words, and a search looks at all of them.

import type { Phrase } from "./phrases.ts";
import { indexedWords } from "./words.ts";

/** A title's words with a space before and after each. */
export function titleWords(title: string): string {
  return ` ${indexedWords(title.normalize("NFC"))} `;
}

/** What `titleWords` of a title must hold for the phrase to be in it. */
export function inTitleWords({ words, open }: Phrase): string {
  return ` ${words.join(" ")}${open ? "" : " "}`;
}
