// The names of tools that were called. Models make up names, and servers let marks of the model's own format stand in them; whoever
// gave the answer takes them as they are, while other providers refuse every later request of the conversation for one.

import type { ToolDefinition } from "../types.ts";
import type { Turn } from "./conversation.ts";

/** What OpenAI, Anthropic, Mistral and Groq take for a name: letters, digits, `_` and `-`, and no more of them than this. */
const NAME_LENGTH = 64;
/** Instead of no name at all. */
const NAMELESS = "tool";

/** The turns with names that every provider takes. Those of `tools`, which are offered with them, stay as they are. */
export function withSentNames(turns: readonly Turn[], tools: readonly ToolDefinition[] = []): readonly Turn[] {
  if (!turns.some(({ role }) => role === "assistant")) return turns;
  const offered = new Set(tools.map(({ name }) => name));
  const sent = <Part extends Turn["content"][number]>(part: Part): Part =>
    part.type === "tool-call" && !offered.has(part.name) ? { ...part, name: fittingName(part.name) } : part;
  return turns.map((turn) => (turn.role === "assistant" ? { role: turn.role, content: turn.content.map(sent) } : turn));
}

/**
 * A name as the model meant it: `get_weather<|channel|>commentary` is what servers make of gpt-oss's calls, whose format has the
 * channel behind the name (vllm-project/vllm#32587).
 */
export function calledName(name: string): string {
  const mark = name.indexOf("<|");
  return mark <= 0 ? name : name.slice(0, mark).trimEnd();
}

function fittingName(name: string): string {
  const fitting = calledName(name)
    .trim()
    .replaceAll(/[^A-Za-z0-9_-]+/gu, "_")
    .slice(0, NAME_LENGTH);
  return fitting === "" ? NAMELESS : fitting;
}
