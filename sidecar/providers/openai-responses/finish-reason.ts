// Why a response ended, from its status or from what left it incomplete.

import type { FinishReason } from "../../types.ts";

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
