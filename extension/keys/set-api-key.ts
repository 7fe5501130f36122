// *Set API Key…*: which provider, then what to do about its key.

import * as vscode from "vscode";
import type { ProviderInfo } from "../../sidecar/types.ts";
import type { ModelDirectory } from "../models/model-directory.ts";
import { type KeyPlace, type KeyState, type MeantFor, type Secrets, originOf } from "../secrets.ts";
import type { KeyHandover } from "./key-handover.ts";

export interface SetKeyOptions {
  readonly directory: ModelDirectory;
  readonly secrets: Secrets;
  readonly handover: KeyHandover;
}

interface ProviderRow extends vscode.QuickPickItem {
  readonly provider: ProviderInfo;
}

interface Deed extends vscode.QuickPickItem {
  readonly run: () => Promise<boolean>;
}

/** Returns the provider whose key was set, allowed or removed; undefined where the person went away. `wanted`: not asked for then. */
export async function setApiKey({ directory, secrets, handover }: SetKeyOptions, wanted?: string): Promise<ProviderInfo | undefined> {
  const providers = (await directory.providers()).filter(({ key }) => key !== "none");
  const provider = providers.find(({ id }) => id === wanted) ?? (await pickProvider(providers, secrets));
  if (provider === undefined) return undefined;
  const origin = provider.baseUrl === undefined ? undefined : originOf(provider.baseUrl);
  if (origin === undefined) {
    const message = vscode.l10n.t(
      "{0} has no address yet. Add it as a server, or set its baseUrl in the settings; then set its key.",
      provider.name,
    );
    void vscode.window.showWarningMessage(message);
    return undefined;
  }
  const place = { provider: provider.id, origin };
  if (!(await changeKey(provider, place, secrets))) return undefined;
  await handover.sync();
  return provider;
}

/** Asks for a key and keeps it. False where the person went away. */
export async function enterKey(name: string, place: KeyPlace, secrets: Secrets): Promise<boolean> {
  const key = await vscode.window.showInputBox({
    title: vscode.l10n.t("API Key for {0}", name),
    prompt: vscode.l10n.t("It is kept in the editor's secret storage and sent to {0} alone.", place.origin),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (/^\S*$/.test(text.trim()) ? undefined : vscode.l10n.t("A key has no blanks in it.")),
  });
  if (key === undefined || key.trim() === "") return false;
  await secrets.keep(place, key.trim());
  return true;
}

async function pickProvider(providers: readonly ProviderInfo[], secrets: Secrets): Promise<ProviderInfo | undefined> {
  const rows = await Promise.all(providers.map((provider) => providerRow(provider, secrets)));
  const picked = await vscode.window.showQuickPick(rows, {
    title: vscode.l10n.t("Set API Key"),
    placeHolder: vscode.l10n.t("For which provider?"),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.provider;
}

async function providerRow(provider: ProviderInfo, secrets: Secrets): Promise<ProviderRow> {
  const origin = provider.baseUrl === undefined ? undefined : originOf(provider.baseUrl);
  const state = origin === undefined ? undefined : await secrets.state(provider, { provider: provider.id, origin });
  return {
    label: provider.name,
    description: state === undefined ? vscode.l10n.t("no address yet") : stateText(state, provider),
    ...(origin !== undefined && { detail: origin }),
    provider,
  };
}

function stateText({ kept, variable }: KeyState, provider: ProviderInfo): string {
  if (kept) return `$(key) ${vscode.l10n.t("key kept")}`;
  if (variable?.allowed === true) return `$(key) ${vscode.l10n.t("uses {0} from the environment", variable.name)}`;
  if (variable?.meantFor !== undefined)
    return vscode.l10n.t("{0} in the environment is for {1}, not used here", variable.name, variable.meantFor.origin);
  if (variable !== null) return vscode.l10n.t("{0} is in the environment, not used", variable.name);
  return provider.key === "optional" ? vscode.l10n.t("needs none as a rule") : "";
}

function meantElsewhere({ id }: ProviderInfo, name: string, { variable, origin }: MeantFor): string {
  return vscode.l10n.t(
    "{0} in the environment is not offered: {1} beside it says that it is for {2}. To use it there, set parley.providers → {3} → baseUrl.",
    name,
    variable,
    origin,
    id,
  );
}

/** False where the person went away. */
async function changeKey(provider: ProviderInfo, place: KeyPlace, secrets: Secrets): Promise<boolean> {
  const { kept, variable } = await secrets.state(provider, place);
  if (!kept && variable === null) return enterKey(provider.name, place, secrets);
  const done = async (work: Promise<void>): Promise<boolean> => {
    await work;
    return true;
  };
  const deeds: Deed[] = [
    {
      label: kept ? `$(edit) ${vscode.l10n.t("Replace the key…")}` : `$(key) ${vscode.l10n.t("Enter a key…")}`,
      ...(variable?.meantFor !== undefined && { detail: meantElsewhere(provider, variable.name, variable.meantFor) }),
      run: () => enterKey(provider.name, place, secrets),
    },
  ];
  if (kept) deeds.push({ label: `$(trash) ${vscode.l10n.t("Remove the key")}`, run: () => done(secrets.remove(place)) });
  if (variable?.allowed === true) {
    deeds.push({
      label: `$(circle-slash) ${vscode.l10n.t("Stop using {0} from the environment", variable.name)}`,
      run: () => done(secrets.forbid(place, variable.name)),
    });
  } else if (variable !== null && variable.meantFor === undefined) {
    deeds.unshift({
      label: `$(check) ${vscode.l10n.t("Use {0} from the environment", variable.name)}`,
      detail: vscode.l10n.t("It is sent to {0} alone. The answer is remembered and can be taken back here.", place.origin),
      run: () => done(secrets.allow(place, variable.name, provider)),
    });
  }
  const title = vscode.l10n.t("API Key for {0}", provider.name);
  const deed = await vscode.window.showQuickPick(deeds, { title, placeHolder: place.origin });
  return deed === undefined ? false : deed.run();
}
