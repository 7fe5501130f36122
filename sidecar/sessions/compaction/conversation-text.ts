// A conversation as one text, as the model reads it that is to summarise it: who says what, cut into pieces that it can read.

import { Buffer } from "node:buffer";
import { fileAsText } from "../../prompt-text.ts";
import type { Part, StoredMessage } from "../../types.ts";

/** Bytes of one attached file that a summary is made of: what it was about, not all of it. */
const MOST_OF_A_FILE = 4_000;

/** Texts of at most so many bytes each, together all that is said; a single message that is longer loses its middle. */
export function conversationPieces(messages: readonly StoredMessage[], mostBytes: number): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const stored of messages) {
    const words = shortened(wordsOf(stored), mostBytes);
    if (words === "") continue;
    if (piece !== "" && Buffer.byteLength(piece) + Buffer.byteLength(words) + 2 > mostBytes) {
      pieces.push(piece);
      piece = "";
    }
    piece += piece === "" ? words : `\n\n${words}`;
  }
  return piece === "" ? pieces : [...pieces, piece];
}

/** At most so many bytes of a text: its beginning and its end, and a word of how much is left out between. */
export function shortened(text: string, mostBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= mostBytes) return text;
  const note = `\n[… ${bytes.length - mostBytes} bytes are left out here …]\n`;
  const half = Math.max(0, Math.floor((mostBytes - Buffer.byteLength(note)) / 2));
  return `${characters(bytes.subarray(0, half))}${note}${characters(bytes.subarray(bytes.length - half))}`;
}

/** Without the parts of a character at either end. */
function characters(bytes: Buffer): string {
  return bytes.toString("utf8").replaceAll(/^\uFFFD+|\uFFFD+$/gu, "");
}

function wordsOf({ message }: StoredMessage): string {
  const words = message.content.map((part: Part) => partText(part)).filter((text) => text.trim() !== "");
  if (words.length === 0) return "";
  return `${message.role === "user" ? "User" : "Assistant"}: ${words.join("\n")}`;
}

function partText(part: Part): string {
  switch (part.type) {
    case "text":
      return part.text;
    case "file":
      return shortened(fileAsText(part), MOST_OF_A_FILE);
    case "image":
      return "[an image]";
    case "tool-call":
      return `[calls the tool ${part.name} with ${part.arguments}]`;
    case "tool-result":
      return `[the tool ${part.name ?? ""} gives: ${part.content}]`;
    case "reasoning":
    case "opaque":
      break;
  }
  return "";
}
