// What the store of conversations tells beside the conversations themselves: what a search has found, and how much is kept.
// Plain data, shared by the sidecar and the extension.

import type { Message, SessionInfo } from "./types.ts";

/** Positions in a text, counted in UTF-16 units: where it begins, and where it has ended. */
export type TextRange = readonly [start: number, end: number];

/** A message in which all that was searched for was found. */
export interface MessageHit {
  readonly message: string;
  readonly role: Message["role"];
  /** Unix time in milliseconds. */
  readonly createdAt: number;
  /** A piece of its text around what was found, on one line. */
  readonly snippet: string;
  /** What was found, as ranges of `snippet`, in order, none over another. */
  readonly matches: readonly TextRange[];
}

export interface SessionHit {
  readonly session: SessionInfo;
  /** What was found in the title, as ranges of it. */
  readonly titleMatches: readonly TextRange[];
  /** The best ones. Empty where only the title matches. */
  readonly messages: readonly MessageHit[];
  /** How many of its messages match, of all that were looked at. */
  readonly messageCount: number;
}

export interface SearchResult {
  /** The best first. */
  readonly hits: readonly SessionHit[];
  /** False where there is more than was looked at: older messages with common words, or an index that is still being made. */
  readonly complete: boolean;
}

/** A file beside the database that holds conversations too. */
export interface StoreFile {
  readonly name: string;
  readonly kind: "backup" | "damaged";
  readonly bytes: number;
}

export interface StoreStatistics {
  /** Null where conversations are in memory. */
  readonly folder: string | null;
  /** The database with its journals. */
  readonly bytes: number;
  readonly sessions: number;
  readonly messages: number;
  /** Sessions that were deleted and can be restored; not counted above. */
  readonly deletedSessions: number;
  /** Unix time in milliseconds of the longest unchanged session; null where there is none. */
  readonly oldestChange: number | null;
  readonly otherFiles: readonly StoreFile[];
}
