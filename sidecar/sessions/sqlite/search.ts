// The search over the database: the index gives the newest messages that hold all that was asked for, and those are ranked.

import type { SearchResult } from "../../store-results.ts";
import type { SessionInfo } from "../../types.ts";
import { phrasesOf } from "../search/phrases.ts";
import { rank } from "../search/ranking.ts";
import { inTitleWords } from "../search/title-words.ts";
import type { SearchQuery } from "../store.ts";
import { candidatesFor } from "./candidates.ts";
import type { Connection } from "./connection.ts";
import type { SessionTable } from "./session-table.ts";
import type { WordIndex } from "./word-index.ts";

/** Messages that are counted of each phrase: beyond, it is common. */
const mostCounted = 5000;

export function search(connection: Connection, sessions: SessionTable, words: WordIndex, query: SearchQuery): SearchResult {
  const phrases = phrasesOf(query.text);
  if (phrases.length === 0) return { hits: [], complete: true };
  const titled = sessions.titled(phrases.map(inTitleWords), query.limit);
  const { messages: candidates, found, complete } = candidatesFor(connection, words, phrases);
  const known = new Map<string, SessionInfo | undefined>();
  const hits = rank({
    phrases,
    candidates,
    // What stands alone is as rare everywhere; only several phrases need to be weighed against each other.
    frequencies: phrases.map((phrase) => (phrases.length === 1 || phrase.open ? found : words.frequency(phrase, mostCounted))),
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
  return { hits, complete: complete && titled.length < query.limit && words.isComplete() };
}
