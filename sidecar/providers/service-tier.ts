// Providers sell the same model at several prices: slower for half (`flex`), sooner for double (`priority`), faster for six times
// (`speed: "fast"`), in one country for a tenth more. The lists have the price of the usual one alone, and the answer tells which
// it was (https://platform.openai.com/docs/api-reference/chat/object, https://docs.claude.com/en/api/service-tiers).

import type { JsonObject } from "../types.ts";
import type { ProviderRow } from "./registry.ts";

const FIELDS: readonly string[] = ["service_tier", "speed", "inference_geo"];
/** At the listed price. `auto` is a wish, and is told by those who took no notice of it. */
const USUAL: ReadonlySet<string> = new Set(["", "auto", "default", "standard", "standard_only", "on_demand", "global", "not_available"]);

/** Of what an answer tells, and of what a request asks for: both name a tier in the same fields. */
export function isOtherTier(fields: JsonObject | undefined, row: Pick<ProviderRow, "listedTiers"> | undefined): boolean {
  if (fields === undefined) return false;
  return FIELDS.some((name) => {
    const value = fields[name];
    return typeof value === "string" && !USUAL.has(value.toLowerCase()) && row?.listedTiers?.includes(value) !== true;
  });
}
