// Which models, at which address, begin their answers in the middle of a thought because their chat template opens it in the
// prompt. Learned from their answers, kept as long as the provider is, forgotten by an answer that began otherwise.

import type { ModelRequest, Provider } from "../../providers/provider.ts";
import type { TemplateOpens } from "./think-text.ts";

/** Of one provider. More than anybody uses in a day. */
const MAX_KEPT = 1000;

const kept = new WeakMap<Provider, Set<string>>();

/** Templates open the thought or not by whether reasoning is asked for. */
function keyOf({ model, parameters }: ModelRequest): string {
  return JSON.stringify([model, parameters.reasoning ?? null]);
}

export function templateOpens(provider: Provider, request: ModelRequest): boolean {
  return kept.get(provider)?.has(keyOf(request)) ?? false;
}

export function rememberTemplate(provider: Provider, request: ModelRequest, opens: TemplateOpens): void {
  if (opens === undefined) return;
  const models = kept.get(provider) ?? new Set<string>();
  if (!opens) models.delete(keyOf(request));
  else if (models.size < MAX_KEPT) models.add(keyOf(request));
  kept.set(provider, models);
}
