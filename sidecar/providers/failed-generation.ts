// An answer that the provider itself found not to be JSON, and told as a refusal.

import { asObject, asText, parseJson } from "./json-fields.ts";

/**
 * The text of it, by Groq's `{"error": {"code": "json_validate_failed", "failed_generation": "text"}}` with status 400
 * (https://console.groq.com/docs/structured-outputs). Undefined for every other refusal: this one was paid for, and is
 * judged as any answer is that was to satisfy a schema.
 */
export function failedGeneration(status: number, body: string): string | undefined {
  const error = status === 400 ? asObject(asObject(parseJson(body))?.["error"]) : undefined;
  return error?.["code"] === "json_validate_failed" ? (asText(error["failed_generation"]) ?? "") : undefined;
}
