// What of a message can be found: what was said and what was attached, not what a model thought and what only machines read.

import type { Message, Part } from "../../types.ts";
import { isAscii } from "./words.ts";

/** UTF-16 units. A conversation about a huge file is found by the file's beginning. */
const longestText = 256 * 1024;

/** In the normal form C, a line for each part. */
export function searchableText({ content }: Message): string {
  const parts: readonly Part[] = content;
  let text = "";
  for (const part of parts) {
    const more = textOf(part);
    if (more !== "") text += text === "" ? more : `\n${more}`;
    if (text.length >= longestText) break;
  }
  const beginning = text.length > longestText ? text.slice(0, longestText) : text;
  return isAscii(beginning) ? beginning : beginning.normalize("NFC");
}

function textOf(part: Part): string {
  switch (part.type) {
    case "text":
      return part.text;
    case "file":
      return `${part.name}\n${part.text}`;
    case "tool-call":
      return `${part.name} ${part.arguments}`;
    case "tool-result":
      return part.content;
    default:
      return "";
  }
}
