// Which models, at which address, begin their answers in the middle of a thought because their chat template opens it in the
// prompt. Learned from their answers, kept as long as the provider is, forgotten by an answer that began otherwise.

import type { ModelRequest, Provider } from "../../providers/provider.ts";
import type { Presumption, TemplateOpens } from "./think-text.ts";

/** Of one provider. More than anybody uses in a day. */
const MAX_KEPT = 1000;

const kept = new WeakMap<Provider, Map<string, Exclude<Presumption, "none">>>();

/** Templates open the thought or not by whether reasoning is asked for. */
function keyOf({ model, parameters }: ModelRequest): string {
  return JSON.stringify([model, parameters.reasoning ?? null]);
}

export function templateOpens(provider: Provider, request: ModelRequest): Presumption {
  return kept.get(provider)?.get(keyOf(request)) ?? "none";
}

/** One answer makes it likely, the next that was read so and ended its thought makes it known. */
export function rememberTemplate(provider: Provider, request: ModelRequest, opens: TemplateOpens): void {
  if (opens === undefined) return;
  const models = kept.get(provider) ?? new Map<string, Exclude<Presumption, "none">>();
  const key = keyOf(request);
  if (!opens) models.delete(key);
  else if (models.has(key)) models.set(key, "known");
  else if (models.size < MAX_KEPT) models.set(key, "likely");
  kept.set(provider, models);
}
