// Messages and tools as OpenAI's chat completions write them.

import { createHash } from "node:crypto";
import type {
  GenerationParameters,
  ImagePart,
  JsonObject,
  JsonValue,
  Message,
  ToolCallPart,
  ToolDefinition,
  UserPart,
} from "../../types.ts";
import { withSentIds, type Sent, type SentPart, type SentTurn } from "../call-ids.ts";
import { withSentNames } from "../call-names.ts";
import { NO_CACHE_MARKS } from "../cache-marks.ts";
import { argumentsText, opaqueData, opaqueFrom, readTurns, resultText, textOf } from "../conversation.ts";
import { takenExtras, toolExtras, type ToolExtra } from "../tool-extras.ts";
import { ONCE, type WireTarget, type WireWarning } from "../wire-adapter.ts";
import { withSystem } from "./system-words.ts";

export const CHAT_WIRE = "openai-chat";

/** The lesson that calls which other models made must be marked as such. */
export const FOREIGN_CALLS = "foreign-calls";
/** The lesson that a question must not follow the results of tools. */
export const ANSWER_BETWEEN = "answer-between";
/** The lessons that reasoning is wanted back, and that it is not taken: what was learned last holds. */
export const ECHO = "echo";
export const NO_ECHO = "no-echo";
const ECHOES: readonly string[] = [ECHO, `${ONCE}${ECHO}`];
const ECHOES_NOT: readonly string[] = [NO_ECHO, `${ONCE}${NO_ECHO}`];
/** Something has to be said: an answer of nothing is refused as well. */
const NOTED: JsonObject = { role: "assistant", content: "OK." };
/** Google's word for a call without a signature of its own (https://ai.google.dev/gemini-api/docs/thought-signatures). */
const UNSIGNED: JsonObject = { google: { thought_signature: "skip_thought_signature_validator" } };

/** `parameters`: those that are sent, of which the system prompt is a message and the tools decide what goes back. */
export function chatMessages(
  { system, tools = [] }: GenerationParameters,
  messages: readonly Message[],
  target: WireTarget,
  warnings: WireWarning[],
): readonly JsonObject[] {
  const fitting = target.row.chat?.nineCharacterToolIds === true ? nineCharacters() : atMostForty;
  const said = withSystem(system, readTurns(messages, opaqueFrom(target), warnings), target, warnings);
  const turns = withSentIds(withSentNames(said, tools), fitting);
  const usesTools = tools.length > 0 || turns.some(({ role }) => role === "tool");
  const echoes = usesTools && echoesReasoning(target);
  const between = target.row.chat?.answerBetween === true || target.learned.has(ANSWER_BETWEEN);
  return turns.flatMap((turn, at) => [
    ...(between && turn.role === "user" && turns[at - 1]?.role === "tool" ? [NOTED] : []),
    ...chatTurn(turn, target, echoes),
  ]);
}

export function chatTools(tools: readonly ToolDefinition[], taken: readonly ToolExtra[]): readonly JsonObject[] {
  return tools.map((tool) => {
    const { name, description, parameters } = tool;
    // OpenRouter's mark for a cache stands beside the function
    // (https://openrouter.ai/docs/agent-sdk/typescript/api-reference/models/chatfunctiontoolfunction).
    const { cache_control: mark, ...extras } = toolExtras(tool, taken);
    return {
      type: "function",
      function: { name, ...(description === undefined ? {} : { description }), parameters, ...extras },
      ...(mark === undefined ? {} : { cache_control: mark }),
    };
  });
}

/** `model`: one that is cached by marks takes them on tools as well. */
export function chatToolExtras(model: string, target: WireTarget): readonly ToolExtra[] {
  const isMarked = target.row.chat?.cacheMarks?.test(model) === true && !target.learned.has(NO_CACHE_MARKS);
  return takenExtras(isMarked ? ["strict", "cache_control"] : ["strict"], target);
}

function chatTurn(turn: SentTurn, target: WireTarget, echoes: boolean): readonly JsonObject[] {
  // `system` and not `developer`: OpenAI takes both alike, most others refuse the new name (quirk 38).
  if (turn.role === "system") return [{ role: "system", content: textOf(turn.content, "\n\n") }];
  if (turn.role === "user") return [{ role: "user", content: userContent(turn.content) }];
  if (turn.role === "assistant") return [assistantMessage(turn.content, target, echoes)];
  return turn.content.map((result) => ({ role: "tool", tool_call_id: result.sentId, content: resultText(result) }));
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

function assistantMessage(parts: readonly SentPart[], target: WireTarget, echoes: boolean): JsonObject {
  const text = textOf(parts, "");
  const calls = parts.filter((part) => part.type === "tool-call");
  const reasoning = parts.flatMap((part) => (part.type === "reasoning" ? [part.text] : [])).join("");
  const opaque = opaqueOf(parts);
  const details = opaque.flatMap((data) => data["reasoningDetails"] ?? []);
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    // Also where there is none, because another model gave the answer: absent it is refused, empty it is not.
    ...(echoes ? { reasoning_content: reasoning } : {}),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => toolCall(call, opaque, target)) }),
  };
}

/**
 * Reasoning goes back where tools are used, with every answer (MoonshotAI/kimi-cli#2141, openclaw/openclaw#73417): by the provider's
 * row, or as the model taught (quirk 31). Without tools nobody wants it.
 */
export function echoesReasoning(target: WireTarget): boolean {
  const lesson = [...target.learned].findLast((one) => ECHOES.includes(one) || ECHOES_NOT.includes(one));
  return lesson === undefined ? target.row.chat?.echoReasoning === true : ECHOES.includes(lesson);
}

function opaqueOf(parts: readonly SentPart[]): readonly JsonObject[] {
  return parts.flatMap((part) => {
    const data = part.type === "opaque" ? opaqueData(part, CHAT_WIRE) : undefined;
    return data === undefined ? [] : [data];
  });
}

function toolCall(call: Sent<ToolCallPart>, opaque: readonly JsonObject[], target: WireTarget): JsonObject {
  // Gemini's thought signature belongs to the call that it came with (quirk 40).
  const own = opaque.find((data) => data["toolCall"] === call.id)?.["extraContent"];
  const extra = own ?? (target.learned.has(FOREIGN_CALLS) ? UNSIGNED : undefined);
  return {
    id: call.sentId,
    type: "function",
    function: { name: call.name, arguments: argumentsText(call) },
    ...(extra === undefined ? {} : { extra_content: extra }),
  };
}

/** OpenAI's limit for the id of a call, which others copied. Ids made elsewhere can be longer. */
const ID_LENGTH = 40;

function atMostForty(id: string): string {
  return id.length <= ID_LENGTH ? id : `call_${createHash("sha256").update(id).digest("hex").slice(0, 32)}`;
}

/** Mistral takes nine letters and digits alone: what is none of them gets the next number of its conversation. */
function nineCharacters(): (id: string) => string {
  let numbered = 0;
  return (id) => {
    if (/^[A-Za-z0-9]{9}$/u.test(id)) return id;
    numbered += 1;
    return `call${String(numbered - 1).padStart(5, "0")}`;
  };
}
