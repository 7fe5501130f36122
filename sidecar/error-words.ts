// Words for people about an error: what happened, and what to do next. The one place for them, used by the command line and
// by the editor, so it and its tables import nothing but types. What the provider itself said stays in `ErrorInfo.message` and is shown beside.

import { SAYS_ALL, SAYS_THE_SAME, wordsOfCode } from "./error-words/by-code.ts";
import { wordsOfKind } from "./error-words/by-kind.ts";
import type { ErrorWords, Subject } from "./error-words/words.ts";
import type { ErrorInfo, ProviderInfo } from "./types.ts";

const GIVE_ADDRESS = "Give the address with --base-url.";

export interface ErrorContext {
  /** Where it is read: settings and commands in an editor, variables and options in a terminal. */
  readonly place: "editor" | "terminal";
  /** The provider that failed, where it is known. */
  readonly provider?: Pick<ProviderInfo, "name" | "keyVariables" | "baseUrl" | "runsHere" | "own">;
  /** Part of the answer has come and is kept, and the place offers to go on with it, rather than to try again. */
  readonly goesOn?: boolean;
}

export function errorWords(error: ErrorInfo, context: ErrorContext): ErrorWords {
  const subject = subjectOf(error, context);
  const { message } = error;
  // Adapters add the name of what they refuse: `unsupported-parameter:seed`.
  const [code = ""] = (error.providerCode ?? "").split(":", 1);
  const table = (wordsOfCode.get(code) ?? wordsOfKind[error.kind])(subject);
  const found = context.goesOn === true ? goingOn(table, subject) : table;
  if (SAYS_ALL.has(code)) return { ...found, summary: message };
  return SAYS_THE_SAME.has(code) || message === "" ? found : { ...found, detail: message };
}

/** With `continue` where the person is to try anew: before trying again, or else when all else is done. */
function goingOn({ actions, advice, ...rest }: ErrorWords, { again }: Subject): ErrorWords {
  const place = actions.indexOf("retry");
  if (place === -1) return { ...rest, advice: `${advice} Then ${again}.`, actions: [...actions, "continue"] };
  return { ...rest, advice, actions: actions.toSpliced(place, 0, "continue") };
}

function subjectOf(error: ErrorInfo, { place, provider, goesOn = false }: ErrorContext): Subject {
  const inEditor = place === "editor";
  const id = error.provider ?? "";
  const shownId = id === "" ? "PROVIDER" : id;
  const variable = provider?.keyVariables[0];
  const settings = provider?.own === true ? "parley.servers" : "parley.providers";
  const setting = (name: string): string => `${settings} → ${shownId} → ${name}`;
  const setAddress = `Set the address in the settings under ${setting("baseUrl")}`;
  return {
    error,
    name: nameOf(provider?.name ?? id),
    setKey: setKeyAdvice(inEditor, variable),
    setAddress: inEditor ? `${setAddress}.` : GIVE_ADDRESS,
    setOrAdd: inEditor ? `${setAddress}, or run "Parley: Add Server…".` : GIVE_ADDRESS,
    pickModel: inEditor
      ? 'Choose another model with "Parley: Select Model".'
      : 'Choose another model with --model; "parley models" lists them.',
    moreTime: (limit) => (inEditor ? ` More time is allowed under ${setting(`timeLimits.${limit}`)} in the settings.` : ""),
    fewerAtOnce: inEditor ? `set ${setting("concurrency")} in the settings` : 'give "parley gather" a smaller --concurrency',
    again: goesOn ? "continue the answer" : "try again",
    kept: goesOn ? "What had come is kept. " : "",
    inEditor,
    baseUrl: provider?.baseUrl,
    runsHere: provider?.runsHere ?? false,
  };
}

/** For the middle of a sentence. Some names say what it is instead of who: "OpenAI-compatible server". */
function nameOf(name: string): string {
  if (name === "") return "the provider";
  return name.endsWith(" server") ? `the ${name}` : name;
}

function setKeyAdvice(inEditor: boolean, variable: string | undefined): string {
  if (inEditor) return 'Run "Parley: Set API Key…".';
  return variable === undefined ? "Give the server a key that it accepts." : `Set the environment variable ${variable} to a valid key.`;
}
