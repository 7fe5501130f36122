// Messages and tools as Anthropic's messages API writes them.

import type { JsonObject, ToolCallPart, ToolDefinition, UserPart } from "../../types.ts";
import { withSentIds, type Sent, type SentPart, type SentTurn } from "../call-ids.ts";
import { withSentNames } from "../call-names.ts";
import { argumentsObject, opaqueFrom, readTurns } from "../conversation.ts";
import type { ModelRequest } from "../provider.ts";
import { toolExtras, type ToolExtra } from "../tool-extras.ts";
import type { WireTarget, WireWarning } from "../wire-adapter.ts";
import { isThought, keptBlock, usesServerTool, withPairedServerTools } from "./server-tools.ts";

/** The lesson that what was thought is wanted back without a signature too. */
export const UNSIGNED_BACK = "thinking=back";

/** Results of tools belong to the user's side, and neighbours of one side become one message. */
export function anthropicMessages(request: ModelRequest, target: WireTarget, warnings: WireWarning[]): readonly JsonObject[] {
  const built: { role: string; content: JsonObject[] }[] = [];
  const turns = withSentIds(
    withSentNames(readTurns(request.messages, opaqueFrom(target), warnings, usesServerTool), request.parameters.tools),
    toolUseId,
  );
  for (const turn of withPairedServerTools(
    turns.map((one) => ({ role: one.role === "system" ? "user" : one.role, content: blocksOf(one, target) })),
  )) {
    const role = turn.role === "assistant" ? "assistant" : "user";
    const last = built.at(-1);
    if (last?.role === role) last.content.push(...turn.content);
    else built.push({ role, content: [...turn.content] });
  }
  trimLastAnswer(built.at(-1));
  return built;
}

/** An answer that is to be continued must not end in white space. */
function trimLastAnswer(last: { readonly role: string; readonly content: JsonObject[] } | undefined): void {
  const block = last?.role === "assistant" ? last.content.at(-1) : undefined;
  const text = block?.["type"] === "text" ? block["text"] : undefined;
  if (typeof text === "string") last?.content.splice(-1, 1, { ...block, text: text.trimEnd() });
}

export function anthropicTools(tools: readonly ToolDefinition[], taken: readonly ToolExtra[]): readonly JsonObject[] {
  return tools.map((tool) => ({
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    input_schema: { type: "object", ...tool.parameters },
    ...toolExtras(tool, taken),
  }));
}

function blocksOf(turn: SentTurn, target: WireTarget): JsonObject[] {
  if (turn.role === "system" || turn.role === "user") return turn.content.flatMap<JsonObject>(userBlock);
  if (turn.role === "assistant") return answerBlocks(turn.content, target);
  return turn.content.map(({ sentId, content, isError }) => ({
    type: "tool_result",
    tool_use_id: sentId,
    // An empty text block is refused (quirk 34); an absent one is not.
    ...(content === "" ? {} : { content }),
    ...(isError === true ? { is_error: true } : {}),
  }));
}

function userBlock(part: UserPart): readonly JsonObject[] {
  if (part.type === "image") return [{ type: "image", source: { type: "base64", media_type: part.mediaType, data: part.data } }];
  return part.type === "text" ? [{ type: "text", text: part.text }] : [];
}

/**
 * Reasoning goes back as the signed block that it came in alone: without its signature it is refused (quirk 30), except where the
 * model taught that it is wanted. Then every answer has some, and be it none.
 */
function answerBlocks(parts: readonly SentPart[], target: WireTarget): JsonObject[] {
  const blocks = parts.flatMap(assistantBlock);
  if (!target.learned.has(UNSIGNED_BACK) || blocks.some(isThought)) return blocks;
  const thinking = parts.flatMap((part) => (part.type === "reasoning" ? [part.text] : [])).join("");
  return [{ type: "thinking", thinking }, ...blocks];
}

function assistantBlock(part: SentPart): readonly JsonObject[] {
  // A block of white space alone is refused (quirk 34).
  if (part.type === "text") return part.text.trim() === "" ? [] : [{ type: "text", text: part.text }];
  if (part.type === "tool-call") return [toolUse(part)];
  const block = part.type === "opaque" ? keptBlock(part) : undefined;
  return block === undefined ? [] : [block];
}

function toolUse(call: Sent<ToolCallPart>): JsonObject {
  return { type: "tool_use", id: call.sentId, name: call.name, input: argumentsObject(call) };
}

/** Ids made elsewhere can hold characters that are refused here. */
function toolUseId(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_-]/gu, "_");
}
