// Messages and tools as Ollama's own chat interface writes them.

import type { JsonObject, Message, ToolDefinition, UserPart } from "../../types.ts";
import { withSentIds, type SentPart, type SentTurn } from "../call-ids.ts";
import { argumentsObject, readTurns, resultText, textOf } from "../conversation.ts";
import type { WireTarget, WireWarning } from "../wire-adapter.ts";

export function ollamaMessages(
  system: string | undefined,
  messages: readonly Message[],
  target: WireTarget,
  warnings: WireWarning[],
): readonly JsonObject[] {
  const turns = withSentIds(readTurns(messages, target.provider, warnings));
  const names = toolNames(turns);
  const opening: readonly JsonObject[] = system === undefined || system.trim() === "" ? [] : [{ role: "system", content: system }];
  return [...opening, ...turns.flatMap((turn) => ollamaTurn(turn, names))];
}

export function ollamaTools(tools: readonly ToolDefinition[]): readonly JsonObject[] {
  return tools.map(({ name, description, parameters }) => ({
    type: "function",
    function: { name, ...(description === undefined ? {} : { description }), parameters },
  }));
}

function ollamaTurn(turn: SentTurn, names: ReadonlyMap<string, string>): readonly JsonObject[] {
  if (turn.role === "system") return [{ role: "system", content: textOf(turn.content, "\n\n") }];
  if (turn.role === "user") return [userMessage(turn.content)];
  if (turn.role === "assistant") return [assistantMessage(turn.content)];
  // Results are matched by the tool's name; the id is for models that have one.
  return turn.content.map((result) => {
    const { sentId, name } = result;
    return { role: "tool", tool_name: name ?? names.get(sentId), tool_call_id: sentId, content: resultText(result) };
  });
}

function userMessage(parts: readonly UserPart[]): JsonObject {
  const images = parts.flatMap((part) => (part.type === "image" ? [part.data] : []));
  return { role: "user", content: textOf(parts, "\n\n"), ...(images.length === 0 ? {} : { images }) };
}

function assistantMessage(parts: readonly SentPart[]): JsonObject {
  const calls = parts.filter((part) => part.type === "tool-call");
  const thinking = parts.flatMap((part) => (part.type === "reasoning" ? [part.text] : [])).join("");
  return {
    role: "assistant",
    content: textOf(parts, ""),
    // What led to a call is part of what its result is read with.
    ...(thinking === "" || calls.length === 0 ? {} : { thinking }),
    ...(calls.length === 0
      ? {}
      : { tool_calls: calls.map((call) => ({ id: call.sentId, function: { name: call.name, arguments: argumentsObject(call) } })) }),
  };
}

function toolNames(turns: readonly SentTurn[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const turn of turns) {
    if (turn.role !== "assistant") continue;
    for (const part of turn.content) if (part.type === "tool-call") names.set(part.sentId, part.name);
  }
  return names;
}
