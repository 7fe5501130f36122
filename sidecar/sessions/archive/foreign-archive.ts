// What AbstractCore writes, as Parley keeps it (github.com/lpalbou/AbstractCore, `abstractcore/core/session.py` and `types.py`,
// `docs/session.md`). What has no place in Parley is kept as metadata, so that an export has it again.

import { checkedParameters } from "../../answers/parameters.ts";
import { isObject, refuse } from "../../check.ts";
import type { GenerationParameters, JsonObject, JsonValue, Message, ModelRef, ToolCallPart } from "../../types.ts";
import { foreignKey, type ArchivedMessage, type ArchivedSession } from "./conversation.ts";

/** A message before its place in the tree is known. */
export type ForeignMessage = Omit<ArchivedMessage, "parent">;

/** AbstractCore's names of providers that have another here. */
const providers: ReadonlyMap<string, string> = new Map([["openaicompatible", "openai-compatible"]]);

interface ForeignSession {
  readonly session: Omit<ArchivedSession, "updatedAt" | "leaf">;
  readonly notes: readonly string[];
}

/** `beside`: what stands in the file beside session and messages. The title is empty where the file tells none. Throws a `Failure` that names the field. */
export function foreignSession(session: JsonObject, beside: JsonObject): ForeignSession {
  const { id, created_at: created, system_prompt: prompt, metadata, ...rest } = session;
  if (typeof id !== "string" || id === "") refuse("session.id", "a text that is not empty");
  const { parameters, notes } = parametersOf(rest);
  const foreign = { session: withoutNulls({ ...rest, ...(metadata === undefined ? {} : { metadata }) }), file: beside };
  const { title } = rest;
  return {
    session: {
      id,
      title: typeof title === "string" && title.trim() !== "" ? title : "",
      model: modelOf(rest),
      createdAt: timeOf(created, "session.created_at"),
      ...(typeof prompt === "string" && prompt !== "" && { systemPrompt: prompt }),
      ...(Object.keys(parameters).length > 0 && { parameters }),
      metadata: { [foreignKey]: foreign },
    },
    notes,
  };
}

export interface ForeignPlace {
  /** How the message is called in words. */
  readonly path: string;
  /** From 0. */
  readonly index: number;
  /** Unix time in milliseconds for a message that tells none. */
  readonly before: number;
  /** Of the session. */
  readonly model: ModelRef | null;
}

/** Throws a `Failure` that names the field. */
export function foreignMessage(object: JsonObject, { path, index, before, model }: ForeignPlace): ForeignMessage {
  const { id, role, content, timestamp, metadata, name, ...rest } = object;
  if (content !== null && typeof content !== "string") refuse(`${path}.content`, "a text");
  if (metadata !== null && metadata !== undefined && !isJsonObject(metadata)) refuse(`${path}.metadata`, "an object");
  const createdAt = timestamp === null || timestamp === undefined ? before : timeOf(timestamp, `${path}.timestamp`);
  // A time without a zone, and one finer than milliseconds, is not the same when it is written again.
  const exactTime = typeof timestamp === "string" && new Date(createdAt).toISOString() !== timestamp ? { timestamp } : {};
  const foreign = { ...rest, ...exactTime };
  const told = {
    // Where older versions had it.
    ...(typeof name === "string" && { name }),
    ...metadata,
    ...(Object.keys(foreign).length > 0 && { [foreignKey]: foreign }),
  };
  const message = messageOf(role, content ?? "", told, path);
  return {
    id: typeof id === "string" && id !== "" ? id : `message-${index + 1}`,
    message,
    createdAt,
    ...(message.role === "assistant" && { status: "complete", ...(model !== null && { model }) }),
    ...(Object.keys(told).length > 0 && { metadata: told }),
  };
}

/** Python writes the local time, and no zone beside it. Throws a `Failure` that names the field. */
export function timeOf(value: JsonValue | undefined, path: string): number {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) refuse(path, 'a time such as "2026-01-31T12:00:00Z"');
  return time;
}

function messageOf(role: JsonValue | undefined, text: string, metadata: JsonObject, path: string): Message {
  switch (role) {
    case "user":
    case "system":
      return { role, content: [{ type: "text", text }] };
    case "assistant":
      return { role, content: [...(text === "" ? [] : [{ type: "text" as const, text }]), ...requestedCalls(metadata)] };
    case "tool": {
      const { call_id: id, name = metadata["tool_name"], status } = metadata;
      const result = { type: "tool-result" as const, id: typeof id === "string" ? id : "", content: text };
      const isError = status === "error" || status === "timeout";
      return { role, content: [{ ...result, ...(typeof name === "string" && { name }), ...(isError && { isError }) }] };
    }
    default:
      return refuse(`${path}.role`, 'one of "user", "assistant", "system", "tool"');
  }
}

function requestedCalls({ requested_tool_calls: calls }: JsonObject): readonly ToolCallPart[] {
  return Array.isArray(calls) ? calls.flatMap((call: JsonValue) => callOf(call)) : [];
}

function callOf(call: JsonValue): readonly ToolCallPart[] {
  if (!isJsonObject(call)) return [];
  const { call_id: id, name, arguments: given } = call;
  return typeof name === "string"
    ? [{ type: "tool-call", id: typeof id === "string" ? id : "", name, arguments: JSON.stringify(given ?? {}) }]
    : [];
}

/**
 * Where only the result of a tool call was written down, the answer before it gets the call: by itself a result is sent to no
 * model.
 */
export function withCalls(messages: readonly ForeignMessage[]): readonly ForeignMessage[] {
  const all = [...messages];
  for (const [index, tool] of messages.entries()) {
    const { message, metadata = {} } = tool;
    const [result] = message.role === "tool" ? message.content : [];
    const answerAt = all.findLastIndex((one, at) => at < index && one.message.role !== "tool");
    const answer = all[answerAt];
    if (result === undefined || answer?.message.role !== "assistant") continue;
    if (result.id !== "" && answer.message.content.some((part) => part.type === "tool-call" && part.id === result.id)) continue;
    const id = result.id === "" ? `call-${index + 1}` : result.id;
    const given = metadata["tool_arguments"] ?? metadata["arguments"] ?? {};
    const call: ToolCallPart = { type: "tool-call", id, name: result.name ?? "tool", arguments: JSON.stringify(given) };
    all[answerAt] = { ...answer, message: { role: "assistant", content: [...answer.message.content, call] } };
    all[index] = { ...tool, message: { role: "tool", content: [{ ...result, id }] } };
  }
  return all;
}

interface WithoutSystem {
  readonly prompt: string | undefined;
  readonly rest: readonly ForeignMessage[];
  readonly notes: readonly string[];
}

/**
 * There the system prompt is a message too, and what was compacted is another one. Here a path holds neither: their words are
 * the system prompt, each once, so that the model goes on reading them.
 */
export function withoutSystemMessages(prompt: string | undefined, messages: readonly ForeignMessage[]): WithoutSystem {
  const said = new Set(prompt === undefined ? [] : [prompt]);
  const before = said.size;
  const rest: ForeignMessage[] = [];
  for (const one of messages) {
    if (one.message.role !== "system") rest.push(one);
    else for (const { text } of one.message.content) if (text.trim() !== "") said.add(text);
  }
  const added = said.size - before;
  const notes = added > 0 ? [`What the file says as the system (messages: ${added}) is part of the system prompt here.`] : [];
  return { prompt: said.size === 0 ? undefined : [...said].join("\n\n"), rest, notes };
}

function modelOf({ provider, model }: JsonObject): ModelRef | null {
  if (typeof provider !== "string" || typeof model !== "string" || provider === "" || model === "") return null;
  return `${providers.get(provider) ?? provider}/${model}`;
}

/** What cannot be asked for here is told, and kept with the rest of the file. */
function parametersOf({ model_params: given, tool_registry: registry }: JsonObject): {
  readonly parameters: GenerationParameters;
  readonly notes: readonly string[];
} {
  const params = isJsonObject(given) ? given : {};
  const { temperature, top_p: topP, seed, stop, max_output_tokens: most = params["max_tokens"] } = params;
  const tools = Array.isArray(registry) ? registry : [];
  const wanted: { readonly [name: string]: JsonValue | undefined } = {
    temperature,
    topP,
    maxOutputTokens: most,
    // There -1 stands for none.
    seed: typeof seed === "number" && seed < 0 ? undefined : seed,
    stop,
  };
  let parameters: GenerationParameters = {};
  const notes: string[] = [];
  // The program that could run them is not this one, and a model that is told of a tool calls it.
  if (tools.length > 0)
    notes.push(`The file names tools (${tools.length}). They are kept with it for an export, and no model is told of them.`);
  for (const [name, value] of Object.entries(wanted)) {
    if (value === undefined || value === null) continue;
    try {
      parameters = { ...parameters, ...checkedParameters({ [name]: value }) };
    } catch (error) {
      notes.push(`${error instanceof Error ? error.message : String(error)} It is left out.`);
    }
  }
  return { parameters, notes };
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return isObject(value);
}
