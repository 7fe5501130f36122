// A whole conversation as a file holds it: every branch, in the order in which it was kept.

import { Failure } from "../../failure.ts";
import type { SessionInfo, StoredMessage } from "../../types.ts";

export type ArchiveFormat = "markdown" | "json";

export type ArchivedSession = Omit<SessionInfo, "answering">;
/** What is known only while a sidecar runs, or follows from the other messages, stays behind. */
export type ArchivedMessage = Omit<StoredMessage, "session" | "stream" | "siblings">;

export interface Conversation {
  readonly session: ArchivedSession;
  /** Each after its parent. */
  readonly messages: readonly ArchivedMessage[];
}

/** What was read from a file. */
export interface ReadConversation extends Conversation {
  readonly format: ArchiveFormat;
  /** For people: what of a foreign file has another place here than there, and what of an edited one was left out. */
  readonly notes: readonly string[];
}

/** Marks a file's own format, and its version. */
export const markdownVersion = "conversation/1";
export const jsonVersion = "session-archive/v1";

/** In the metadata of sessions and messages: what a file of another program held that has no place in Parley. */
export const foreignKey = "session-archive";
/** In the metadata of sessions and messages that were imported: the ids they had where they come from, the last one last. */
export const formerIdsKey = "formerIds";

/** A file that is damaged or no conversation at all. `where`: its line or field, as the beginning of a sentence. */
export function invalidArchive(where: string, what: string, cause?: unknown): Failure {
  return new Failure("invalid-archive", `${where}: ${what}`, cause);
}

export function archivedSession({ answering: _answering, ...session }: SessionInfo): ArchivedSession {
  return session;
}

export function archivedMessage({ session: _session, stream: _stream, siblings: _siblings, ...message }: StoredMessage): ArchivedMessage {
  return message;
}

/** A conversation that is kept somewhere, read as often as is needed, so that it need not be in memory as a whole. */
export interface ConversationSource {
  readonly session: ArchivedSession;
  readonly messages: () => AsyncIterable<ArchivedMessage>;
}
