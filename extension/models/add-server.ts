// *Add Server…*: an address, what answers there, a name.

import * as vscode from "vscode";
import { ListModels } from "../../sidecar/protocol.ts";
import type { ErrorInfo, ModelInfo, ModelRef } from "../../sidecar/types.ts";
import { isCancelled } from "../client/request-failure.ts";
import { enterKey } from "../keys/set-api-key.ts";
import type { KeyHandover } from "../keys/key-handover.ts";
import { withProgress } from "../progress.ts";
import { type KeyPlace, type Secrets, originOf } from "../secrets.ts";
import { SERVER_NAME } from "../settings-values.ts";
import type { Settings } from "../settings.ts";
import type { SidecarClient } from "../sidecar-client.ts";
import type { ModelDirectory } from "./model-directory.ts";
import { holdsCredentials, type ServerCandidate, serverCandidates, serverName } from "./server-address.ts";
import { tellNotFound } from "./server-not-found.ts";

export interface AddServerOptions {
  readonly client: SidecarClient;
  readonly directory: ModelDirectory;
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly handover: KeyHandover;
}

interface Answer extends ServerCandidate {
  readonly models: readonly ModelInfo[];
  /** Where the key lies that had to be entered before the server answered. */
  readonly probedWith?: KeyPlace;
}

/** What the address said that says most. */
interface Refusal {
  readonly candidate: ServerCandidate;
  readonly error: ErrorInfo;
}

/** Returns the model that the person picked on the new server; undefined where there is none, or the person went away. */
export async function addServer(options: AddServerOptions): Promise<ModelRef | undefined> {
  const answer = await askUntilFound(options);
  if (answer === undefined) return undefined;
  const name = await askName(answer.baseUrl, options);
  if (name === undefined) return undefined;
  const { settings, secrets, handover } = options;
  await settings.addServer(name, { baseUrl: answer.baseUrl, ...(answer.preset !== "openai-compatible" && { preset: answer.preset }) });
  if (answer.probedWith !== undefined) {
    // The key was entered to ask the address; from now on it belongs to the server's own name.
    await moveKey(answer.probedWith, name, secrets);
    await handover.sync();
  }
  return pickModel(name, answer.models);
}

/** Where nothing is found, the person can mend what was typed and try again, as often as they like. */
async function askUntilFound(options: AddServerOptions): Promise<Answer | undefined> {
  for (let typed = await askAddress(""); typed !== undefined; typed = await askAddress(typed)) {
    const candidates = serverCandidates(typed);
    const found = await find(candidates, options);
    if (found === undefined || "models" in found) return found;
    const tried = candidates.map(({ baseUrl }) => baseUrl);
    if (!(await tellNotFound({ baseUrl: found.candidate.baseUrl, tried, error: found.error }))) return undefined;
  }
  return undefined;
}

function askAddress(value: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t("Add Server"),
    value,
    prompt: vscode.l10n.t("The address of a server: vLLM, llama.cpp, LM Studio, Ollama, or any that speaks OpenAI's language"),
    placeHolder: "http://localhost:8000/v1",
    ignoreFocusOut: true,
    validateInput: (text) => {
      if (text.trim() === "" || serverCandidates(text).length > 0) return undefined;
      if (holdsCredentials(text)) {
        return vscode.l10n.t(
          "A name, password or key in the address is not taken. Leave it out: you are asked for a key where the server wants one.",
        );
      }
      return vscode.l10n.t("This is no web address. An example: http://localhost:8000/v1");
    },
  });
}

/** Asks each address in turn for its models; the first that answers is it. Undefined where the person went away. */
async function find(candidates: readonly ServerCandidate[], options: AddServerOptions): Promise<Answer | Refusal | undefined> {
  if (candidates.length === 0) return undefined;
  const tried = await tryAll(candidates, options);
  if (tried === undefined || "models" in tried) return tried;
  const origin = originOf(tried.candidate.baseUrl);
  if (tried.error.kind !== "auth" || origin === undefined) return tried;
  const place = { provider: tried.candidate.preset, origin };
  if (!(await enterKey(new URL(origin).host, place, options.secrets))) return undefined;
  await options.handover.sync();
  const again = await tryAll([tried.candidate], options);
  if (again !== undefined && "models" in again) return { ...again, probedWith: place };
  await options.secrets.remove(place);
  return again;
}

async function moveKey(from: KeyPlace, provider: string, secrets: Secrets): Promise<void> {
  const key = await secrets.keptFor(from);
  if (key === undefined) return;
  await secrets.keep({ provider, origin: from.origin }, key);
  await secrets.remove(from);
}

/** The answer, or the error that says most: a server that wants a key says more than an address where nothing is. */
async function tryAll(candidates: readonly ServerCandidate[], { client }: AddServerOptions): Promise<Answer | Refusal | undefined> {
  const title = vscode.l10n.t("Asking {0} for its models", new URL(candidates[0]?.baseUrl ?? "").host);
  return withProgress(title, async ({ token }) => {
    let telling: Refusal | undefined;
    for (const candidate of candidates) {
      try {
        const { models, failures } = await client.request(
          ListModels,
          { provider: candidate.preset, baseUrl: candidate.baseUrl, refresh: true },
          token,
        );
        const [failure] = failures;
        if (failure === undefined) return { ...candidate, models };
        if (telling === undefined || (telling.error.kind !== "auth" && failure.error.kind === "auth"))
          telling = { candidate, error: failure.error };
      } catch (error) {
        if (isCancelled(error)) return undefined;
        throw error;
      }
    }
    return telling;
  });
}

async function askName(baseUrl: string, { directory, settings }: AddServerOptions): Promise<string | undefined> {
  const taken = new Set([...settings.serverNames, ...(await directory.providers()).map(({ id }) => id)]);
  return vscode.window.showInputBox({
    title: vscode.l10n.t("Name the Server"),
    prompt: vscode.l10n.t("Its models are called by this name: name/model"),
    value: serverName(baseUrl, taken),
    ignoreFocusOut: true,
    validateInput: (text) => {
      if (!SERVER_NAME.test(text)) return vscode.l10n.t("Lower-case letters, digits, dots, hyphens and underscores, up to 40.");
      return taken.has(text) ? vscode.l10n.t("There is a provider of this name already.") : undefined;
    },
  });
}

async function pickModel(name: string, models: readonly ModelInfo[]): Promise<ModelRef | undefined> {
  if (models.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("{0} was added. It lists no models now.", name));
    return undefined;
  }
  const rows = models.map((model) => ({ label: model.name, ref: `${name}/${model.model}` }));
  const picked = await vscode.window.showQuickPick(rows, {
    title: vscode.l10n.t("{0} was added", name),
    placeHolder: vscode.l10n.t("Choose one of its models, or close this list"),
  });
  return picked?.ref;
}
