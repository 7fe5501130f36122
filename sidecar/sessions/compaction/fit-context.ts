// Sees to it that what the model is sent fits into its context window: where it does not, older turns are summarised by the
// model itself, or the question is refused with a clear error, as the setting says. The full history stays as it is.

import type { Llm } from "../../api.ts";
import { ProviderError } from "../../providers/provider.ts";
import type { GenerationParameters, Message, StoredMessage } from "../../types.ts";
import { afterSummary, modelContext, summaryOf } from "../model-context.ts";
import { contextSize, countedSize, isCloseToFull, recentPart, roomIn, sizeOf } from "./context-size.ts";
import { summarize } from "./summarize.ts";

export type WhenContextIsFull = "summarize" | "refuse";

/** Tokens. Nearly every model reads so much, so that nobody is asked how much it reads. What one does not it refuses itself. */
const SURELY_FITS = 2_000;
/** Of the room there is, for the turns that stay as they were said. */
const RECENT_PART = 0.5;
/** Of what a model of unknown window has refused: what it is supposed to read. */
const SUPPOSED_PART = 0.7;

const waysOut = "Ask a shorter question, begin a new conversation, or choose a model with a larger context window.";
const waysOfRefused = `${waysOut} Or have older messages summarised: "summarize" as the setting "whenContextIsFull".`;

export interface FitOptions {
  readonly session: string;
  /** Oldest first, up to what is to be answered. */
  readonly path: readonly StoredMessage[];
  /** All of the conversation, on whatever branch. */
  readonly summaries: readonly StoredMessage[];
  readonly llm: Llm;
  readonly parameters: GenerationParameters;
  readonly whenFull: WhenContextIsFull;
  /** What the provider has just refused as too long. */
  readonly refused?: boolean;
  /** Told before a model is asked for a summary. */
  readonly summarizing: () => void;
  /** Keeps a new summary. */
  readonly keep: (summary: StoredMessage) => Promise<void>;
}

/**
 * The messages to send. Rejects with a `ProviderError` of kind `context-length` where older turns may not or cannot be summarised,
 * with that of a summary that failed, with the `Failure` of a store that refused it, and with the signal's reason.
 */
export async function fittingContext(options: FitOptions, signal: AbortSignal): Promise<readonly Message[]> {
  const { path, summaries, llm, parameters, whenFull, refused = false } = options;
  const summary = summaryOf(path, summaries);
  const conversation = { path, summary, model: llm.ref, parameters };
  const estimate = contextSize(conversation);
  const known = estimate.tokens <= SURELY_FITS && !refused ? undefined : await llm.contextWindow?.(signal);
  signal.throwIfAborted();
  const counts = refused || (known !== undefined && isCloseToFull(estimate, roomIn(known, parameters)));
  const { tokens, estimated, scale } = counts ? await countedSize(llm, conversation, estimate, signal) : estimate;
  // A window that the provider has refused to fill is not what it was said to be.
  const window = refused ? Math.floor(Math.min(tokens, known ?? tokens) * SUPPOSED_PART) : known;
  if (window === undefined) return modelContext(path, summary);
  const room = roomIn(window, parameters);
  if (tokens <= room) return modelContext(path, summary);
  if (whenFull === "refuse") throw tooLong(tokens, estimated, known, waysOfRefused);
  const recent = recentPart(path, summary, Math.floor((room * RECENT_PART) / scale));
  const rest = afterSummary(path, summary);
  const older = rest.slice(0, rest.length - recent.length);
  // There is nothing to summarise but the question itself. Ours is a guess until the provider has said the same.
  if (older.length === 0 && !refused) return modelContext(path, summary);
  if (older.length === 0 || sizeOf(recent) * scale > window) throw tooLong(tokens, estimated, known);
  options.summarizing();
  const made = await summarize(llm, { session: options.session, messages: older, before: summary, window, parameters }, signal);
  await options.keep(made);
  return modelContext(path, made);
}

function tooLong(tokens: number, estimated: boolean, window: number | undefined, ways = waysOut): ProviderError {
  const size = `${estimated ? "about " : ""}${tokens} tokens`;
  const holds = window === undefined ? "more than the model takes" : `and the model's context window holds ${window}, its answer included`;
  return new ProviderError(`The conversation has ${size}, ${holds}. ${ways}`, {
    kind: "context-length",
    providerCode: "context-full",
    phase: "before-headers",
    retryable: false,
  });
}
