// The search over the database: the index gives the newest messages that hold all that was asked for, and those are ranked.

import type { SearchResult } from "../../store-results.ts";
import type { SessionInfo } from "../../types.ts";
import { phrasesOf } from "../search/phrases.ts";
import { type Candidate, rank } from "../search/ranking.ts";
import { inTitleWords } from "../search/title-words.ts";
import type { SearchQuery } from "../store.ts";
import type { Connection } from "./connection.ts";
import { contentOf, text } from "./rows.ts";
import type { SessionTable } from "./session-table.ts";
import type { WordIndex } from "./word-index.ts";

/** Messages that are ranked. Words that stand in more of them tell little anyway; the result then says that it is not complete. */
const mostCandidates = 250;
/** UTF-16 units of JSON that are read for them: conversations about huge files must not make a search slow. */
const mostText = 4_000_000;
/** Messages that are counted of each phrase: beyond, it is common. */
const mostCounted = 5000;

export function search(connection: Connection, sessions: SessionTable, words: WordIndex, query: SearchQuery): SearchResult {
  const phrases = phrasesOf(query.text);
  if (phrases.length === 0) return { hits: [], complete: true };
  const titled = sessions.titled(phrases.map(inTitleWords), query.limit);
  const found = words.newest(phrases, mostCandidates + 1);
  const candidates = candidatesOf(connection, found.slice(0, mostCandidates));
  const known = new Map<string, SessionInfo | undefined>();
  const hits = rank({
    phrases,
    candidates,
    // What stands alone is as rare everywhere; only several phrases need to be weighed against each other.
    frequencies: phrases.map((phrase) => (phrases.length === 1 || phrase.open ? found.length : words.frequency(phrase, mostCounted))),
    messageCount: Number(connection.get("SELECT max(number) AS number FROM messages")?.["number"] ?? 0),
    titled,
    session: (id) => {
      if (!known.has(id)) known.set(id, sessions.get(id));
      return known.get(id);
    },
    limit: query.limit,
    messagesPerSession: query.messagesPerSession,
    now: Date.now(),
  });
  const all = candidates.length === Math.min(found.length, mostCandidates) && found.length <= mostCandidates;
  return { hits, complete: all && titled.length < query.limit && words.isComplete() };
}

function candidatesOf(connection: Connection, numbers: readonly number[]): readonly Candidate[] {
  const candidates: Candidate[] = [];
  let read = 0;
  for (const number of numbers) {
    const row = connection.get("SELECT id, session, created_at, message FROM messages WHERE number = ?", number);
    if (row === undefined) continue;
    read += text(row, "message").length;
    if (read > mostText && candidates.length > 0) break;
    candidates.push({
      id: text(row, "id"),
      session: text(row, "session"),
      createdAt: Number(row["created_at"]),
      message: contentOf(row),
    });
  }
  return candidates;
}
