// What most providers tell in words alone, and no two alike. Asked only where no code has decided, and never for a 429:
// "too many tokens per minute" is a rate limit (pi-mono#1038).

/** Only OpenAI, llama.cpp and few others have a code for it. */
const CONTEXT_OVERFLOW: readonly RegExp[] = [
  /prompt is too long/iu, // Anthropic
  /input is too long for requested model/iu, // Anthropic on Bedrock
  /input length and `?max_tokens`? exceed context limit/iu, // Anthropic
  /exceeds? (the |this model's )?(available |maximum )?context (size|window|length)/iu, // llama.cpp, OpenAI's Responses API
  /maximum context length/iu, // vLLM, DeepSeek, OpenRouter
  /context[ _]length[ _]exceeded/iu,
  /exceeds the maximum number of tokens allowed/iu, // Gemini
  /maximum prompt length is \d+/iu, // xAI
  /reduce the length of the messages/iu, // Groq
  /too large for model with \d+ maximum context length/iu, // Mistral
  /greater than the context length/iu, // LM Studio
  /context window exceeds limit/iu, // MiniMax
  /(prompt|input) (tokens? )?(is|are) longer than the (model's )?context/iu,
  /exceeded model token limit/iu, // Moonshot
  /`?inputs`? tokens \+ `?max_new_tokens`? must be/iu, // Text Generation Inference
  /model's context (length|window) \(?\d+/iu,
];

const UNKNOWN_MODEL: readonly RegExp[] = [
  /model\b.*\b(not found|not exist|does not exist|not loaded)/iu, // Ollama, vLLM, DeepSeek
  // Hugging Face. Of the model itself: "image input is not supported" is said of models, too.
  /(?<!\b(with|by|for|in|of) (the |this |that )?)\bmodel:?( ['"`][^'"`]{1,200}['"`]| \S+)? (is |was )?(currently )?(not supported\b(?! (with|when|together|in combination))|unknown)/iu,
  /\bmodels\/\S+ is not found/iu, // Gemini
  /not a valid model/iu, // OpenRouter
  /no endpoints found/iu, // OpenRouter
  /invalid model|unknown model|no such model/iu,
  /^models?: \S+$/iu, // Anthropic: "model: claude-x"
];

const NO_CREDIT: readonly RegExp[] = [
  /credit balance is too low/iu, // Anthropic
  /reached your (specified )?(API |workspace )*usage limits?/iu, // Anthropic, for the rest of the month
  /(used all|run out of|out of|insufficient|no remaining|exceeded your monthly included) (available )?credits?/iu, // xAI, Hugging Face
];

/** The account has nothing left. Never asked for a 429: a limit that passes is told in such words too (quirk 12). */
export function saysNoCredit(message: string): boolean {
  return NO_CREDIT.some((phrase) => phrase.test(message));
}

/** The prompt is too long for the model. */
export function saysContextOverflow(message: string): boolean {
  return CONTEXT_OVERFLOW.some((phrase) => phrase.test(message));
}

export function saysUnknownModel(message: string): boolean {
  return UNKNOWN_MODEL.some((phrase) => phrase.test(message));
}
