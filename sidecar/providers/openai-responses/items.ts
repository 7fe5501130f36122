// A conversation as the items that OpenAI's Responses API takes.

import { createHash } from "node:crypto";
import type { AssistantPart, JsonObject, JsonValue, Message, ToolDefinition, UserPart } from "../../types.ts";
import { argumentsText, opaqueData, opaqueFrom, readTurns, resultText, type Turn } from "../conversation.ts";
import { asObject } from "../json-fields.ts";
import type { WireTarget, WireWarning } from "../wire-adapter.ts";

export const RESPONSES_WIRE = "openai-responses";

/** OpenAI's limit for the id of a call; conversations that began elsewhere can hold longer ones. */
const CALL_ID_LENGTH = 64;

export function responsesInput(messages: readonly Message[], target: WireTarget, warnings: WireWarning[]): readonly JsonObject[] {
  return readTurns(messages, opaqueFrom(target), warnings).flatMap(turnItems);
}

export function responsesTools(tools: readonly ToolDefinition[]): readonly JsonObject[] {
  return tools.map(({ name, description, parameters }) => ({
    type: "function",
    name,
    ...(description === undefined ? {} : { description }),
    parameters,
    // The API would otherwise demand that every field is required, and refuse schemas in which one is not.
    strict: false,
  }));
}

function turnItems(turn: Turn): readonly JsonObject[] {
  if (turn.role === "user") return [{ role: "user", content: turn.content.flatMap(userContent) }];
  if (turn.role === "assistant") return assistantItems(turn.content);
  return turn.content.map((result) => ({ type: "function_call_output", call_id: callId(result.id), output: resultText(result) }));
}

function userContent(part: UserPart): readonly JsonObject[] {
  if (part.type === "image") return [{ type: "input_image", image_url: `data:${part.mediaType};base64,${part.data}` }];
  return part.type === "text" ? [{ type: "input_text", text: part.text }] : [];
}

/**
 * The answer's items in their order. Reasoning goes back whole, and what followed it with the id that it had: OpenAI
 * refuses one without the other (quirk 32). Reasoning that nothing follows, as an interrupted answer leaves it, is left out.
 */
function assistantItems(parts: readonly AssistantPart[]): readonly JsonObject[] {
  const items: Record<string, JsonValue | undefined>[] = [];
  for (const part of parts) {
    if (part.type === "text") {
      addText(items, part.text);
    } else if (part.type === "tool-call") {
      items.push({
        type: "function_call",
        call_id: callId(part.id),
        name: part.name,
        arguments: argumentsText(part),
      });
    } else if (part.type === "opaque") {
      const item = asObject(opaqueData(part, RESPONSES_WIRE)?.["item"]);
      if (item !== undefined) addOpaque(items, item);
    }
  }
  while (items.at(-1)?.["type"] === "reasoning") items.pop();
  return items;
}

/** Text in several parts is one message, as long as nothing came between them. */
function addText(items: Record<string, JsonValue | undefined>[], text: string): void {
  const last = items.at(-1);
  const before = last?.["content"];
  if (last?.["type"] === "message" && last["id"] === undefined && typeof before === "string") last["content"] = before + text;
  else items.push({ type: "message", role: "assistant", content: text });
}

function addOpaque(items: Record<string, JsonValue | undefined>[], item: JsonObject): void {
  if (item["type"] === "message") {
    // What a message was beside its text.
    const message = items.findLast((one) => one["type"] === "message" && one["id"] === undefined);
    if (message !== undefined) restoreMessage(message, item);
  } else if (item["type"] === "function_call") {
    const call = items.findLast((one) => one["type"] === "function_call" && one["call_id"] === item["call_id"]);
    if (call !== undefined) call["id"] = item["id"];
  } else {
    items.push({ ...item });
  }
}

/** A message with an id has its content as a list, and a status. */
function restoreMessage(message: Record<string, JsonValue | undefined>, item: JsonObject): void {
  const text = message["content"];
  message["content"] = [{ type: "output_text", text, annotations: [] }];
  message["id"] = item["id"];
  message["status"] = "completed";
  if (item["phase"] !== undefined) message["phase"] = item["phase"];
}

function callId(id: string): string {
  return id.length <= CALL_ID_LENGTH ? id : `call_${createHash("sha256").update(id).digest("hex").slice(0, 48)}`;
}
