// Why a response ended, from its status or from what left it incomplete.

import type { FinishReason, JsonObject } from "../../types.ts";
import { asText } from "../json-fields.ts";

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["completed", "stop"],
  ["max_output_tokens", "length"],
  ["max_tokens", "length"],
  ["content_filter", "content-filter"],
  ["incomplete", "length"],
  // Not by the caller, who would not be reading any more.
  ["cancelled", "error"],
]);

export function mapFinishReason(raw: string | null, calledTools: boolean, refused: boolean): FinishReason {
  const known = raw === null ? undefined : REASONS.get(raw);
  if (known === "stop" && calledTools) return "tool-calls";
  return known === "stop" && refused ? "content-filter" : (known ?? "other");
}

const ENDS: readonly string[] = ["completed", "incomplete", "cancelled", "failed"];

/**
 * The status of a response that has ended. `named`: as what the event says that it has. vLLM, and whoever builds on it, calls each end
 * `response.completed`, and the response itself says that it was cut (vllm-project/vllm#45386). Elsewhere the status is forgotten in it:
 * `in_progress` beside an end is none.
 */
export function endStatus(named: string, response: JsonObject): string {
  const told = asText(response["status"]) ?? "";
  return named === "completed" && ENDS.includes(told) ? told : named;
}
