// The journal against the database, after a kill.

import assert from "node:assert/strict";
import type { Journal, JournaledAnswer, JournaledSession } from "./journal.ts";
import type { KeptConversations, KeptMessage } from "./kept-conversations.ts";
import type { PlannedAnswers } from "./planned-answers.ts";

export interface Comparison {
  readonly answers: PlannedAnswers;
  readonly kept: KeptConversations;
  /** `performance.now()` of the kill. */
  readonly killedAt: number;
  /** Milliseconds before the kill from which on text may be lost. */
  readonly mayLoseMs: number;
}

export interface Interrupted {
  readonly session: JournaledSession;
  readonly answer: JournaledAnswer;
  /** Milliseconds between the kill and the first sent piece that was not kept; 0: everything that was sent was kept. */
  readonly lostMs: number;
}

/** Throws where something acknowledged is lost. Returns the answers that the kill has interrupted. */
export function compare(journal: Journal, comparison: Comparison): readonly Interrupted[] {
  return journal.sessions.flatMap((session) => {
    if (session.state !== "there") return [];
    checkTitle(session, comparison.kept);
    for (const { id, parent, text } of session.questions) {
      const found = find(comparison.kept, session, id);
      assert.equal(found.text, text, `the text of question ${id}`);
      assert.equal(found.parent, parent, `the place of question ${id}`);
    }
    return session.answers.flatMap((answer) => checkAnswer(session, answer, comparison) ?? []);
  });
}

function checkTitle(session: JournaledSession, { titles }: KeptConversations): void {
  const title = titles.get(session.id);
  assert.ok(title !== undefined, `The conversation ${session.id} was acknowledged and is lost.`);
  const inDoubt = session.titleInDoubt;
  session.titleInDoubt = null;
  if (inDoubt !== null && title === inDoubt) session.title = inDoubt;
  else if (session.title !== null) assert.equal(title, session.title, `the title of ${session.id}`);
}

function checkAnswer(session: JournaledSession, answer: JournaledAnswer, comparison: Comparison): Interrupted | undefined {
  const found = find(comparison.kept, session, answer.id);
  assert.equal(found.parent, answer.parent, `the place of answer ${answer.id}`);
  if (answer.end !== null) {
    assert.equal(found.status, answer.end.status, `the status of answer ${answer.id}, whose end was told`);
    assert.equal(found.text, answer.end.text, `the text of answer ${answer.id}, whose end was told`);
    return undefined;
  }
  const interrupted = checkInterrupted(session, answer, found, comparison);
  // From now on it is one that has ended, and must stay as it is.
  if (found.status === "complete" || found.status === "cancelled" || found.status === "incomplete" || found.status === "error")
    answer.end = { status: found.status, text: found.text };
  session.answering = null;
  return interrupted;
}

function checkInterrupted(
  session: JournaledSession,
  answer: JournaledAnswer,
  found: KeptMessage,
  { answers, killedAt, mayLoseMs }: Comparison,
): Interrupted | undefined {
  const { number } = answer;
  if (found.status === "complete") {
    assert.equal(found.text, answers.textOf(number), `the text of answer ${answer.id}, which is called complete`);
    return undefined;
  }
  if (answer.cancelling && found.status === "cancelled") return undefined;
  assert.equal(found.status, "incomplete", `the status of answer ${answer.id}, which the kill has interrupted`);
  assert.match(found.outcome ?? "", /"sidecar-ended"/, `the reason with answer ${answer.id}`);
  assert.ok(answers.textOf(number).startsWith(found.text), `Answer ${answer.id} holds what was never sent: ${found.text.slice(-200)}`);
  const must = answers.sentBy(number, killedAt - mayLoseMs);
  assert.ok(
    found.text.length >= must.length,
    `Of answer ${answer.id} ${must.length} characters were sent ${mayLoseMs} ms before the kill, and ${found.text.length} were kept.`,
  );
  const lostFrom = answers.sentBeyond(number, found.text.length);
  return { session, answer, lostMs: lostFrom === undefined ? 0 : Math.max(0, killedAt - lostFrom) };
}

function find({ messages }: KeptConversations, session: JournaledSession, id: string): KeptMessage {
  const found = messages.get(id);
  assert.ok(found !== undefined, `The message ${id} was acknowledged and is lost.`);
  assert.equal(found.session, session.id);
  return found;
}
