// Answers that providers tell as a refusal, with a status of 400. They were given, or withheld for what they would say, and are told
// as the answers of others are to whom the same happened.

import { asObject, asText, parseJson } from "./json-fields.ts";
import type { ProviderError, ProviderEvent } from "./provider.ts";

/**
 * What such an answer holds; undefined for every other refusal. `body` is that of the refusal, `error` is made of it, without a key.
 * `isJson`: the answer was to satisfy a schema.
 */
export function refusedAnswer(error: ProviderError, body: string, isJson: boolean): readonly ProviderEvent[] | undefined {
  if (error.status !== 400) return undefined;
  // Azure refuses a prompt that its filter stops; other filters end an answer. One way for both (quirk 17).
  if (error.kind === "content-filter") return blocked(error);
  const text = isJson ? failedGeneration(body) : undefined;
  return text === undefined ? undefined : failed(text);
}

/** The provider's filter stopped the prompt: an answer without a word, ended by the filter. */
function blocked({ message, providerCode }: ProviderError): readonly ProviderEvent[] {
  return [
    { type: "warning", code: "prompt-blocked", message },
    { type: "finish", finishReason: "content-filter", rawFinishReason: providerCode ?? null },
  ];
}

/** The model's answer was no JSON: it is what it wrote, and is judged as any answer is that was to satisfy a schema. */
function failed(text: string): readonly ProviderEvent[] {
  return [
    { type: "text-delta", text },
    { type: "finish", finishReason: "stop", rawFinishReason: "json_validate_failed" },
  ];
}

/**
 * Groq's `{"error": {"code": "json_validate_failed", "failed_generation": "text"}}`
 * (https://console.groq.com/docs/structured-outputs).
 */
function failedGeneration(body: string): string | undefined {
  const error = asObject(asObject(parseJson(body))?.["error"]);
  return error?.["code"] === "json_validate_failed" ? (asText(error["failed_generation"]) ?? "") : undefined;
}
