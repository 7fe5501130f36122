// What the tables of words are made of: the words themselves, and what is known of the failure that they are about.

import type { ErrorInfo, TimeLimits } from "../types.ts";

/** What a person can be offered to do at once; the editor makes buttons of them. `continue`: to go on with what had come. */
export type ErrorAction = "continue" | "retry" | "set-key" | "pick-model" | "open-settings" | "show-log" | "restart" | "add-server";

export interface ErrorWords {
  /** One sentence. */
  readonly summary: string;
  /** A few sentences that say what to do next, by the names that things have in this place. They name what the first action does. */
  readonly advice: string;
  readonly actions: readonly ErrorAction[];
  /** What the provider said, in its own words; absent where the summary says all of it. */
  readonly detail?: string;
}

/** The failure, and what to do in the place where it is told. Each is a whole sentence unless it says otherwise. */
export interface Subject {
  readonly error: ErrorInfo;
  /** The provider's name for the middle of a sentence. */
  readonly name: string;
  /** Trying again, or going on with what had come where that is offered first; for the middle of a sentence. */
  readonly again: string;
  /** That what had come is kept, with the space behind it; empty where nothing had come. */
  readonly kept: string;
  readonly setKey: string;
  readonly setAddress: string;
  /** The same, or to add another server. */
  readonly setOrAdd: string;
  readonly pickModel: string;
  /** With the space before it; empty where the place has no such setting. */
  readonly moreTime: (limit: keyof TimeLimits) => string;
  /** For the end of a sentence. */
  readonly fewerAtOnce: string;
  readonly inEditor: boolean;
  readonly baseUrl: string | undefined;
  readonly runsHere: boolean;
}

export type Words = (subject: Subject) => ErrorWords;

export const words = (summary: string, advice: string, ...actions: readonly ErrorAction[]): ErrorWords => ({ summary, advice, actions });

/** A clause as a sentence of its own. */
export const whole = (clause: string): string => `${sentence(clause)}.`;

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
