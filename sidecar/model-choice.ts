// Which of a provider's models to begin with when nobody has chosen yet: a small and cheap one of the current generation, as
// the first question is likely to be a try. A choice of taste, so it is data; people change it with one click.

import type { ModelInfo } from "./types.ts";

/** By provider, the best first. */
const PREFERRED: ReadonlyMap<string, readonly RegExp[]> = new Map([
  ["openai", [/^gpt-5[\d.]*-mini$/u, /^gpt-5[\d.]*$/u, /^gpt-4\.1-mini$/u, /^gpt-/u]],
  ["azure", [/^gpt-5[\d.]*-mini/u, /^gpt-/u]],
  ["anthropic", [/^claude-haiku-\d/u, /^claude-sonnet-\d/u, /^claude-/u]],
  ["gemini", [/^gemini-[\d.]+-flash$/u, /flash/u]],
  ["openrouter", [/^openai\/gpt-5[\d.]*-mini$/u, /^anthropic\/claude-haiku/u]],
  ["mistral", [/^mistral-small-latest$/u, /^mistral-small/u]],
  ["deepseek", [/^deepseek-chat$/u]],
  ["groq", [/llama.*instant/u, /llama/u]],
]);

/** Models that a server lists beside those that chat. */
const NOT_FOR_CHAT = /embed|(^|[/:-])bge-|rerank|whisper|moderation|(^|[/:-])tts|clip-/iu;

/** Undefined where the list holds nothing that can chat. */
export function firstChoice(provider: string, models: readonly ModelInfo[]): ModelInfo | undefined {
  const able = models.filter(({ model }) => !NOT_FOR_CHAT.test(model));
  for (const pattern of PREFERRED.get(provider) ?? []) {
    const match = able.find(({ model }) => pattern.test(model));
    if (match !== undefined) return match;
  }
  return able[0];
}
