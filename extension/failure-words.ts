// Every failure in words, with what can be done about it. The words about providers are the sidecar's, since the command line
// needs the same ones; here are those about the sidecar itself and about the editor.

import * as vscode from "vscode";
import type { FailureAction, FailureAdvice, FailureWords } from "../media/protocol.ts";
import { errorWords } from "../sidecar/error-words.ts";
import type { ErrorInfo, ProviderInfo } from "../sidecar/types.ts";
import { StillSending } from "./chat/still-sending.ts";
import { SidecarUnavailable, requestFailure } from "./client/request-failure.ts";
import { NoModel } from "./models/no-model.ts";

/** `knownProvider` gives the words a provider's name and address, as far as they are known. */
export function failureWords(error: unknown, knownProvider: (id: string) => ProviderInfo | undefined): FailureWords {
  const failure = requestFailure(error);
  const info = failure?.error ?? (isErrorInfo(error) ? error : undefined);
  if (info !== undefined) return ofProvider(info, knownProvider);
  if (failure !== undefined) return ofRequest(failure.code, messageOf(error));
  if (error instanceof SidecarUnavailable) return ofSidecar(error);
  if (error instanceof NoModel) {
    const advice = vscode.l10n.t("Add a server, or set a key for a provider; then choose a model.");
    return words(vscode.l10n.t("No model can answer yet."), advice, ["add-server", "set-key", "pick-model"]);
  }
  if (error instanceof StillSending) {
    return words(vscode.l10n.t("The question before this one is still being sent."), vscode.l10n.t("Send this one in a moment."), []);
  }
  return words(messageOf(error), vscode.l10n.t("If it happens again, the log says more."), ["show-log"]);
}

export function actionLabel(action: FailureAction): string {
  const labels: { readonly [action in FailureAction]: string } = {
    continue: vscode.l10n.t("Continue"),
    retry: vscode.l10n.t("Try Again"),
    "set-key": vscode.l10n.t("Set API Key…"),
    "pick-model": vscode.l10n.t("Select Model…"),
    "open-settings": vscode.l10n.t("Open Settings"),
    "show-log": vscode.l10n.t("Show Log"),
    restart: vscode.l10n.t("Restart"),
    "add-server": vscode.l10n.t("Add Server…"),
  };
  return labels[action];
}

function ofProvider(error: ErrorInfo, knownProvider: (id: string) => ProviderInfo | undefined): FailureWords {
  const provider = error.provider === undefined ? undefined : knownProvider(error.provider);
  const context = { place: "editor", ...(provider !== undefined && { provider }) } as const;
  const { summary, advice, actions, detail } = errorWords(error, context);
  const goingOn = errorWords(error, { ...context, goesOn: true });
  return { ...words(summary, advice, actions, detail), goingOn: adviceOf(goingOn.advice, goingOn.actions) };
}

/** `said`: the sidecar's own words. They are for people, so that they can stand where there are none here. */
function ofRequest(code: string, said: string): FailureWords {
  switch (code) {
    case "busy":
      return words(vscode.l10n.t("This conversation is still being answered."), vscode.l10n.t("Wait for the answer, or stop it."), []);
    case "storage":
      // A sidecar that starts opens the store anew, which is the way out of most of it.
      return words(vscode.l10n.t("The conversation could not be kept."), said, ["restart", "show-log"]);
    case "session-not-found":
    case "message-not-found":
      return words(vscode.l10n.t("This conversation does not exist any more."), vscode.l10n.t("Begin a new one."), []);
    case "not-written":
      return words(vscode.l10n.t("The conversation was not exported."), said, []);
    case "invalid-archive":
      return words(vscode.l10n.t("The file was not imported."), said, []);
    case "stream-gone":
      return words(vscode.l10n.t("The answer was interrupted."), vscode.l10n.t("What had come is kept."), []);
    default:
      return words(said, vscode.l10n.t("If it happens again, the log says more."), ["show-log"]);
  }
}

function ofSidecar({ unavailable, message, crashes }: SidecarUnavailable): FailureWords {
  const seeLog = vscode.l10n.t("The log says more. Restart when the cause is gone.");
  if (unavailable === "failed" && crashes !== undefined) {
    const summary = vscode.l10n.t(
      "Parley's background process (sidecar) crashed {0} times in a few minutes and is not started again by itself.",
      crashes,
    );
    return words(summary, seeLog, ["show-log", "restart"], message);
  }
  if (unavailable === "failed")
    return words(vscode.l10n.t("Parley's background process (sidecar) cannot be started."), seeLog, ["show-log", "restart"], message);
  if (unavailable === "ended") {
    return words(
      vscode.l10n.t("Parley's background process (sidecar) ended unexpectedly."),
      vscode.l10n.t("It is started again. The log says more."),
      ["show-log"],
      message,
    );
  }
  return words(vscode.l10n.t("Parley is being ended."), vscode.l10n.t("Reload the window."), []);
}

function words(summary: string, advice: string, actions: readonly FailureAction[], detail?: string): FailureWords {
  return {
    summary,
    ...adviceOf(advice, actions),
    ...(detail !== undefined && detail !== summary && { detail }),
  };
}

function adviceOf(advice: string, actions: readonly FailureAction[]): FailureAdvice {
  return { advice, actions: actions.map((action) => ({ action, label: actionLabel(action) })) };
}

function isErrorInfo(error: unknown): error is ErrorInfo {
  return typeof error === "object" && error !== null && "kind" in error && "phase" in error && "message" in error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
