// An answer as it comes: its events, and how it ends.

import type { ErrorInfo } from "./errors.ts";
import type { JsonValue } from "./json.ts";
import type { ModelRef } from "./models.ts";
import type { Cost, Timings, Usage } from "./usage-and-cost.ts";

/**
 * How an answer ended. `complete`: the provider's own terminal marker came, also when the finish reason is `length` or
 * `content-filter`. `incomplete`: the stream ended without it. `cancelled` is a result, not an error.
 */
export type AnswerStatus = "complete" | "cancelled" | "error" | "incomplete";

export type FinishReason = "stop" | "length" | "tool-calls" | "content-filter" | "error" | "other";

/** `summarizing`: older messages of the conversation, which do not fit into the model's context window any more. */
export type StatusPhase =
  | "queued"
  | "waiting-for-limit"
  | "connecting"
  | "retrying"
  | "loading-model"
  | "processing-prompt"
  | "summarizing";

/** A stream event before it is numbered. `end` comes exactly once and last. */
export type StreamEventBody =
  | { readonly type: "start"; readonly provider: string; readonly model: ModelRef }
  | {
      readonly type: "status";
      readonly phase: StatusPhase;
      /** Unix time in milliseconds at which the wait ends. */
      readonly untilMs?: number;
      /** From 0 to 1. */
      readonly progress?: number;
    }
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly text: string }
  | { readonly type: "tool-call"; readonly id: string; readonly name: string; readonly arguments: string }
  | { readonly type: "opaque"; readonly provider: string; readonly data: JsonValue }
  /**
   * Something is otherwise than asked for. `code`: `parameter-mapped`, `parameter-left-out` (`parameter` names it), `tool-result-without-call`
   * (the result of a tool whose call does not wait for it was sent as a text of the user's), `prompt-truncated`, `prompt-blocked`, `connection-lost`,
   * `loaded-elsewhere`, `not-kept`, `media-left-out`, `after-the-end`, `answer-paused`, `answer-given-up`; more may come.
   */
  | { readonly type: "warning"; readonly code: string; readonly parameter?: string; readonly message?: string }
  | ({ readonly type: "usage" } & Usage)
  | DiscardEventBody
  | AttemptEventBody
  | EndEventBody;

/**
 * All that came of this kind so far is taken back, and readers drop it. What is right follows at once: text that turned out to
 * have been reasoning, or the reverse, or an answer as its JSON alone; the end, where the last attempt at one was rejected.
 */
export interface DiscardEventBody {
  readonly type: "discard";
  readonly what: "text" | "reasoning";
}

/**
 * Only where a `responseSchema` was given: the answer is asked for, from `number` 1, `of` at most so many times. From the second on, what came before
 * did not satisfy the schema, and `reason` says why: readers drop its text, reasoning, tool calls and opaque parts. Usage is that of all attempts.
 */
export interface AttemptEventBody {
  readonly type: "attempt";
  readonly number: number;
  readonly of: number;
  readonly reason?: string;
}

export interface EndEventBody {
  readonly type: "end";
  readonly status: AnswerStatus;
  readonly finishReason: FinishReason | null;
  /** As the provider wrote it. */
  readonly rawFinishReason: string | null;
  readonly usage: Usage | null;
  readonly cost?: Cost;
  readonly timings: Timings;
  readonly requestId?: string;
  /** Present when `status` is `error` or `incomplete`. */
  readonly error?: ErrorInfo;
}

/** Numbered from 1 without gaps within one answer. */
export type StreamEvent = StreamEventBody & { readonly seq: number };
export type EndEvent = EndEventBody & { readonly seq: number };
