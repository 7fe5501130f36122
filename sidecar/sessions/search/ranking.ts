// The order of what was found: Okapi BM25, as text search has it everywhere, with newer messages before equal older ones;
// and messages grouped by their sessions.

import type { SessionHit } from "../../store-results.ts";
import type { Message, SessionInfo } from "../../types.ts";
import { countsOf, rangesOf, snippetOf } from "./matches.ts";
import type { Phrase } from "./phrases.ts";

/** A message that holds every phrase. */
export interface Candidate {
  readonly id: string;
  readonly session: string;
  readonly createdAt: number;
  readonly message: Message;
  /** Its `searchableText`, and that folded. */
  readonly text: string;
  readonly folded: string;
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
  readonly score: number;
}

interface Group {
  /** Of the session. */
  readonly id: string;
  readonly scored: readonly Scored[];
  /** The session, where its title holds every phrase. */
  readonly titled: SessionInfo | undefined;
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
  const groups = Array.from(new Set([...bySession.keys(), ...titled.keys()]), (id): Group => {
    const best = (bySession.get(id) ?? []).toSorted((one, other) => other.score - one.score);
    const session = titled.get(id);
    const titleBonus = session === undefined ? 0 : titleScore * recency(session.updatedAt, input.now);
    return { id, scored: best, titled: session, score: (best[0]?.score ?? 0) + titleBonus };
  });
  return bestOf(
    groups.sort((one, other) => other.score - one.score),
    input,
  ).map((group) => hitOf(group, input));
}

/** Of groups in the order of their scores as many as are shown; of equal ones first the session that was changed last. */
function bestOf(groups: readonly Group[], { session, limit }: RankingInput): readonly (Group & { readonly session: SessionInfo })[] {
  const best: (Group & { readonly session: SessionInfo })[] = [];
  for (const group of groups) {
    // A session is looked up only where it may be shown.
    if (best.length >= limit && group.score < (best.at(-1)?.score ?? 0)) break;
    const info = group.titled ?? session(group.id);
    if (info !== undefined) best.push({ ...group, session: info });
  }
  return best.sort((one, other) => other.score - one.score || other.session.updatedAt - one.session.updatedAt).slice(0, limit);
}

function hitOf(
  { session, scored: best, titled }: Group & { readonly session: SessionInfo },
  { phrases, messagesPerSession }: RankingInput,
): SessionHit {
  return {
    session,
    titleMatches: titled === undefined ? [] : rangesOf(session.title, phrases),
    messageCount: best.length,
    messages: best.slice(0, messagesPerSession).map(({ candidate: { id, message, createdAt, text } }) => {
      const { text: snippet, matches } = snippetOf(text, phrases);
      return { message: id, role: message.role, createdAt, snippet, matches };
    }),
  };
}

/** None for a message in which a phrase is not found after all. */
function scored(candidate: Candidate, { phrases, frequencies, messageCount, now }: RankingInput): readonly Scored[] {
  const counts = countsOf(candidate.folded, phrases);
  if (counts.includes(0)) return [];
  const length = 1 - lengthWeight + lengthWeight * (candidate.text.length / usualLength);
  let score = 0;
  for (const [at, count] of counts.entries()) {
    const frequency = Math.min(frequencies[at] ?? 1, messageCount);
    const rarity = Math.log(1 + (messageCount - frequency + 0.5) / (frequency + 0.5));
    score += (rarity * count * (saturation + 1)) / (count + saturation * length);
  }
  return [{ candidate, score: score * recency(candidate.createdAt, now) }];
}

function recency(at: number, now: number): number {
  return 1 + recencyWeight * 2 ** (-Math.max(0, now - at) / recencyHalfLifeMs);
}
