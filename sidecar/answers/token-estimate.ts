// Token counts for when the provider gives none. An estimate is always marked as one (`Usage.estimated`).

import { Buffer } from "node:buffer";
import type { Message, Part } from "../types.ts";
import type { ModelRequest } from "../providers/provider.ts";

/** About four bytes of UTF-8 make a token in English and in code; a character of Chinese or Japanese (three bytes) is a little under one. */
const BYTES_PER_TOKEN = 4;
/** Role and separators around each message. */
const TOKENS_PER_MESSAGE = 4;
/** Providers count an image by its size in tiles; this is a middling one. */
const TOKENS_PER_IMAGE = 1000;

export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

export function estimateTokens(text: string): number {
  return tokensOfBytes(Buffer.byteLength(text));
}

export function estimateInputTokens({ messages, parameters }: ModelRequest): number {
  let tokens = parameters.system === undefined ? 0 : TOKENS_PER_MESSAGE + estimateTokens(parameters.system);
  if (parameters.tools !== undefined) tokens += estimateTokens(JSON.stringify(parameters.tools));
  for (const message of messages) tokens += TOKENS_PER_MESSAGE + messageTokens(message);
  return tokens;
}

function messageTokens({ content }: Message): number {
  return content.reduce((sum: number, part: Part) => sum + partTokens(part), 0);
}

function partTokens(part: Part): number {
  switch (part.type) {
    case "text":
    case "reasoning":
    case "file":
      return estimateTokens(part.text);
    case "tool-call":
      return estimateTokens(part.name) + estimateTokens(part.arguments);
    case "tool-result":
      return estimateTokens(part.content);
    case "image":
      return TOKENS_PER_IMAGE;
    case "opaque":
      break;
  }
  return 0;
}
