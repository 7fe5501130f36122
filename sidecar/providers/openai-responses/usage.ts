// What a response took, as the Responses API tells it at its end.

import type { JsonObject } from "../../types.ts";
import { asCount, asList, asObject } from "../json-fields.ts";
import type { ReportedUsage } from "../provider.ts";
import { isOtherTier } from "../service-tier.ts";
import type { WireTarget } from "../wire-adapter.ts";

/** Tools of the provider's own that are paid by the call (https://platform.openai.com/docs/pricing, "Built-in tools"). */
const PAID_TOOLS: readonly unknown[] = ["web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call"];

/** Of a whole response. Undefined where it has no figures. */
export function readResponseUsage(response: JsonObject, { row }: WireTarget): ReportedUsage | undefined {
  const usage = asObject(response["usage"]);
  const paid = (asList(response["output"]) ?? []).some((item) => PAID_TOOLS.includes(asObject(item)?.["type"]));
  const input = asCount(usage?.["input_tokens"]);
  const output = asCount(usage?.["output_tokens"]);
  if (usage === undefined || (input === undefined && output === undefined)) return undefined;
  const details = asObject(usage["input_tokens_details"]);
  const cached = asCount(details?.["cached_tokens"]);
  const written = asCount(details?.["cache_write_tokens"]);
  const reasoning = asCount(asObject(usage["output_tokens_details"])?.["reasoning_tokens"]);
  return {
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    ...(cached === undefined ? {} : { cachedTokens: cached }),
    ...(written === undefined || written === 0 ? {} : { cacheWriteTokens: written }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
    ...(isOtherTier(response, row) ? { otherTier: true } : {}),
    ...(paid ? { paidBeside: true } : {}),
  };
}
