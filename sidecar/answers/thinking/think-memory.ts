// Which models, at which address, begin their answers in the middle of a thought because their chat template opens it in the
// prompt. Learned from their answers, kept as long as the provider is, forgotten by an answer that began otherwise.

import type { ModelRequest, Provider } from "../../providers/provider.ts";

/** Whether the template had opened the thought: unknown where the answer did not get as far, or left a doubt. */
export type TemplateOpens = boolean | undefined;

/**
 * Whether answers of this model begin in the middle of a thought. `likely`: one did. Then it is one only once its closing tag
 * has come, as in an answer of which nothing is known, and an answer that is cut before is told as text.
 */
export type Presumption = "none" | "likely" | "known";

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
