// The rows of the model picker: every model that can be reached, what could not be reached and why, and the ways to more.

import * as vscode from "vscode";
import type { FailureAction, FailureWords } from "../../media/protocol.ts";
import type { ModelInfo, ModelPrice, ModelRef, ProviderInfo } from "../../sidecar/types.ts";
import type { ModelListing } from "./model-directory.ts";

/** What choosing a row does. */
export type ModelDeed =
  | { readonly type: "use"; readonly ref: ModelRef }
  | { readonly type: "perform"; readonly action: FailureAction; readonly provider: string }
  | { readonly type: "open-file" | "add-server" | "set-key" };

export interface ModelRow extends vscode.QuickPickItem {
  readonly deed?: ModelDeed;
}

/** Models by provider, in the order of the providers: servers on this machine, those elsewhere, then files and the demo. */
export function modelRows({ models, providers }: ModelListing, chosen: ModelRef | null): readonly ModelRow[] {
  const rank = (id: string): number => {
    const index = providers.findIndex((provider) => provider.id === id);
    const group = id === "local" ? 2 : providers[index]?.runsHere === true ? 0 : 1;
    return group * 1_000 + (index === -1 ? 999 : index);
  };
  const groups = Map.groupBy(models, ({ provider }) => provider);
  return Array.from(groups.keys())
    .toSorted((a, b) => rank(a) - rank(b))
    .flatMap((id) => [separator(nameOf(id, providers)), ...(groups.get(id) ?? []).map((model) => modelRow(model, chosen))]);
}

/** What did not answer, in words; choosing such a row does what helps most. */
export function failureRows({ failures, providers }: ModelListing, words: (error: unknown) => FailureWords): readonly ModelRow[] {
  if (failures.length === 0) return [];
  const rows = failures.map(({ provider, error }): ModelRow => {
    const { summary, advice, actions } = words(error);
    const action = actions.find(({ action }) => action !== "retry" && action !== "pick-model")?.action ?? "show-log";
    return {
      label: `$(warning) ${nameOf(provider, providers)}`,
      description: summary,
      detail: advice,
      deed: { type: "perform", action, provider },
    };
  });
  return [separator(vscode.l10n.t("Could Not Be Listed")), ...rows];
}

/** Keys that lie ready in the environment, for providers that have none yet. */
export function environmentRows(found: readonly { readonly provider: ProviderInfo; readonly variable: string }[]): readonly ModelRow[] {
  if (found.length === 0) return [];
  const rows = found.map(({ provider, variable }): ModelRow => ({
    label: `$(key) ${provider.name}`,
    description: vscode.l10n.t("{0} is in the environment, not used", variable),
    detail: vscode.l10n.t("Choose this row to use it."),
    deed: { type: "perform", action: "set-key", provider: provider.id },
  }));
  return [separator(vscode.l10n.t("Found in the Environment")), ...rows];
}

export function moreRows(): readonly ModelRow[] {
  return [
    separator(vscode.l10n.t("More Models")),
    { label: `$(folder-opened) ${vscode.l10n.t("Open a GGUF File…")}`, alwaysShow: true, deed: { type: "open-file" } },
    { label: `$(server) ${vscode.l10n.t("Add Server…")}`, alwaysShow: true, deed: { type: "add-server" } },
    { label: `$(key) ${vscode.l10n.t("Set API Key…")}`, alwaysShow: true, deed: { type: "set-key" } },
  ];
}

/** For a model that no list names: what was typed, where it begins with the id of a provider. */
export function typedRow(typed: string, { models, providers }: ModelListing): ModelRow | undefined {
  const ref = typed.trim();
  const slash = ref.indexOf("/");
  if (slash < 1 || slash === ref.length - 1 || models.some((model) => model.ref === ref)) return undefined;
  if (!providers.some(({ id }) => id === ref.slice(0, slash))) return undefined;
  return { label: `$(arrow-right) ${vscode.l10n.t("Use {0}", ref)}`, alwaysShow: true, deed: { type: "use", ref } };
}

function modelRow({ ref, name, model, contextWindow, price, sources, demo }: ModelInfo, chosen: ModelRef | null): ModelRow {
  const facts = [
    ...(demo === true ? [vscode.l10n.t("a demo, without knowledge")] : []),
    ...(name === model ? [] : [model]),
    ...(contextWindow === undefined || sources?.contextWindow === "default"
      ? []
      : [vscode.l10n.t("{0} tokens", contextWindow.toLocaleString(vscode.env.language))]),
    ...(price === undefined || sources?.price === "local" ? [] : [priceWords(price)]),
  ];
  return { label: ref === chosen ? `$(check) ${name}` : name, description: facts.join(" · "), deed: { type: "use", ref } };
}

/** In dollars for a million tokens. */
function priceWords({ input, output }: ModelPrice): string {
  if (input === 0 && output === 0) return vscode.l10n.t("free of charge");
  const money = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", maximumFractionDigits: 4 } as const;
  const dollars = new Intl.NumberFormat(vscode.env.language, money);
  return vscode.l10n.t("{0} in, {1} out per million tokens", dollars.format(input), dollars.format(output));
}

function separator(label: string): ModelRow {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function nameOf(id: string, providers: readonly ProviderInfo[]): string {
  return providers.find((provider) => provider.id === id)?.name ?? id;
}
