// Reads a conversation from JSON in the form `session-archive/v1`: as Parley writes it (`write-json.ts`), as AbstractCore does
// (`abstractcore/core/session.py`, `BasicSession.to_dict`), and in AbstractCore's older form, in which the session itself is
// the whole file. Where a file was written by Parley and then by another program, what is left of Parley's own words counts.

import { Failure } from "../../failure.ts";
import { isObject, refuse } from "../../check.ts";
import type { JsonObject, JsonValue } from "../../types.ts";
import { titleOf } from "../title.ts";
import { shapes } from "../conversation-shapes.ts";
import { invalidArchive, jsonVersion, type ArchivedMessage, type ArchivedSession, type ReadConversation } from "./conversation.ts";
import {
  foreignMessage,
  foreignSession,
  timeOf,
  withCalls,
  withoutSystemMessages,
  type ForeignMessage,
  type ForeignPlace,
} from "./foreign-archive.ts";

interface Parts {
  readonly session: JsonObject;
  readonly messages: readonly JsonValue[];
  /** Parley's other messages. */
  readonly branches: readonly JsonValue[];
  /** What stands beside session and messages. */
  readonly beside: JsonObject;
}

/** Throws a `Failure` with code `invalid-archive` that names the line or the field. */
export function readJson(text: string): ReadConversation {
  const parts = partsOf(parsed(text));
  try {
    shapes.json(parts.session, "session");
    const own = objectIn(objectIn(parts.session, "metadata"), "parley");
    return own === undefined ? foreignConversation(parts) : ownConversation(parts, own);
  } catch (error) {
    throw error instanceof Failure && error.code === "invalid-params" ? invalidArchive("A field", error.message, error) : error;
  }
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const line = /\(line (\d+) /u.exec(words)?.[1] ?? text.trimEnd().split("\n").length;
    throw invalidArchive(`Line ${line}`, `the file is neither a conversation in Markdown nor JSON: ${words}`);
  }
}

function partsOf(file: JsonValue): Parts {
  if (!isJsonObject(file)) throw noConversation();
  const { schema_version: version, session, messages, metadata, ...beside } = file;
  if (version === undefined) return olderParts(file);
  if (version !== jsonVersion) {
    const told = typeof version === "string" ? JSON.stringify(version.slice(0, 60)) : "no text";
    throw invalidArchive("A field", `\`schema_version\` must be "${jsonVersion}"; it is ${told}. A newer Parley may read it.`);
  }
  if (!isJsonObject(session)) throw invalidArchive("A field", "`session` must be an object.");
  if (!Array.isArray(messages)) throw noMessages(messages);
  const branches = objectIn(isJsonObject(metadata) ? metadata : undefined, "parley")?.["branches"] ?? [];
  if (!Array.isArray(branches)) throw invalidArchive("A field", "`metadata.parley.branches` must be a list.");
  return { session, messages, branches, beside };
}

function olderParts(file: JsonObject): Parts {
  const { messages, ...session } = file;
  const isSession = typeof session["id"] === "string" && typeof session["created_at"] === "string";
  if (!isSession) throw noConversation();
  if (!Array.isArray(messages)) throw noMessages(messages);
  return { session, messages, branches: [], beside: {} };
}

/** Without them a conversation would be empty, which a file that was cut or made by mistake is not. */
function noMessages(there: JsonValue | undefined): Failure {
  return invalidArchive("A field", `\`messages\` must be a list${there === undefined ? "; the file has none" : ""}.`);
}

function noConversation(): Failure {
  return invalidArchive(
    "The file",
    `it is JSON, and no conversation: that is an object with \`schema_version\` ("${jsonVersion}"), \`session\` and \`messages\`.`,
  );
}

function ownConversation({ session, messages, branches }: Parts, own: JsonObject): ReadConversation {
  const { provider, model, system_prompt: systemPrompt, created_at: created } = session;
  const { createdAt = timeOf(created, "session.created_at"), ...exact } = own;
  const ref = typeof provider === "string" && typeof model === "string" ? `${provider}/${model}` : model;
  const kept: unknown = { id: session["id"], model: ref, createdAt, ...exact, ...(systemPrompt !== null && { systemPrompt }) };
  checkSession(kept, "session");
  const read = [
    ...messages.map((message, index) => ownMessage(message, `messages[${index}]`)),
    ...branches.map((message, index) => ownMessage(message, `metadata.parley.branches[${index}]`)),
  ];
  const ordered = read.toSorted((one, other) => one.number - other.number).map(({ message }) => message);
  return { session: kept, messages: ordered, format: "json", notes: [] };
}

interface NumberedMessage {
  readonly number: number;
  readonly message: ArchivedMessage;
}

function ownMessage(value: JsonValue, path: string): NumberedMessage {
  const object = objectAt(value, path);
  const own = objectIn(objectIn(object, "metadata"), "parley");
  if (own === undefined) refuse(`${path}.metadata.parley`, "an object, as in every message that Parley has written");
  return withOwn(object, own, path);
}

/** Of a message in which Parley's own words stand. */
function withOwn(object: JsonObject, own: JsonObject, path: string): NumberedMessage {
  const { number, createdAt = timeOf(object["timestamp"], `${path}.timestamp`), parts, ...exact } = own;
  if (typeof number !== "number") refuse(`${path}.metadata.parley.number`, "a number");
  const { role, content } = object;
  if (typeof content !== "string") refuse(`${path}.content`, "a text");
  const message: unknown = { ...exact, id: object["id"], createdAt, message: { role, content: contentOf(content, parts) } };
  checkMessage(message, path);
  return { number, message };
}

/** A single text stands in the content alone. */
function contentOf(content: string, parts: JsonValue | undefined): JsonValue | undefined {
  if (parts === undefined) return [{ type: "text", text: content }];
  if (!Array.isArray(parts)) return parts;
  return parts.map((part: JsonValue) => {
    if (!isJsonObject(part)) return part;
    if (part["type"] === "text") return { text: content, ...part };
    return part["type"] === "tool-result" ? { content, ...part } : part;
  });
}

/** Each message follows the one before it. */
function foreignConversation({ session, messages, beside }: Parts): ReadConversation {
  const foreign = foreignSession(session, beside);
  const { model, createdAt, systemPrompt } = foreign.session;
  const read: ForeignMessage[] = [];
  for (const [index, value] of messages.entries()) {
    const path = `messages[${index}]`;
    // Before anything of it is written as text again.
    shapes.json(value, path);
    read.push(foreignOrOwn(objectAt(value, path), { path, index, before: read.at(-1)?.createdAt ?? createdAt, model }));
  }
  const { prompt, rest, notes } = withoutSystemMessages(systemPrompt, read);
  const chain = withCalls(rest);
  const chained = chain.map((message, index): ArchivedMessage => ({ ...message, parent: chain[index - 1]?.id ?? null }));
  const last = chained.at(-1);
  const kept: ArchivedSession = {
    ...foreign.session,
    title: foreign.session.title || firstWords(chained),
    updatedAt: Math.max(createdAt, last?.createdAt ?? 0),
    leaf: last?.id ?? null,
    ...(prompt !== undefined && { systemPrompt: prompt }),
  };
  checkSession(kept, "session");
  for (const message of chained) checkMessage(message, `messages (${message.id})`);
  return { session: kept, messages: chained, format: "json", notes: [...foreign.notes, ...notes] };
}

/** The title that the conversation would have here. Empty where nothing was asked yet: the first question names it then. */
function firstWords(messages: readonly ArchivedMessage[]): string {
  const question = messages.map(({ message }) => message).find(({ role }) => role === "user");
  return question?.role === "user" ? titleOf(question.content) : "";
}

/** Of a message that Parley wrote and another program kept, Parley's own words count but for its place in the tree. */
function foreignOrOwn(object: JsonObject, place: ForeignPlace): ForeignMessage {
  const { parley: own, ...metadata } = objectIn(object, "metadata") ?? {};
  if (!isJsonObject(own)) return foreignMessage(object, place);
  const id = typeof object["id"] === "string" ? object["id"] : `message-${place.index + 1}`;
  const { parent: _parent, ...message } = withOwn({ ...object, id, metadata }, { ...own, parent: null }, place.path).message;
  return message;
}

function objectIn(object: JsonObject | undefined, name: string): JsonObject | undefined {
  const value = object?.[name];
  return isJsonObject(value) ? value : undefined;
}

function objectAt(value: JsonValue, path: string): JsonObject {
  if (!isJsonObject(value)) refuse(path, "an object");
  return value;
}

function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return isObject(value);
}

function checkMessage(value: unknown, path: string): asserts value is ArchivedMessage {
  shapes.message(value, path);
}

function checkSession(value: unknown, path: string): asserts value is ArchivedSession {
  shapes.session(value, path);
}
