// The messages of the conversation on the page, in order: what was kept, joined with what streams. Pure.

import type { FailureWords, MessageView } from "../protocol.ts";
import type { StoredMessage, StreamEvent } from "../../sidecar/types.ts";
import { answerOf, foldEvents } from "./answer.ts";
import type { Answer } from "./answer.ts";

export interface Turn {
  readonly stored: StoredMessage;
  /** Absent where a person wrote. */
  readonly answer?: Answer;
  readonly failure?: FailureWords;
  /** Another window writes it. */
  readonly elsewhere?: boolean;
}

/**
 * The turn of a kept message. An answer that the page has seen streaming stays as far as it came: the kept message can be
 * older, and the events go on from there.
 */
function turnOf(view: MessageView, known: Turn | undefined): Turn {
  const { stored } = view;
  const failure = view.failure ?? (stored.status === "streaming" ? known?.failure : undefined);
  const rest = { ...(failure === undefined ? {} : { failure }), ...(view.elsewhere === true ? { elsewhere: true } : {}) };
  if (stored.message.role !== "assistant") return { stored, ...rest };
  return { stored, answer: answerFor(stored, known?.answer), ...rest };
}

function answerFor(stored: StoredMessage, live: Answer | undefined): Answer {
  const kept = answerOf(stored);
  if (live === undefined || live.seq === 0) return kept;
  if (kept.status === "streaming") return live;
  // The answer is over: what was kept of it counts, and of the live one what is never kept.
  const { seq, warnings, reasoningFrom, reasoningTo } = live;
  const thought = reasoningFrom === undefined ? {} : { reasoningFrom };
  return { ...kept, seq, warnings, ...thought, ...(reasoningTo === undefined ? {} : { reasoningTo }) };
}

/** All turns of a session that is shown anew; those in `known` were on the page before. */
export function turnsOf(messages: readonly MessageView[], known: ReadonlyMap<string, Turn>): ReadonlyMap<string, Turn> {
  return new Map(messages.map((view) => [view.stored.id, turnOf(view, known.get(view.stored.id))]));
}

/**
 * Puts messages behind the one they follow (null: behind none) in place of what was there, and replaces those known. Where the
 * one they follow is not on the page, because it comes before its first, what follows the same one gives way.
 */
export function withMessages(
  turns: ReadonlyMap<string, Turn>,
  messages: readonly MessageView[],
  follows: string | null,
): ReadonlyMap<string, Turn> {
  const next = new Map<string, Turn>();
  for (const [id, turn] of turns) {
    if (!turns.has(follows ?? "") && turn.stored.parent === follows) break;
    next.set(id, turn);
    if (id === follows) break;
  }
  // What was said before a summary of it stays before it.
  for (const [id, turn] of turns) if (isSummary(turn) && turn.stored.parent === follows) next.set(id, turn);
  for (const view of messages) next.set(view.stored.id, turnOf(view, turns.get(view.stored.id)));
  return next;
}

/** Puts messages before all others; those known stay where they are. */
export function withEarlier(turns: ReadonlyMap<string, Turn>, messages: readonly MessageView[]): ReadonlyMap<string, Turn> {
  const unknown = messages.filter(({ stored }) => !turns.has(stored.id));
  return new Map([...turnsOf(unknown, turns), ...turns]);
}

/** Puts a summary behind the last message that it stands for, if that is on the page. */
export function withSummary(turns: ReadonlyMap<string, Turn>, summary: MessageView): ReadonlyMap<string, Turn> {
  const next = new Map<string, Turn>();
  for (const [id, turn] of turns) {
    next.set(id, turn);
    if (id === summary.stored.parent) next.set(summary.stored.id, turnOf(summary, undefined));
  }
  return next;
}

export const isSummary = ({ stored }: Turn): boolean => stored.message.role === "system";

/** Whether an answer goes on where the one before it was cut. */
export function isContinuation({ stored }: Turn, turns: (id: string) => Turn | undefined): boolean {
  const before = stored.parent === null ? undefined : turns(stored.parent);
  return stored.message.role === "assistant" && before?.stored.message.role === "assistant";
}

export interface Applied {
  /** The turn after the events; null where the page does not know the message, or where events are missing. */
  readonly turn: Turn | null;
  readonly gap: boolean;
}

/** Applies events to a message's turn. */
export function withEvents(
  turn: Turn | undefined,
  events: readonly StreamEvent[],
  failure: FailureWords | undefined,
  nowMs: number,
): Applied {
  if (turn?.answer === undefined) return { turn: null, gap: true };
  const { answer, gap } = foldEvents(turn.answer, events, nowMs);
  if (gap) return { turn: null, gap };
  return { turn: { ...turn, answer, ...(failure === undefined ? {} : { failure }) }, gap };
}

export const isStreaming = (turn: Turn): boolean => turn.answer?.status === "streaming";
