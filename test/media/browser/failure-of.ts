// A provider's failure as the host tells it to the page: the real words, with buttons.

import type { FailureAdvice, FailureWords } from "../../../media/protocol.ts";
import { errorWords } from "../../../sidecar/error-words.ts";
import type { ErrorInfo } from "../../../sidecar/types.ts";

const LABELS: Readonly<Record<FailureAdvice["actions"][number]["action"], string>> = {
  continue: "Continue",
  retry: "Try Again",
  "set-key": "Set API Key…",
  "pick-model": "Select Model…",
  "open-settings": "Open Settings",
  "show-log": "Show Log",
  restart: "Restart",
  "add-server": "Add Server…",
};

/** The words for an error of OpenAI's. */
export function failureOf(info: Pick<ErrorInfo, "kind" | "message"> & Partial<ErrorInfo>): FailureWords {
  const error: ErrorInfo = { phase: "before-headers", retryable: false, provider: "openai", ...info };
  const provider = { name: "OpenAI", keyVariables: ["OPENAI_API_KEY"], baseUrl: "https://api.openai.com/v1", runsHere: false };
  const told = (goesOn: boolean) => {
    const { actions, ...words } = errorWords(error, { place: "editor", provider, goesOn });
    return { ...words, actions: actions.map((action) => ({ action, label: LABELS[action] })) };
  };
  const { advice, actions } = told(true);
  return { ...told(false), goingOn: { advice, actions } };
}
