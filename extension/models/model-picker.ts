// *Select Model*: one list over all providers.

import * as vscode from "vscode";
import type { FailureAction, FailureWords } from "../../media/protocol.ts";
import type { ModelRef, ProviderInfo } from "../../sidecar/types.ts";
import { isCancelled } from "../client/request-failure.ts";
import { DisposableStore } from "../dispose.ts";
import { type Secrets, originOf } from "../secrets.ts";
import type { ModelDirectory, ModelListing } from "./model-directory.ts";
import { type ModelDeed, type ModelRow, environmentRows, failureRows, modelRows, moreRows, typedRow } from "./model-rows.ts";

export interface ModelPickerOptions {
  readonly directory: ModelDirectory;
  readonly secrets: Secrets;
  readonly words: (error: unknown) => FailureWords;
  readonly use: (ref: ModelRef) => void;
  readonly openFile: () => Promise<void>;
  readonly addServer: () => Promise<void>;
  readonly perform: (action: FailureAction, provider?: string) => Promise<void>;
}

const NOTHING: ModelListing = { models: [], providers: [], failures: [] };

/** Resolves when something was chosen and done, or the list was closed. Rejects where the models cannot be listed at all. */
export async function pickModel(options: ModelPickerOptions, chosen: ModelRef | null): Promise<void> {
  const deed = await askForDeed(options, chosen);
  switch (deed?.type) {
    case undefined:
      return;
    case "use":
      options.use(deed.ref);
      return;
    case "perform":
      return options.perform(deed.action, deed.provider);
    case "open-file":
      return options.openFile();
    case "add-server":
      return options.addServer();
    case "set-key":
      return options.perform("set-key");
  }
}

async function askForDeed(options: ModelPickerOptions, chosen: ModelRef | null): Promise<ModelDeed | undefined> {
  const store = new DisposableStore();
  const picker = store.add(vscode.window.createQuickPick<ModelRow>());
  const refresh: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("refresh"), tooltip: vscode.l10n.t("Ask Again") };
  picker.title = vscode.l10n.t("Select Model");
  picker.placeholder = vscode.l10n.t("Choose a model, or type provider/model");
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  picker.buttons = [refresh];
  let listing = NOTHING;
  let found: readonly { readonly provider: ProviderInfo; readonly variable: string }[] = [];
  const show = (): void => {
    const typed = typedRow(picker.value, listing);
    picker.items = [
      ...(typed === undefined ? [] : [typed]),
      ...modelRows(listing, chosen),
      ...environmentRows(found),
      ...failureRows(listing, options.words),
      ...moreRows(),
    ];
  };
  const read = async (again: boolean, token: vscode.CancellationToken): Promise<void> => {
    picker.busy = true;
    listing = await options.directory.list({ refresh: again }, token);
    found = await environmentKeys(listing.providers, options.secrets);
    show();
    const current = picker.items.find(({ deed }) => deed?.type === "use" && deed.ref === chosen);
    if (current !== undefined && picker.value === "") picker.activeItems = [current];
    picker.busy = false;
  };
  const cancellation = store.add(new vscode.CancellationTokenSource());
  try {
    return await new Promise<ModelDeed | undefined>((resolve, reject) => {
      const listAgain = (again: boolean): void => {
        read(again, cancellation.token).catch((error: unknown) => (isCancelled(error) ? undefined : reject(error)));
      };
      store.add(picker.onDidHide(() => resolve(undefined)));
      store.add(picker.onDidAccept(() => resolve(picker.selectedItems[0]?.deed)));
      store.add(picker.onDidChangeValue(show));
      store.add(picker.onDidTriggerButton(() => listAgain(true)));
      show();
      picker.show();
      listAgain(false);
    });
  } finally {
    cancellation.cancel();
    store.dispose();
  }
}

/** Providers without a key for which a variable is set that is meant for them and whose use was not allowed yet. */
async function environmentKeys(
  providers: readonly ProviderInfo[],
  secrets: Secrets,
): Promise<readonly { readonly provider: ProviderInfo; readonly variable: string }[]> {
  const found = await Promise.all(
    providers.map(async (provider) => {
      const origin = provider.hasKey || provider.baseUrl === undefined ? undefined : originOf(provider.baseUrl);
      if (origin === undefined) return [];
      const { kept, variable } = await secrets.state(provider, { provider: provider.id, origin });
      return kept || variable === null || variable.allowed || variable.meantFor !== undefined
        ? []
        : [{ provider, variable: variable.name }];
    }),
  );
  return found.flat();
}
