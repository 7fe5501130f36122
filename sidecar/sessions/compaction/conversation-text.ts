// A conversation as one text, as the model reads it that is to summarise it: who says what, cut into pieces that it can read.

import { Buffer } from "node:buffer";
import { tokensOfText } from "../../answers/text-tokens.ts";
import { fileAsText } from "../../prompt-text.ts";
import type { Part, StoredMessage } from "../../types.ts";

/** Bytes of one attached file that a summary is made of: what it was about, not all of it. */
const MOST_OF_A_FILE = 4_000;
/** Tokens of the blank line between two messages. */
const BETWEEN = 1;

/** Texts of at most so many tokens each, together all that is said; a single message that is longer loses its middle. */
export function conversationPieces(messages: readonly StoredMessage[], mostTokens: number): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  let tokens = 0;
  for (const stored of messages) {
    const words = wordsOf(stored);
    if (words === "") continue;
    const next = fitting(words, mostTokens);
    if (piece !== "" && tokens + next.tokens + BETWEEN > mostTokens) {
      pieces.push(piece);
      piece = "";
    }
    tokens = piece === "" ? next.tokens : tokens + next.tokens + BETWEEN;
    piece += piece === "" ? next.text : `\n\n${next.text}`;
  }
  return piece === "" ? pieces : [...pieces, piece];
}

/** By the count of nearly every tokenizer: logs and numbers have twice the tokens of other texts of their length. */
function fitting(words: string, mostTokens: number): { readonly text: string; readonly tokens: number } {
  let bytes = Buffer.byteLength(words);
  let text = words;
  let tokens = tokensOfText(text).most;
  while (tokens > mostTokens && bytes > 0) {
    bytes = Math.floor((bytes * mostTokens) / tokens);
    text = shortened(words, bytes);
    tokens = tokensOfText(text).most;
  }
  return { text, tokens };
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
