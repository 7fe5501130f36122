// What is said of an address that was typed and where no server of models was found. The words about providers do not fit: they
// point to settings and commands, and here nothing is set yet and the command has just run.

import * as vscode from "vscode";
import { errorWords } from "../../sidecar/error-words.ts";
import type { ErrorInfo } from "../../sidecar/types.ts";

export interface NotFound {
  /** The address whose error says most. */
  readonly baseUrl: string;
  /** Every address that was made of what was typed, in the order of asking. */
  readonly tried: readonly string[];
  readonly error: ErrorInfo;
}

/** Node's and our own codes where no server was reached at all. */
const NOBODY_THERE: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "connect-timeout",
]);

/** Shows it as a notification. True where the person wants to mend the address and try again. */
export async function tellNotFound(notFound: NotFound): Promise<boolean> {
  const { summary, advice, detail } = notFoundWords(notFound);
  const text = [summary, advice, ...(detail === undefined ? [] : [`(${detail})`])].join(" ");
  const again = vscode.l10n.t("Try Again");
  return (await vscode.window.showErrorMessage(text, again)) === again;
}

function notFoundWords({ baseUrl, tried, error }: NotFound): { summary: string; advice: string; detail?: string | undefined } {
  const code = error.providerCode ?? "";
  const name = vscode.l10n.t("the server at {0}", baseUrl);
  const { summary, advice, detail } = errorWords(error, { place: "editor", provider: { name, keyVariables: [], runsHere: false } });
  if (NOBODY_THERE.has(code)) {
    return {
      summary: vscode.l10n.t("Nothing answers at {0}.", baseUrl),
      advice: vscode.l10n.t("Check that the server runs, and that its host and port are right."),
      detail,
    };
  }
  switch (error.kind) {
    case "invalid-request":
    case "model-not-found":
    case "protocol":
      return {
        summary: vscode.l10n.t("Something answers at {0}, but it lists no models.", tried.join(vscode.l10n.t(" and "))),
        advice: vscode.l10n.t("Check that it is a model server, and that the path is right: most end in /v1."),
        detail,
      };
    case "auth":
    case "permission":
      return { summary, advice: vscode.l10n.t("Check the key, then try again."), detail };
    case "network":
      // A proxy and a certificate are mended elsewhere, as the advice says; a certificate of another host is a wrong address.
      if (!/ALTNAME|HOSTNAME/u.test(code)) return { summary, advice, detail };
      return { summary, advice: vscode.l10n.t("Check the spelling of the address."), detail };
    default:
      return { summary, advice: vscode.l10n.t("Check that the server is well, and that the address is right."), detail };
  }
}
