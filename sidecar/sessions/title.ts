// A title for a conversation out of its first question, until somebody or something gives it a better one.

import type { UserPart } from "../types.ts";

/** Characters, as people count them. */
const longest = 60;

/** Its first words; where it holds no text, the name of the file that it is about. */
export function titleOf(question: readonly UserPart[]): string {
  const text = question.find((part) => part.type === "text" && part.text.trim() !== "");
  const file = question.find((part) => part.type === "file");
  const words = oneLine(text?.type === "text" ? text.text : file?.type === "file" ? file.name : "");
  return shorten(words === "" ? "Conversation" : words);
}

/** A title that somebody or something else has thought of, on one line and not longer than others. */
export function shortTitle(title: string): string {
  return shorten(oneLine(title));
}

function oneLine(text: string): string {
  // The beginning is enough, and a question may be a whole pasted file.
  return text.trimStart().slice(0, 1000).replaceAll(/\s+/gu, " ").trim();
}

/** Cut between words where one ends in the second half, else between characters, never inside one. */
function shorten(text: string): string {
  const characters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  if (characters.length <= longest) return text;
  const head = characters.slice(0, longest).join("");
  const space = head.lastIndexOf(" ");
  return `${space > head.length / 2 ? head.slice(0, space) : head}…`;
}
