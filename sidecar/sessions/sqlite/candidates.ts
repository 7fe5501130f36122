// Which messages are ranked: the newest that hold all that was asked for, read one by one until there are enough.
//
// A beginning of three characters is dear to ask the index for, since it puts together the lists of all words that begin so, and
// many stand in most messages several times. But it holds lists of its own for the beginnings of two characters. So those are asked
// for first, and what holds the whole beginning is told by its text, as long as much of what is read does; where little does,
// the beginning is rare, and putting its lists together is cheap.

import { type Phrase, placesOf } from "../search/phrases.ts";
import type { Candidate } from "../search/ranking.ts";
import { fold, isAscii } from "../search/words.ts";
import type { Connection } from "./connection.ts";
import { readableOf, text } from "./rows.ts";
import type { WordIndex } from "./word-index.ts";

/** Messages that are ranked. Words that stand in more of them tell little anyway; the result then says that it is not complete. */
const mostCandidates = 250;
/** UTF-16 units of JSON that are read for them: conversations about huge files must not make a search slow. */
const mostText = 4_000_000;
/** Messages that hold the beginnings of two characters and are looked at; after so many of them, whether enough hold all. */
const mostLookedAt = 600;
const firstLook = 100;
const enoughOfThem = 0.4;

export interface Candidates {
  /** Newest first. */
  readonly messages: readonly Candidate[];
  /** How many were found, as far as that was looked for: one more than are ranked at most. */
  readonly found: number;
  /** These are all that there are. */
  readonly complete: boolean;
}

export function candidatesFor(connection: Connection, words: WordIndex, phrases: readonly Phrase[]): Candidates {
  return byShortBeginnings(connection, words, phrases) ?? byIndex(connection, words, phrases);
}

function byIndex(connection: Connection, words: WordIndex, phrases: readonly Phrase[]): Candidates {
  const numbers = words.newest(phrases, mostCandidates + 1);
  const messages = messagesOf(connection, numbers).take(mostCandidates).toArray();
  return { messages, found: numbers.length, complete: messages.length === numbers.length };
}

/** Undefined where that is not the way. */
function byShortBeginnings(connection: Connection, words: WordIndex, phrases: readonly Phrase[]): Candidates | undefined {
  const short = phrases.map(withShortBeginning);
  if (short.every((phrase, at) => phrase === phrases[at])) return undefined;
  const numbers = words.newest(short, mostLookedAt + 1);
  const messages: Candidate[] = [];
  let read = 0;
  for (const candidate of messagesOf(connection, numbers)) {
    if (read === firstLook && messages.length < firstLook * enoughOfThem) return undefined;
    read += 1;
    const { folded } = candidate;
    const inAscii = isAscii(folded);
    if (phrases.every((phrase) => placesOf(phrase, folded, inAscii).some(() => true))) messages.push(candidate);
    if (messages.length > mostCandidates) return { messages: messages.slice(0, mostCandidates), found: messages.length, complete: false };
  }
  const isAll = read === numbers.length && numbers.length <= mostLookedAt;
  return isAll ? { messages, found: messages.length, complete: true } : undefined;
}

/** The phrase itself where it ends with no beginning of three characters: those of two have their lists, longer ones are rare. */
function withShortBeginning(phrase: Phrase): Phrase {
  const last = Array.from(phrase.words.at(-1) ?? "");
  if (!phrase.open || last.length !== 3) return phrase;
  return { ...phrase, words: [...phrase.words.slice(0, -1), last.slice(0, 2).join("")] };
}

function* messagesOf(connection: Connection, numbers: readonly number[]): Generator<Candidate, void, undefined> {
  let read = 0;
  for (const number of numbers) {
    const row = connection.get("SELECT id, session, created_at, message FROM messages WHERE number = ?", number);
    if (row === undefined) continue;
    read += text(row, "message").length;
    if (read > mostText && read > text(row, "message").length) return;
    const readable = readableOf(row);
    if (readable === undefined) continue;
    const createdAt = Number(row["created_at"]);
    yield { id: text(row, "id"), session: text(row, "session"), createdAt, ...readable, folded: fold(readable.text) };
  }
}
