// The order of what was found: Okapi BM25, as text search has it everywhere, with newer messages before equal older ones;
// and messages grouped by their sessions.

import type { SessionHit } from "../../store-results.ts";
import type { Message, SessionInfo } from "../../types.ts";
import { countsOf, rangesOf, snippetOf } from "./matches.ts";
import { searchableText } from "./message-text.ts";
import type { Phrase } from "./phrases.ts";
import { fold } from "./words.ts";

/** A message that holds every phrase. */
export interface Candidate {
  readonly id: string;
  readonly session: string;
  readonly createdAt: number;
  readonly message: Message;
}

export interface RankingInput {
  readonly phrases: readonly Phrase[];
  readonly candidates: readonly Candidate[];
  /** How many messages hold each phrase, about; and how many there are. */
  readonly frequencies: readonly number[];
  readonly messageCount: number;
  /** Those whose title holds every phrase. */
  readonly titled: readonly SessionInfo[];
  readonly session: (id: string) => SessionInfo | undefined;
  readonly limit: number;
  readonly messagesPerSession: number;
  /** Unix time in milliseconds. */
  readonly now: number;
}

interface Scored {
  readonly candidate: Candidate;
  readonly text: string;
  readonly score: number;
}

interface Group {
  readonly session: SessionInfo;
  readonly scored: readonly Scored[];
  readonly titled: boolean;
  readonly score: number;
}

/** BM25's usual constants: how soon repetition stops to count, and how much a text's length does. */
const saturation = 1.2;
const lengthWeight = 0.75;
/** Characters; the length at which a text is neither short nor long. */
const usualLength = 1000;
/** A message of today counts up to half more than an old one; milliseconds in which that is halved. */
const recencyWeight = 0.5;
const recencyHalfLifeMs = 30 * 86_400_000;
/** What is in the title is what a conversation is about. */
const titleScore = 5;

export function rank(input: RankingInput): readonly SessionHit[] {
  const bySession = Map.groupBy(
    input.candidates.flatMap((candidate) => scored(candidate, input)),
    ({ candidate }) => candidate.session,
  );
  const titled = new Map(input.titled.map((session) => [session.id, session]));
  const groups = Array.from(new Set([...bySession.keys(), ...titled.keys()]), (id): Group | undefined => {
    const session = titled.get(id) ?? input.session(id);
    const best = (bySession.get(id) ?? []).toSorted((one, other) => other.score - one.score);
    if (session === undefined) return undefined;
    const titleBonus = titled.has(id) ? titleScore * recency(session.updatedAt, input.now) : 0;
    return { session, scored: best, titled: titled.has(id), score: (best[0]?.score ?? 0) + titleBonus };
  });
  return groups
    .filter((group) => group !== undefined)
    .sort((one, other) => other.score - one.score || other.session.updatedAt - one.session.updatedAt)
    .slice(0, input.limit)
    .map((group) => hitOf(group, input));
}

function hitOf({ session, scored: best, titled }: Group, { phrases, messagesPerSession }: RankingInput): SessionHit {
  return {
    session,
    titleMatches: titled ? rangesOf(session.title, phrases) : [],
    messageCount: best.length,
    messages: best.slice(0, messagesPerSession).map(({ candidate: { id, message, createdAt }, text }) => {
      const { text: snippet, matches } = snippetOf(text, phrases);
      return { message: id, role: message.role, createdAt, snippet, matches };
    }),
  };
}

/** None for a message in which a phrase is not found after all. */
function scored(candidate: Candidate, { phrases, frequencies, messageCount, now }: RankingInput): readonly Scored[] {
  const text = searchableText(candidate.message);
  const counts = countsOf(fold(text), phrases);
  if (counts.includes(0)) return [];
  const length = 1 - lengthWeight + lengthWeight * (text.length / usualLength);
  let score = 0;
  for (const [at, count] of counts.entries()) {
    const frequency = Math.min(frequencies[at] ?? 1, messageCount);
    const rarity = Math.log(1 + (messageCount - frequency + 0.5) / (frequency + 0.5));
    score += (rarity * count * (saturation + 1)) / (count + saturation * length);
  }
  return [{ candidate, text, score: score * recency(candidate.createdAt, now) }];
}

function recency(at: number, now: number): number {
  return 1 + recencyWeight * 2 ** (-Math.max(0, now - at) / recencyHalfLifeMs);
}
