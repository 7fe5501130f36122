// Conversations as they are kept and told.

import type { AnswerStatus, FinishReason } from "./answer-events.ts";
import type { ErrorInfo } from "./errors.ts";
import type { JsonObject } from "./json.ts";
import type { Message } from "./messages.ts";
import type { ModelRef } from "./models.ts";
import type { GenerationParameters } from "./parameters.ts";
import type { Cost, Timings, Usage } from "./usage-and-cost.ts";

export type MessageStatus = AnswerStatus | "streaming";

/** Where a running answer can be read: see `stream/attach`. */
export interface StreamRef {
  readonly stream: string;
  /** New with each sidecar; a stream of another epoch is gone. */
  readonly epoch: string;
}

/**
 * A message as it is kept. Messages form a tree by `parent`; the path shown is a session's `leaf` and its ancestors. An answer
 * that follows an answer goes on where that one was cut. A message of the system is a summary of all that comes before it on its
 * path, made when that did not fit into a model's context window any more; nothing follows it, and it is on no path shown.
 */
export interface StoredMessage {
  readonly id: string;
  readonly session: string;
  readonly parent: string | null;
  readonly message: Message;
  /** Unix time in milliseconds. */
  readonly createdAt: number;
  /** The rest concerns assistants' messages alone. */
  readonly model?: ModelRef;
  readonly status?: MessageStatus;
  readonly finishReason?: FinishReason | null;
  readonly usage?: Usage;
  readonly cost?: Cost;
  readonly timings?: Timings;
  readonly error?: ErrorInfo;
  /** While `status` is `streaming`, and known to the sidecar that answers. */
  readonly stream?: StreamRef;
  /**
   * Told with a path, of any role: the ids of all messages that follow the same one, oldest first, this one among them, and
   * no summary. Absent where it is the only one.
   */
  readonly siblings?: readonly string[];
  /** Whatever somebody wants kept with it, of any role. */
  readonly metadata?: JsonObject;
}

export interface SessionInfo {
  readonly id: string;
  readonly title: string;
  readonly model: ModelRef | null;
  readonly systemPrompt?: string;
  readonly parameters?: GenerationParameters;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The last message of the path shown. */
  readonly leaf: string | null;
  /** Whatever somebody wants kept with it. */
  readonly metadata?: JsonObject;
  /** Present while an answer is being written in it: by this process, or by another window's. */
  readonly answering?: "here" | "elsewhere";
}

export interface SessionDetail extends SessionInfo {
  /** The path shown, oldest first; its newest part where it is longer than a page. More comes before it where the first has a `parent`. */
  readonly messages: readonly StoredMessage[];
  /** Summaries of older messages whose `parent` is among these. */
  readonly summaries?: readonly StoredMessage[];
}
