// A conversation as the items that OpenAI's Responses API takes.

import { createHash } from "node:crypto";
import type { JsonObject, JsonValue, Message, OpaquePart, Part, ToolDefinition, UserPart } from "../../types.ts";
import { withSentIds, type SentPart, type SentTurn } from "../call-ids.ts";
import { withSentNames } from "../call-names.ts";
import { argumentsText, opaqueData, opaqueFrom, readTurns, resultText } from "../conversation.ts";
import { asObject, asText } from "../json-fields.ts";
import type { ModelRequest } from "../provider.ts";
import { toolExtras, type ToolExtra } from "../tool-extras.ts";
import type { WireTarget, WireWarning } from "../wire-adapter.ts";

export const RESPONSES_WIRE = "openai-responses";

/** OpenAI's limit for the id of a call; conversations that began elsewhere can hold longer ones. */
const CALL_ID_LENGTH = 64;

export function responsesInput({ messages, parameters }: ModelRequest, target: WireTarget, warnings: WireWarning[]): readonly JsonObject[] {
  const items = messages.flatMap<Part>(({ content }) => content).map((part) => (part.type === "opaque" ? keptItem(part) : undefined));
  const called = new Set(items.map(waitingCall));
  const answered: ReadonlySet<string> = new Set(items.flatMap((item) => answeredCall(item) ?? []).filter((id) => called.has(id)));
  const turns = withSentNames(
    readTurns(messages, opaqueFrom(target), warnings, (part) => isWork(keptItem(part), answered)),
    parameters.tools,
  );
  return withSentIds(turns, callId).flatMap((turn) => turnItems(turn, answered));
}

/**
 * The id of a call that is no function's, as that of a custom tool or of a computer: without its output it is refused. Tools that
 * run at the provider's have no such id, or bring the output themselves.
 */
export function waitingCall(item: JsonObject | undefined): string | undefined {
  const type = asText(item?.["type"]) ?? "";
  return type.endsWith("_call") && type !== "function_call" ? asText(item?.["call_id"]) : undefined;
}

/** The id of the call that such an output answers. */
export function answeredCall(item: JsonObject | undefined): string | undefined {
  return asText(item?.["type"])?.endsWith("_output") === true ? asText(item?.["call_id"]) : undefined;
}

/** More than what belongs to the answer's text, its calls of functions and its reasoning: also without a word it was done, or said. */
function isWork(item: JsonObject | undefined, answered: ReadonlySet<string>): boolean {
  if (item === undefined || ["reasoning", "message", "function_call"].includes(asText(item["type"]) ?? "")) return false;
  return isPaired(item, answered);
}

/** Neither a call without its output nor an output without its call. */
function isPaired(item: JsonObject, answered: ReadonlySet<string>): boolean {
  const id = waitingCall(item) ?? answeredCall(item);
  return id === undefined || answered.has(id);
}

/**
 * The conversation as a model takes it that does not reason: without the items of answers that hold reasoning, which go together
 * or not at all, and without phases, which are those of models that do.
 */
export function withoutReasoning(messages: readonly Message[]): readonly Message[] {
  return messages.map((message): Message => {
    if (message.role !== "assistant") return message;
    const items = message.content.map((part) => (part.type === "opaque" ? keptItem(part) : undefined));
    const reasoned = items.some((item) => item?.["type"] === "reasoning");
    const content = message.content.filter((_part, at) => items[at] === undefined || (!reasoned && items[at]["phase"] === undefined));
    return { ...message, content };
  });
}

function keptItem(part: OpaquePart): JsonObject | undefined {
  return asObject(opaqueData(part, RESPONSES_WIRE)?.["item"]);
}

export function responsesTools(tools: readonly ToolDefinition[], taken: readonly ToolExtra[]): readonly JsonObject[] {
  return tools.map((tool) => ({
    type: "function",
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    parameters: tool.parameters,
    // The API would otherwise demand that every field is required, and refuse schemas in which one is not.
    strict: false,
    ...toolExtras(tool, taken),
  }));
}

/** One that is still being put together. */
type Item = Record<string, JsonValue | undefined>;

function turnItems(turn: SentTurn, answered: ReadonlySet<string>): readonly JsonObject[] {
  if (turn.role === "system") return [{ role: "system", content: turn.content.flatMap(userContent) }];
  if (turn.role === "user") return [{ role: "user", content: turn.content.flatMap(userContent) }];
  if (turn.role === "assistant") return assistantItems(turn.content, answered);
  return turn.content.map((result) => ({ type: "function_call_output", call_id: result.sentId, output: resultText(result) }));
}

function userContent(part: UserPart): readonly JsonObject[] {
  if (part.type === "image") return [{ type: "input_image", image_url: `data:${part.mediaType};base64,${part.data}` }];
  return part.type === "text" ? [{ type: "input_text", text: part.text }] : [];
}

/**
 * The answer's items in their order. Reasoning goes back whole, and what followed it with the id that it had: OpenAI
 * refuses one without the other (quirk 32). Reasoning that nothing follows, as an interrupted answer leaves it, is left out, and
 * so are calls that were never answered.
 */
function assistantItems(parts: readonly SentPart[], answered: ReadonlySet<string>): readonly JsonObject[] {
  const items: Item[] = [];
  /** By the id that they came with. */
  const calls = new Map<JsonValue | undefined, Item>();
  for (const part of parts) {
    if (part.type === "text") {
      addText(items, part.text);
    } else if (part.type === "tool-call") {
      const call: Item = { type: "function_call", call_id: part.sentId, name: part.name, arguments: argumentsText(part) };
      calls.set(part.id, call);
      items.push(call);
    } else if (part.type === "opaque") {
      const item = keptItem(part);
      if (item !== undefined && isPaired(item, answered)) addOpaque(items, calls, item);
    }
  }
  while (items.at(-1)?.["type"] === "reasoning") items.pop();
  return items;
}

/** Text in several parts is one message, as long as nothing came between them. */
function addText(items: Item[], text: string): void {
  const last = items.at(-1);
  const before = last?.["content"];
  if (isOpen(last) && typeof before === "string") last["content"] = before + text;
  // What keeps messages apart is no part of them.
  else items.push({ type: "message", role: "assistant", content: items.some(isRestored) ? text.replace(/^\n+/u, "") : text });
}

/** A message of which nothing is known but its text. */
function isOpen(item: Item | undefined): item is Item {
  return item?.["type"] === "message" && !isRestored(item);
}

function isRestored(item: Item): boolean {
  return item["type"] === "message" && (item["id"] !== undefined || item["phase"] !== undefined);
}

function addOpaque(items: Item[], calls: ReadonlyMap<JsonValue | undefined, Item>, item: JsonObject): void {
  if (item["type"] === "message") {
    // What a message was beside its text.
    const message = items.findLast(isOpen);
    if (message !== undefined) restoreMessage(message, item);
  } else if (item["type"] === "function_call") {
    const call = calls.get(item["call_id"]);
    if (call !== undefined) call["id"] = item["id"];
  } else {
    items.push({ ...item });
  }
}

/** A message with an id has its content as a list, and a status. */
function restoreMessage(message: Item, item: JsonObject): void {
  if (item["phase"] !== undefined) message["phase"] = item["phase"];
  if (item["id"] === undefined) return;
  const text = message["content"];
  message["content"] = [{ type: "output_text", text, annotations: [] }];
  message["id"] = item["id"];
  message["status"] = "completed";
}

function callId(id: string): string {
  return id.length <= CALL_ID_LENGTH ? id : `call_${createHash("sha256").update(id).digest("hex").slice(0, 48)}`;
}
