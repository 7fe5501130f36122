// Token counts for when the provider gives none. An estimate is always marked as one (`Usage.estimated`).

import type { Part } from "../types.ts";
import type { ModelRequest } from "../providers/provider.ts";
import { CAUTION, tokensOfText, type TextTokens } from "./text-tokens.ts";

export { tokensOfBytes } from "./text-tokens.ts";

/** Role and separators around each message. */
const TOKENS_PER_MESSAGE = 4;
/** Providers count an image by its size in tiles; this is a middling one. */
const TOKENS_PER_IMAGE = 1000;

/** A conversation is estimated at each of its turns, and parts that were said stay as they are. */
const known = new WeakMap<Part, { readonly text: string; readonly tokens: TextTokens }>();

export function estimateTokens(text: string): number {
  return tokensOfText(text).probable;
}

export function estimateInputTokens(request: ModelRequest): number {
  return inputTokens(request).probable;
}

/**
 * At least, probably and at most. The least is of the texts alone that every wire sends: what is made of images, tools and
 * thoughts is the model's own affair.
 */
export function inputTokens({ messages, parameters }: ModelRequest): TextTokens {
  const sum = { least: 0, probable: 0, most: 0 };
  const add = ({ least, probable, most }: TextTokens): void => {
    sum.least += least;
    sum.probable += probable;
    sum.most += most;
  };
  if (parameters.system !== undefined) {
    add(about(TOKENS_PER_MESSAGE));
    add(tokensOfText(parameters.system));
  }
  if (parameters.tools !== undefined) add({ ...tokensOfText(JSON.stringify(parameters.tools)), least: 0 });
  // What was thought before is read again where tools are called; else it is not sent, or its provider drops it.
  const thoughts = messages.some(({ content }) => content.some((part: Part) => part.type === "tool-call"));
  for (const { content } of messages) {
    add(about(TOKENS_PER_MESSAGE));
    for (const part of content) if (thoughts || part.type !== "reasoning") add(partTokens(part));
  }
  return sum;
}

function about(tokens: number): TextTokens {
  return { least: 0, probable: tokens, most: Math.ceil(tokens * CAUTION) };
}

function partTokens(part: Part): TextTokens {
  switch (part.type) {
    case "text":
    case "file":
      return knownTokens(part, part.text);
    case "tool-result":
      return knownTokens(part, part.content);
    case "reasoning":
      return { ...knownTokens(part, part.text), least: 0 };
    case "tool-call":
      return { ...knownTokens(part, `${part.name} ${part.arguments}`), least: 0 };
    case "image":
      return about(TOKENS_PER_IMAGE);
    case "opaque":
      break;
  }
  return about(0);
}

function knownTokens(part: Part, text: string): TextTokens {
  const before = known.get(part);
  if (before?.text === text) return before.tokens;
  const tokens = tokensOfText(text);
  known.set(part, { text, tokens });
  return tokens;
}
