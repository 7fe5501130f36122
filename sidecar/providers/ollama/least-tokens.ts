// The fewest tokens that a prompt can have, whichever model reads it. Bytes do not tell: tokenizers have tokens for whole runs
// of spaces, dashes and the like (128 spaces are one in GPT's and gpt-oss's vocabularies), so that a table or a banner has a
// tenth of the tokens of other text. Words do: all split the text between them before they look for tokens, and none has a
// token that reaches from one word into the next.

import { Buffer } from "node:buffer";
import type { Message, Part } from "../../types.ts";
import type { ModelRequest } from "../provider.ts";

/**
 * What may be one token: `don't`, `h1` and `snake_case` are, in some vocabularies or as a mark of the model's own
 * (`<start_of_turn>`). Joiners stand within the words of Persian and of India's languages.
 */
const WORD = /[\p{L}\p{M}\p{N}_'’\u{200C}\u{200D}]+/gu;
/** The longest token that languages have has 60 bytes, a phrase of Thai, which writes no spaces. */
const LONGEST_TOKEN_BYTES = 64;
/** Bytes of UTF-8 for one unit of a string. */
const MOST_BYTES_PER_UNIT = 3;

/** Of the texts alone: what images and tools come to is the model's own affair. */
export function leastTokens({ messages, parameters }: ModelRequest): number {
  let tokens = leastOfText(parameters.system ?? "");
  for (const { content } of messages)
    tokens += content.reduce((sum: number, part: Message["content"][number]) => sum + leastOfPart(part), 0);
  return tokens;
}

function leastOfPart(part: Part): number {
  if (part.type === "text" || part.type === "file") return leastOfText(part.text);
  return part.type === "tool-result" ? leastOfText(part.content) : 0;
}

function leastOfText(text: string): number {
  let tokens = 0;
  for (const [word] of text.matchAll(WORD)) tokens += leastOfWord(word);
  return tokens;
}

function leastOfWord(word: string): number {
  if (word.length * MOST_BYTES_PER_UNIT < 2 * LONGEST_TOKEN_BYTES) return 1;
  return Math.max(1, Math.floor(Buffer.byteLength(word) / LONGEST_TOKEN_BYTES));
}
