// Whom a model of a list is routed to. Hugging Face's router lists the providers of each model, and chooses among those that live.

import type { JsonObject } from "../../types.ts";
import { asList, asObject } from "../json-fields.ts";

/** Empty where the entry names none. One whose state is not told is taken to live. */
export function liveProviders(entry: JsonObject): readonly JsonObject[] {
  const providers = (asList(entry["providers"]) ?? []).map((value) => asObject(value)).filter((value) => value !== undefined);
  return providers.filter(({ status }) => status === undefined || status === "live");
}
