import type { FinishReason } from "../../types.ts";

/** As OpenAI writes them, and as servers do that hand through what their model or their own upstream says (quirk 24). */
const REASONS: Readonly<Record<string, FinishReason>> = {
  stop: "stop",
  end: "stop",
  eos: "stop",
  eos_token: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  complete: "stop",
  completed: "stop",
  length: "length",
  max_tokens: "length",
  max_output_tokens: "length",
  max_length: "length",
  model_length: "length",
  model_context_window_exceeded: "length",
  tool_calls: "tool-calls",
  tool_call: "tool-calls",
  tool_use: "tool-calls",
  function_call: "tool-calls",
  content_filter: "content-filter",
  refusal: "content-filter",
  safety: "content-filter",
  sensitive: "content-filter",
  recitation: "content-filter",
  // Gemini's own, which its interface for OpenAI's clients hands through (https://ai.google.dev/api/generate-content#FinishReason).
  prohibited_content: "content-filter",
  blocklist: "content-filter",
  spii: "content-filter",
  model_armor: "content-filter",
  image_safety: "content-filter",
  image_prohibited_content: "content-filter",
  image_recitation: "content-filter",
  // Bedrock's, by its two interfaces.
  guardrail_intervened: "content-filter",
  content_filtered: "content-filter",
  error: "error",
  // Zhipu and DeepSeek, where their own servers failed in the middle of an answer.
  network_error: "error",
  insufficient_system_resource: "error",
};

/**
 * `raw` null: the answer ended by its marker alone. Servers that say `stop` although the model called a tool, or refused to answer,
 * are understood; `raw` stays what they wrote.
 */
export function mapFinishReason(raw: string | null, calledTools: boolean, refused: boolean): FinishReason {
  const known = raw === null ? undefined : knownReason(raw.toLowerCase());
  if (calledTools && (known === "stop" || known === undefined)) return "tool-calls";
  if (refused && known === "stop") return "content-filter";
  return known ?? "other";
}

/**
 * vLLM and SGLang, where the engine stops an answer that nobody asked it to stop, as when it is shut down (vllm-project/vllm#57082): a
 * stream that goes on to its mark of the end, and was cut.
 */
export function isGivenUp(raw: string): boolean {
  return raw.toLowerCase() === "abort";
}

/** Gemini can write one of its own behind OpenAI's: `content_filter: PROHIBITED_CONTENT`. */
function knownReason(raw: string): FinishReason | undefined {
  const [first = ""] = raw.split(":");
  return Object.hasOwn(REASONS, first) ? REASONS[first] : undefined;
}
