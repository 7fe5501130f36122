// How many tokens a conversation takes of its model's context window: as exactly as anybody can say without being asked for it,
// and where that may decide something, as the model itself counts.

import { estimateTokens, inputTokens } from "../../answers/token-estimate.ts";
import type { TextTokens } from "../../answers/text-tokens.ts";
import type { Llm } from "../../api.ts";
import type { GenerationParameters, ModelRef, Part, StoredMessage, Usage } from "../../types.ts";
import { afterSummary, modelContext } from "../model-context.ts";

/** Tokens kept free for an answer without a limit of its own, and at most this part of the window. */
const ANSWER_TOKENS = 4096;
const MOST_FOR_ANSWER = 1 / 4;
/** The usual estimate is a middling one; code in some tokenizers takes more. */
const CAUTION = 1.15;
/** Tokens of which it can be said how far the estimate is off, and how far that may be believed of others. */
const ENOUGH_TO_COMPARE = 200;
const MOST_SCALE = 2;
/** Of the room there is for it: what is estimated to take less than this surely fits. */
const CLOSE_TO_FULL = 3 / 4;
/** The same for what came since something was counted: a text or two, of which an estimate may be further off than of many. */
const CLOSE_BESIDE_COUNTED = 1 / 2;

export interface ContextSize {
  readonly tokens: number;
  /** No tokenizer counts fewer. */
  readonly least: number;
  /** Of `tokens`, those that the model or its provider has counted. */
  readonly counted: number;
  /** False where all of it was counted by the model or its provider. */
  readonly estimated: boolean;
  /** How many times as many tokens as estimated it has; 1 where nobody has counted it, and where it has fewer. */
  readonly scale: number;
}

export interface Conversation {
  /** Oldest first, up to what is to be answered. */
  readonly path: readonly StoredMessage[];
  readonly summary: StoredMessage | undefined;
  readonly model: ModelRef;
  readonly parameters: GenerationParameters;
}

/** Whether an exact count can decide what an estimate cannot: it may fit, and it may not. */
export function isCloseToFull({ tokens, least, counted, estimated }: ContextSize, room: number): boolean {
  const close = counted > 0 ? CLOSE_BESIDE_COUNTED : CLOSE_TO_FULL;
  return estimated && tokens - counted >= (room - counted) * close && least <= room;
}

/**
 * As the model counts it, at the price of a question; the estimate given where it cannot say, or says what no text can have, as
 * extensions do that offer a model and count nothing. Rejects with the signal's reason alone.
 */
export async function countedSize(llm: Llm, conversation: Conversation, estimate: ContextSize, signal: AbortSignal): Promise<ContextSize> {
  const { path, summary, parameters } = conversation;
  const tokens = await llm.countTokens?.(modelContext(path, summary), parameters, signal);
  const whole = wholeEstimate(conversation);
  if (tokens === undefined || tokens < whole.least) return estimate;
  return { tokens, least: tokens, counted: tokens, estimated: false, scale: Math.max(1, tokens / carefully(whole.probable)) };
}

/**
 * Nobody is asked. What the provider counted for the last answer on the path counts, if the same model saw the same beginning;
 * only what came since is estimated, and carefully. Without such an answer all is.
 */
export function contextSize(conversation: Conversation): ContextSize {
  const { path, summary, model } = conversation;
  const counted = path.findLastIndex((stored) => isCounted(stored, model, summary));
  const answer = path[counted];
  const whole = wholeEstimate(conversation);
  const estimated: ContextSize = { tokens: carefully(whole.probable), least: whole.least, counted: 0, estimated: true, scale: 1 };
  if (answer?.usage === undefined) return estimated;
  const since = estimateOf(path.slice(counted + 1));
  const { inputTokens: asked } = answer.usage;
  const said = saidIn(answer, answer.usage);
  // Some servers do not count what they read from a cache.
  if (asked + said.tokens < whole.least - since.least) return estimated;
  const scale = scaleOf(asked + said.tokens, whole.probable - since.probable);
  return {
    tokens: asked + said.tokens + Math.ceil(carefully(since.probable) * scale),
    least: asked + said.least + since.least,
    counted: asked + said.counted,
    estimated: since.probable > 0,
    scale,
  };
}

/** How many times as many tokens the model has for its conversation as were estimated: for what comes it will be as many. */
function scaleOf(counted: number, estimate: number): number {
  // Of a short one most may be what the provider adds by itself.
  if (estimate < ENOUGH_TO_COMPARE) return 1;
  return Math.min(MOST_SCALE, Math.max(1, counted / carefully(estimate)));
}

/** Of an answer, what later requests hold of it: not its thoughts, which many servers count with its words. */
function saidIn({ message }: StoredMessage, { outputTokens, reasoningTokens }: Usage): Pick<ContextSize, "tokens" | "least" | "counted"> {
  const { least } = inputTokens({ model: "", messages: [message], parameters: {} });
  const thoughts = message.content.reduce(
    (sum: number, part: Part) => sum + (part.type === "reasoning" ? estimateTokens(part.text) : 0),
    0,
  );
  const tokens = Math.max(least, outputTokens - (reasoningTokens ?? thoughts));
  return { tokens, least, counted: reasoningTokens === undefined && thoughts > 0 ? 0 : tokens };
}

function wholeEstimate({ path, summary, model, parameters }: Conversation): TextTokens {
  return inputTokens({ model, messages: modelContext(path, summary), parameters });
}

/** Tokens of a few messages by themselves. */
export function sizeOf(messages: readonly StoredMessage[]): number {
  return carefully(estimateOf(messages).probable);
}

function estimateOf(messages: readonly StoredMessage[]): TextTokens {
  return inputTokens({ model: "", messages: modelContext(messages), parameters: {} });
}

/** Tokens that the messages sent may have, in a window of so many. */
export function roomIn(window: number, { maxOutputTokens }: GenerationParameters): number {
  const reserved = Math.min(maxOutputTokens ?? ANSWER_TOKENS, Math.floor(window * MOST_FOR_ANSWER));
  return window - reserved;
}

/** Whether an answer's figures tell what the messages up to it take today. */
function isCounted(stored: StoredMessage, model: ModelRef, summary: StoredMessage | undefined): boolean {
  if (stored.usage === undefined || stored.usage.estimated === true || stored.status !== "complete" || stored.model !== model) return false;
  // Before the summary was made, all that it stands for was sent and counted.
  return summary === undefined || stored.createdAt >= summary.createdAt;
}

/** The part of a path that a summary does not stand for, from the question on at which so many tokens, as estimated, are left of it. */
export function recentPart(path: readonly StoredMessage[], summary: StoredMessage | undefined, tokens: number): readonly StoredMessage[] {
  const rest = afterSummary(path, summary);
  let from = rest.findLastIndex(({ message }) => message.role === "user");
  for (let index = from - 1; index > 0; index -= 1) {
    if (rest[index]?.message.role !== "user") continue;
    if (sizeOf(rest.slice(index)) > tokens) break;
    from = index;
  }
  return rest.slice(from);
}

function carefully(tokens: number): number {
  return Math.ceil(tokens * CAUTION);
}
