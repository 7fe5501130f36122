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
}

/**
 * The turn of a kept message. An answer that the page has seen streaming stays as far as it came: the kept message can be
 * older, and the events go on from there.
 */
function turnOf(view: MessageView, known: Turn | undefined): Turn {
  const { stored } = view;
  const failure = view.failure ?? (stored.status === "streaming" ? known?.failure : undefined);
  const rest = failure === undefined ? {} : { failure };
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

/** Adds messages in the order given, replaces those known, and takes away those that left the path. */
export function withMessages(
  turns: ReadonlyMap<string, Turn>,
  messages: readonly MessageView[],
  dropped: readonly string[],
): ReadonlyMap<string, Turn> {
  const next = new Map(turns);
  for (const id of dropped) next.delete(id);
  for (const view of messages) next.set(view.stored.id, turnOf(view, turns.get(view.stored.id)));
  return next;
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
