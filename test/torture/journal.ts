// What a client was promised: every acknowledgement it got, written down when the reply came. A process that is killed may have
// done more than it could still say, never less. So a request whose reply never came is in doubt: both outcomes are right.

import type { AnswerStatus } from "../../sidecar/types.ts";

export interface JournaledQuestion {
  readonly id: string;
  readonly parent: string | null;
  readonly text: string;
}

export interface JournaledAnswer {
  readonly id: string;
  readonly parent: string;
  /** By which the text that was sent is known. */
  readonly number: number;
  /** Set when its end was told, which comes after the commit, or after it was looked at following a kill. Never changes then. */
  end: { readonly status: AnswerStatus; readonly text: string } | null;
  /** A request to cancel it was sent. */
  cancelling: boolean;
}

export class JournaledSession {
  readonly id: string;
  readonly questions: JournaledQuestion[] = [];
  readonly answers: JournaledAnswer[] = [];
  /** The last title that a person gave; null: none was given. */
  title: string | null = null;
  /** A title whose reply did not come. */
  titleInDoubt: string | null = null;
  state: "there" | "deleting" | "deleted" = "there";
  /** The one that runs now. */
  answering: JournaledAnswer | null = null;

  constructor(id: string) {
    this.id = id;
  }

  /** The end of the newest branch. */
  get newestAnswer(): JournaledAnswer | undefined {
    return this.answers.at(-1);
  }
}

export class Journal {
  readonly sessions: JournaledSession[] = [];
  /** Acknowledgements that were written down: sends, edits, renames, deletions. */
  acknowledged = 0;
  /** Requests by name that were answered. */
  readonly requests = new Map<string, number>();

  count(request: string): void {
    this.requests.set(request, (this.requests.get(request) ?? 0) + 1);
  }
}
