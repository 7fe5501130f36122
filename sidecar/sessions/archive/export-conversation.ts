// A conversation from the store into a file, a piece at a time: a long one is never in memory as a whole.

import { sessionNotFound } from "../failures.ts";
import type { SessionStore } from "../store.ts";
import { archivedMessage, archivedSession, type ArchivedMessage, type ArchiveFormat, type ConversationSource } from "./conversation.ts";
import { writeJson } from "./write-json.ts";
import { writeMarkdown } from "./write-markdown.ts";

/** Messages read at a time; each may hold several images. */
const pageSize = 16;

/**
 * The whole file, as text. An answer that is being written is in it as far as it has come. Rejects with `session-not-found`, also
 * where the conversation is deleted meanwhile, with the `Failure` of the store, and with the signal's reason.
 */
export async function* exportConversation(
  store: SessionStore,
  session: string,
  format: ArchiveFormat,
  signal?: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const source = await conversationIn(store, session, signal);
  yield* format === "markdown" ? writeMarkdown(source) : writeJson(source);
}

async function conversationIn(store: SessionStore, id: string, signal: AbortSignal | undefined): Promise<ConversationSource> {
  const session = await store.getSession(id);
  if (session === undefined) throw sessionNotFound(id);
  return { session: archivedSession(session), messages: () => messagesOf(store, id, signal) };
}

/** In the order in which they were kept. */
async function* messagesOf(store: SessionStore, session: string, signal?: AbortSignal): AsyncGenerator<ArchivedMessage, void, undefined> {
  for (let after: string | undefined; ;) {
    signal?.throwIfAborted();
    const page = await store.listMessages(session, { limit: pageSize, ...(after !== undefined && { after }) });
    for (const message of page) yield archivedMessage(message);
    after = page.at(-1)?.id;
    if (page.length < pageSize || after === undefined) break;
  }
  // The store has no messages of a deleted conversation: half a file must not be taken for a whole one.
  if ((await store.getSession(session)) === undefined) throw sessionNotFound(session);
}
