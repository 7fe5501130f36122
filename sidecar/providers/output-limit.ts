// Limits of output tokens in the words of those who refuse them: a model writes no more than so many, or there is no room for so many
// beside the prompt. Most call the latter a context that is too small, or have its code; but where it is the limit that is too
// large, a shorter conversation hardly helps.

/** Tokens. */
export interface RefusedLimit {
  readonly context: number;
  readonly limit: number;
  /** Undefined where it was not counted: some stop at the first token that is too many. */
  readonly prompt: number | undefined;
}

/** Of the context. A prompt that takes more of it is too long by itself: what is left is no answer. */
const MOST_FOR_PROMPT = 0.75;
/** Of the context. What stands for a conversation that was summarised takes so much: one that is shorter cannot be made short. */
const SHORT_PROMPT = 0.25;

const WORDS: readonly RegExp[] = [
  /context limit:\s*(?<prompt>\d+)\s*\+\s*(?<limit>\d+)\s*>\s*(?<context>\d+)/iu, // Anthropic
  /too large: (?<limit>\d+)\. This model's maximum context length is (?<context>\d+) tokens and your request has (?<prompt>\d+) input tokens/iu, // vLLM
  // OpenAI, DeepSeek, OpenRouter, older vLLM. What tools take stands apart.
  /maximum context length is (?<context>\d+) tokens.{1,4}however, you requested (about )?(?<total>\d+) tokens \([^()]{1,200}\D(?<limit>\d+) in the (completion|output)\)/iu,
  // vLLM. Its "at least" is no count of the prompt, but what would just be too much.
  /maximum context length is (?<context>\d+) tokens.{1,4}however, you requested (?<limit>\d+) output tokens and your prompt contains ((?<prompt>\d+) input tokens)?/iu,
  /passed (?<prompt>\d+) input tokens and requested (?<limit>\d+) output tokens.{1,4}however, the model's context length is only (?<context>\d+)/iu, // vLLM
  /maximum context length of (?<context>\d+) tokens\. You requested a total of [\d.]+ tokens: (?<prompt>\d+) tokens from the input messages and (?<limit>\d+)(\.0)? tokens for the completion/iu, // SGLang
  /must be <= (?<context>\d+)\. Given: (?<prompt>\d+) `inputs` tokens and (?<limit>\d+) `max_new_tokens`/iu, // Text Generation Inference
];

/** The most that a model writes. */
const MOST: readonly RegExp[] = [
  /max_tokens: \d+ > ([1-9]\d*)/u, // Anthropic
  /range of [`'"]?max_tokens\b.{0,30}\[ ?\d+, ?([1-9]\d*) ?\]/iu, // DeepSeek, Alibaba
  /exceeds the model limit of ([1-9]\d*)/iu, // Bedrock
  /supports at most ([1-9]\d*) (?:completion|output) tokens/iu, // OpenAI
  /max_tokens\b.{0,40}(?:less than or equal to|<=|≤) ?([1-9]\d*)/iu, // FastAPI, and others
];

/** Tokens that the model writes at most, whatever it is asked. Undefined where a refusal does not say it. */
export function mostOutputTokens(message: string): number | undefined {
  const found = MOST.map((words) => words.exec(message)?.[1]).find((number) => number !== undefined);
  return found === undefined ? undefined : Number(found);
}

/** Undefined for words of anything else. */
export function refusedLimit(message: string): RefusedLimit | undefined {
  for (const words of WORDS) {
    const groups = words.exec(message)?.groups;
    if (groups === undefined) continue;
    const [context, limit] = [Number(groups["context"]), Number(groups["limit"])];
    const total = groups["total"];
    const prompt = total === undefined ? groups["prompt"] : Number(total) - limit;
    return { context, limit, prompt: prompt === undefined ? undefined : Number(prompt) };
  }
  return undefined;
}

/**
 * It is the limit that is at fault, and not the prompt: it asks for all there is, or has no room beside a short prompt. False where
 * it is the prompt, where both would fit if the prompt were shorter, and where that is not known.
 */
export function isLimitAtFault(message: string): boolean {
  const refused = refusedLimit(message);
  if (refused === undefined) return false;
  const { context, limit, prompt } = refused;
  if (prompt === undefined) return limit >= context;
  return prompt <= context * (limit >= context ? MOST_FOR_PROMPT : SHORT_PROMPT);
}

/** What to do where a smaller limit would do, be it at fault or not: a sentence for people. Undefined where that is not known. */
export function limitAdvice(message: string): string | undefined {
  const refused = refusedLimit(message);
  if (refused === undefined) return undefined;
  const { context, limit, prompt } = refused;
  if (prompt !== undefined && prompt <= context * MOST_FOR_PROMPT) {
    return `Beside this prompt an answer may have ${context - prompt} tokens: set maxOutputTokens to that or less.`;
  }
  if (prompt !== undefined || limit < context) return undefined;
  return `Prompt and answer together may have ${context} tokens: set maxOutputTokens to less, by as many as the prompt has.`;
}
