// A conversation from a file into the store. It always becomes a new one, with new ids; nothing that is there is touched.

import { randomUUID } from "node:crypto";
import type { JsonObject, SessionInfo, StoredMessage } from "../../types.ts";
import { sidecarEnded } from "../interrupted.ts";
import type { SessionStore } from "../store.ts";
import {
  formerIdsKey,
  invalidArchive,
  type ArchivedMessage,
  type ArchiveFormat,
  type Conversation,
  type ReadConversation,
} from "./conversation.ts";
import { readJson } from "./read-json.ts";
import { isMarkdownConversation, readMarkdown } from "./read-markdown.ts";

export interface Imported {
  readonly session: SessionInfo;
  readonly messages: number;
  readonly format: ArchiveFormat;
  /** For people: what of a foreign file has another place here than there, and what of an edited one was left out. */
  readonly notes: readonly string[];
}

/**
 * `text`: the whole file, in either form; which one, it tells itself. A byte order mark is no part of it. Resolves when the conversation is kept whole, in one
 * transaction. Rejects with the code `invalid-archive`, in words that name the line or the field, and with `storage`.
 */
export async function importConversation(store: SessionStore, text: string): Promise<Imported> {
  const read = readConversation(text.replace(/^\uFEFF/u, ""));
  checkTree(read);
  const { session, messages } = renewed(read);
  await store.createSession(session, messages);
  return { session, messages: messages.length, format: read.format, notes: read.notes };
}

function readConversation(text: string): ReadConversation {
  if (isMarkdownConversation(text)) return readMarkdown(text);
  if (/^\s*\{/u.test(text)) return readJson(text);
  const first = text.trimStart().slice(0, 40).split("\n", 1)[0] ?? "";
  throw invalidArchive(
    "Line 1",
    `this is no conversation that Parley or AbstractCore has exported; it begins with ${JSON.stringify(first)}`,
  );
}

function checkTree({ session, messages }: Conversation): void {
  const known = new Set<string>();
  for (const { id, parent } of messages) {
    if (known.has(id)) throw invalidArchive("A message", `the id "${id}" is there twice`);
    if (parent !== null && !known.has(parent)) {
      const words = `"${id}" follows "${parent}", which does not come before it in the file`;
      throw invalidArchive("A message", `${words}; its \`parent\` must be the id of a message before it, or null for one that begins`);
    }
    known.add(id);
  }
  if (session.leaf !== null && !known.has(session.leaf)) {
    throw invalidArchive(
      "A field",
      `the last message shown (\`leaf\`) is "${session.leaf}", and the file has none of that id; write one that it has`,
    );
  }
}

/** The ids of before stay among the metadata, so that somebody can find where it comes from. */
function renewed({ session, messages }: Conversation): { readonly session: SessionInfo; readonly messages: readonly StoredMessage[] } {
  const id = randomUUID();
  const ids = new Map(messages.map((message) => [message.id, randomUUID()]));
  const now = (former: string | null): string | null => (former === null ? null : (ids.get(former) ?? null));
  return {
    session: { ...session, id, leaf: now(session.leaf), metadata: withFormerId(session.metadata, session.id) },
    messages: messages.map((message) => ({
      ...ended(message),
      id: ids.get(message.id) ?? randomUUID(),
      session: id,
      parent: now(message.parent),
      metadata: withFormerId(message.metadata, message.id),
    })),
  };
}

function withFormerId(metadata: JsonObject = {}, former: string): JsonObject {
  const known = metadata[formerIdsKey];
  return { ...metadata, [formerIdsKey]: Array.isArray(known) ? [...known, former] : [former] };
}

/** What was being answered when it was exported goes on nowhere. */
function ended(message: ArchivedMessage): ArchivedMessage {
  return message.status === "streaming" ? { ...message, status: "incomplete", error: sidecarEnded } : message;
}
