// Messages and tools as OpenAI's chat completions write them.

import type { AssistantPart, ImagePart, JsonObject, JsonValue, Message, ToolCallPart, ToolDefinition, UserPart } from "../../types.ts";
import { opaqueData, readTurns, textOf, type Turn } from "../conversation.ts";
import type { WireTarget } from "../wire-adapter.ts";

export const CHAT_WIRE = "openai-chat";

export function chatMessages(system: string | undefined, messages: readonly Message[], target: WireTarget): readonly JsonObject[] {
  const turns = readTurns(messages, target.provider);
  const ids = toolCallIds(turns, target);
  // `system` and not `developer`: OpenAI takes both alike, most others refuse the new name (quirk 38).
  const opening: readonly JsonObject[] = system === undefined || system.trim() === "" ? [] : [{ role: "system", content: system }];
  return [...opening, ...turns.flatMap((turn) => chatTurn(turn, ids, target))];
}

export function chatTools(tools: readonly ToolDefinition[]): readonly JsonObject[] {
  return tools.map(({ name, description, parameters }) => ({
    type: "function",
    function: { name, ...(description === undefined ? {} : { description }), parameters },
  }));
}

function chatTurn(turn: Turn, ids: ReadonlyMap<string, string>, target: WireTarget): readonly JsonObject[] {
  if (turn.role === "user") return [{ role: "user", content: userContent(turn.content) }];
  if (turn.role === "assistant") return [assistantMessage(turn.content, ids, target)];
  return turn.content.map(({ id, content }) => ({ role: "tool", tool_call_id: ids.get(id) ?? id, content }));
}

/** A plain string wherever one will do: many servers take nothing else. */
function userContent(parts: readonly UserPart[]): JsonValue {
  if (!parts.some((part) => part.type === "image")) return textOf(parts, "\n\n");
  return parts.flatMap((part): readonly JsonObject[] => {
    if (part.type === "image") return [imagePart(part)];
    return part.type === "text" ? [{ type: "text", text: part.text }] : [];
  });
}

function imagePart({ mediaType, data }: ImagePart): JsonObject {
  return { type: "image_url", image_url: { url: `data:${mediaType};base64,${data}` } };
}

function assistantMessage(parts: readonly AssistantPart[], ids: ReadonlyMap<string, string>, target: WireTarget): JsonObject {
  const text = textOf(parts, "");
  const calls = parts.filter((part) => part.type === "tool-call");
  const reasoning = parts.flatMap((part) => (part.type === "reasoning" ? [part.text] : [])).join("");
  const opaque = opaqueOf(parts);
  const details = opaque.flatMap((data) => data["reasoningDetails"] ?? []);
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    ...(target.row.chat?.echoReasoning === true && calls.length > 0 && reasoning !== "" ? { reasoning_content: reasoning } : {}),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => toolCall(call, ids, opaque)) }),
  };
}

function opaqueOf(parts: readonly AssistantPart[]): readonly JsonObject[] {
  return parts.flatMap((part) => {
    const data = part.type === "opaque" ? opaqueData(part, CHAT_WIRE) : undefined;
    return data === undefined ? [] : [data];
  });
}

function toolCall(call: ToolCallPart, ids: ReadonlyMap<string, string>, opaque: readonly JsonObject[]): JsonObject {
  // Gemini's thought signature belongs to the call that it came with (quirk 40).
  const extra = opaque.find((data) => data["toolCall"] === call.id)?.["extraContent"];
  return {
    id: ids.get(call.id) ?? call.id,
    type: "function",
    function: { name: call.name, arguments: call.arguments === "" ? "{}" : call.arguments },
    ...(extra === undefined ? {} : { extra_content: extra }),
  };
}

/** Mistral takes ids of nine letters and digits alone; a conversation that began elsewhere has others. Stable from turn to turn. */
function toolCallIds(turns: readonly Turn[], target: WireTarget): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  if (target.row.chat?.nineCharacterToolIds !== true) return ids;
  for (const turn of turns) {
    if (turn.role !== "assistant") continue;
    for (const part of turn.content) {
      if (part.type === "tool-call" && !/^[A-Za-z0-9]{9}$/u.test(part.id)) ids.set(part.id, `call${String(ids.size).padStart(5, "0")}`);
    }
  }
  return ids;
}
