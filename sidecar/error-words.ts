// Words for people about an error: what happened, and what to do next. The one place for them, used by the command line and
// by the editor, so it imports only types. What the provider itself said stays in `ErrorInfo.message` and is shown beside.

import type { ErrorInfo, ErrorKind, ProviderInfo, TimeLimits } from "./types.ts";

/** What a person can be offered to do at once; the editor makes buttons of them. */
export type ErrorAction = "retry" | "set-key" | "pick-model" | "open-settings" | "show-log" | "restart" | "add-server";

export interface ErrorWords {
  /** One sentence. */
  readonly summary: string;
  /** One or two sentences that say what to do next, by the names that things have in this place. */
  readonly advice: string;
  readonly actions: readonly ErrorAction[];
  /** What the provider said, in its own words; absent where the summary says all of it. */
  readonly detail?: string;
}

export interface ErrorContext {
  /** Where it is read: settings and commands in an editor, variables and options in a terminal. */
  readonly place: "editor" | "terminal";
  /** The provider that failed, where it is known. */
  readonly provider?: Pick<ProviderInfo, "name" | "keyVariables" | "baseUrl" | "runsHere" | "own">;
}

interface Subject {
  readonly error: ErrorInfo;
  /** The provider's name for the middle of a sentence. */
  readonly name: string;
  /** What to do, by place. */
  readonly setKey: string;
  readonly setAddress: string;
  readonly pickModel: string;
  /** Empty where the place has no such setting. */
  readonly moreTime: (limit: keyof TimeLimits) => string;
  readonly fewerAtOnce: string;
  readonly again: string;
  readonly inEditor: boolean;
  readonly baseUrl: string | undefined;
  readonly runsHere: boolean;
}

type Words = (subject: Subject) => ErrorWords;

const words = (summary: string, advice: string, ...actions: readonly ErrorAction[]): ErrorWords => ({ summary, advice, actions });

/** Messages that Parley itself wrote for a person who did something wrong: nothing could be said better beside them. */
const SAYS_ALL: ReadonlySet<string> = new Set([
  "empty-prompt",
  "file-unreadable",
  "invalid-base-url",
  "invalid-key",
  "invalid-messages",
  "invalid-model-ref",
  "invalid-parameter",
  "price-unknown",
  "prompt-unreadable",
  "proxy-authentication",
  "proxy-certificate",
  "proxy-invalid",
  "proxy-protocol",
  "proxy-refused",
  "proxy-timeout",
  "proxy-unreachable",
  "proxy-unsupported",
  "schema-refused",
  "unknown-provider",
  "unsupported-parameter",
]);

/** Messages that say no more than the summary does. */
const SAYS_THE_SAME: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "budget-exhausted",
  "connect-timeout",
  "first-token-timeout",
  "idle-timeout",
  "missing-base-url",
  "missing-key",
  "sidecar-ended",
  "stream-cut",
]);

export function errorWords(error: ErrorInfo, context: ErrorContext): ErrorWords {
  const subject = subjectOf(error, context);
  const { message } = error;
  // Adapters add the name of what they refuse: `unsupported-parameter:seed`.
  const [code = ""] = (error.providerCode ?? "").split(":", 1);
  const found = (wordsOfCode.get(code) ?? wordsOfKind[error.kind])(subject);
  if (SAYS_ALL.has(code)) return { ...found, summary: message };
  return SAYS_THE_SAME.has(code) || message === "" ? found : { ...found, detail: message };
}

/** Where the code says more than the kind. Codes of providers are their own affair; these are ours, Node's and undici's. */
const wordsOfCode: ReadonlyMap<string, Words> = new Map<string, Words>([
  ["missing-key", ({ name, setKey }) => words(`${sentence(name)} needs a key, and none is set.`, setKey, "set-key", "pick-model")],
  ["invalid-key", ({ name, setKey }) => words(`The key for ${name} cannot be used.`, setKey, "set-key")],
  ["missing-base-url", ({ name, setAddress }) => words(`It is not known where ${name} runs.`, setAddress, "add-server", "open-settings")],
  ["invalid-base-url", ({ name, setAddress }) => words(`The address of ${name} is no web address.`, setAddress, "open-settings")],
  ["unknown-provider", ({ pickModel }) => words("There is no such provider.", pickModel, "pick-model")],
  [
    "invalid-model-ref",
    ({ pickModel }) => words("This does not name a model.", `${pickModel} A model is named provider/model.`, "pick-model"),
  ],
  [
    "inference-unavailable",
    ({ pickModel }) => words("Models cannot run on this machine itself.", `${pickModel} Any server will do.`, "pick-model"),
  ],
  [
    "inference-crashed",
    () =>
      words(
        "The process that runs local models crashed.",
        "Try again: it starts anew. If it crashes each time, the model file may be damaged or need more memory than there is.",
        "retry",
        "pick-model",
        "show-log",
      ),
  ],
  ["file-not-found", ({ pickModel }) => words("The file is not there.", `Check the path. ${pickModel}`, "pick-model")],
  [
    "not-a-model",
    ({ pickModel }) =>
      words("The file is no model that can be run.", `Choose a GGUF file that was downloaded completely. ${pickModel}`, "pick-model"),
  ],
  [
    "model-incomplete",
    ({ pickModel }) => words("The model file is incomplete.", `Download it again, to its end. ${pickModel}`, "pick-model"),
  ],
  [
    "model-too-large",
    ({ pickModel }) =>
      words(
        "The model needs more memory than this machine has free.",
        `Close other programs, or take a smaller model or one with fewer bits. ${pickModel}`,
        "pick-model",
        "retry",
      ),
  ],
  [
    "stream-cut",
    ({ name, again }) => words(`${sentence(name)} broke off before the answer was whole.`, `What had come is kept. ${again}`, "retry"),
  ],
  [
    "sidecar-ended",
    ({ again }) =>
      words("Parley's own process ended in the middle of this answer.", `What had come is kept. ${again}`, "retry", "show-log"),
  ],
  [
    "internal",
    ({ again }) =>
      words(
        "Parley itself failed on this answer.",
        `${again} If it happens each time, please report it with the log.`,
        "retry",
        "show-log",
      ),
  ],
  [
    "loading-model",
    ({ name, again }) => words(`${sentence(name)} is still loading its model.`, `Give it a few minutes. ${again}`, "retry"),
  ],
  [
    "connect-timeout",
    ({ name, moreTime }) =>
      words(
        `${sentence(name)} could not be reached in time.`,
        `Check the network connection, then try again.${moreTime("connectMs")}`,
        "retry",
        "open-settings",
      ),
  ],
  [
    "first-token-timeout",
    ({ name, moreTime }) =>
      words(
        `${sentence(name)} took too long to begin.`,
        `Large models and long prompts take their time: send less, or take a faster model.${moreTime("firstTokenMs")}`,
        "retry",
        "open-settings",
      ),
  ],
  [
    "idle-timeout",
    ({ name, moreTime }) =>
      words(
        `${sentence(name)} fell silent in the middle of the answer.`,
        `What had come is kept. Try again.${moreTime("idleMs")}`,
        "retry",
        "open-settings",
      ),
  ],
  ["ECONNREFUSED", (subject) => nobodyThere(subject)],
  ["proxy-timeout", (subject) => network(subject)],
  [
    "ENOTFOUND",
    ({ name, setAddress }) =>
      words(
        `The address of ${name} could not be found.`,
        `Check the network connection and the spelling. ${setAddress}`,
        "retry",
        "open-settings",
      ),
  ],
  [
    "budget-exhausted",
    () => words("The budget of this run is used up.", "What was not sent cost nothing. Run the rest again with a larger budget."),
  ],
  [
    "price-unknown",
    ({ pickModel }) => words("Nobody knows what this model costs.", `Limit tokens or requests instead. ${pickModel}`, "pick-model"),
  ],
  ["unsupported-parameter", ({ pickModel }) => words("A parameter is not supported.", `Leave it out. ${pickModel}`, "pick-model")],
  [
    "schema-mismatch",
    ({ pickModel }) =>
      words("The answer does not satisfy its schema.", `It was taken back. Try again, or simplify the schema. ${pickModel}`, "retry"),
  ],
  ["not-an-api", ({ name, setAddress }) => words(`What answers for ${name} is no model server.`, setAddress, "open-settings", "retry")],
  ["list-timeout", ({ name, again }) => words(`${sentence(name)} did not list its models in time.`, again, "retry")],
  ["schema-refused", () => words("The schema of the answer is refused.", "Simplify the schema, then try again.")],
  [
    "no-chat-template",
    ({ pickModel }) =>
      words(
        "The model file does not say how to talk to it.",
        `Take one that was made for chats (its name often says "instruct"). ${pickModel}`,
        "pick-model",
      ),
  ],
  ["file-unreadable", () => words("A file cannot be read.", "Check that it is there and may be read, then try again.", "retry")],
  ["invalid-parameter", () => words("A parameter cannot be sent.", "Change it, then try again.", "open-settings")],
  ["invalid-messages", () => words("A message cannot be sent.", "Leave it out, or begin a new conversation.", "retry")],
  ["empty-prompt", () => words("There is nothing to send.", "Write a question first.")],
  [
    "prompt-unreadable",
    () => words("What was to be sent could not be read.", "Check that the file is there and may be read, then try again.", "retry"),
  ],
]);

const wordsOfKind: { readonly [Kind in ErrorKind]: Words } = {
  auth: ({ name, setKey }) => words(`${sentence(name)} did not accept the key.`, setKey, "set-key", "retry"),
  permission: ({ name, setKey, pickModel }) =>
    words(`${sentence(name)} does not allow this with the key that was sent.`, `${pickModel} Or ${lower(setKey)}`, "pick-model", "set-key"),
  quota: ({ name, pickModel }) =>
    words(
      `The account at ${name} has no credit left, or its budget is spent.`,
      `Add credit at the provider. ${pickModel}`,
      "pick-model",
      "retry",
    ),
  "rate-limit": ({ name, error, fewerAtOnce, again }) =>
    words(
      `${sentence(name)} takes no more requests for the moment.`,
      `${later(error, again)} If it happens often, send fewer at once: ${fewerAtOnce}.`,
      "retry",
    ),
  overloaded: ({ name, error, again }) => words(`${sentence(name)} is overloaded.`, later(error, again), "retry", "pick-model"),
  "context-length": ({ pickModel }) =>
    words(
      "The conversation is longer than the model can read.",
      `Send less: fewer or smaller files, or a new conversation. ${pickModel} One with a larger context window reads more.`,
      "pick-model",
    ),
  "content-filter": ({ name }) =>
    words(`${sentence(name)} refused this content.`, "Put it in other words, or leave out what may have been refused.", "pick-model"),
  "invalid-request": ({ name }) =>
    words(
      `${sentence(name)} refused the request.`,
      "Change what its answer names, or choose another model.",
      "pick-model",
      "open-settings",
      // What was to be changed can be changed outside: the server's own options, or a model it did not have yet.
      "retry",
    ),
  "model-not-found": ({ name, error, pickModel }) =>
    words(`${sentence(name)} does not have the model${error.model === undefined ? "" : ` "${error.model}"`}.`, pickModel, "pick-model"),
  unsupported: ({ name, pickModel }) => words(`The model at ${name} cannot do what was asked.`, `Leave it out. ${pickModel}`, "pick-model"),
  network: (subject) => network(subject),
  timeout: ({ name, again }) => words(`${sentence(name)} took too long.`, again, "retry", "open-settings"),
  protocol: ({ name, setAddress, again }) =>
    words(
      `${sentence(name)} answered in a way that could not be understood.`,
      `${again} If it stays so, another kind of server may be running there. ${setAddress}`,
      "retry",
      "open-settings",
      "show-log",
    ),
  cancelled: ({ again }) => words("The answer was cancelled.", again, "retry"),
  server: ({ name, again }) => words(`${sentence(name)} failed on its side.`, again, "retry", "pick-model"),
};

function network(subject: Subject): ErrorWords {
  const { name, error, inEditor, again } = subject;
  const code = error.providerCode ?? "";
  if (code.startsWith("proxy-")) return words("The proxy could not be used.", proxyAdvice(code, inEditor), "retry");
  if (/CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/u.test(code)) {
    return words(`The certificate of ${name} is not valid now.`, `Check this machine's clock. ${again}`, "retry");
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH") {
    return words(`The certificate of ${name} belongs to another address.`, subject.setAddress, "retry", "open-settings");
  }
  if (/CERT|^UNABLE_TO_|^INVALID_|^PATH_LENGTH|ERR_TLS/u.test(code)) {
    return words(`The certificate of ${name} is not trusted here.`, trustAdvice(inEditor), "retry", "open-settings");
  }
  return words(`The connection to ${name} broke.`, `Check the network connection. ${again}`, "retry", "open-settings");
}

function trustAdvice(inEditor: boolean): string {
  const variable = `its file in the variable NODE_EXTRA_CA_CERTS${inEditor ? " before the editor starts" : ""}`;
  return `If you trust the network that you are in, install your organisation's certificate in the system, or name ${variable}.`;
}

/** What to do about a proxy, by the code of what is wrong with it. */
function proxyAdvice(code: string, inEditor: boolean): string {
  const proxy = inEditor ? 'the setting "http.proxy"' : "the variable HTTPS_PROXY";
  const noProxy = inEditor ? 'the setting "http.noProxy"' : "the variable NO_PROXY";
  switch (code) {
    case "proxy-authentication":
      return `Write them into ${proxy}: http://name:password@host:port, with special characters in the password as %40 and the like.`;
    case "proxy-certificate":
      return trustAdvice(inEditor);
    case "proxy-refused":
      return `Many proxies open only certain addresses and ports. If this one can be reached without the proxy, add it to ${noProxy}.`;
    case "proxy-unsupported":
      return `Name an HTTP proxy in ${proxy}. A small one on this machine (such as Px or Privoxy) can translate to the other.`;
    default:
      return `Check ${proxy} and the network connection, then try again.`;
  }
}

function nobodyThere({ name, baseUrl, runsHere, setAddress }: Subject): ErrorWords {
  const where = baseUrl === undefined ? "" : ` at ${baseUrl}`;
  const summary = `Nothing answers for ${name}${where}.`;
  if (!runsHere) return words(summary, `Check the address and the network connection. ${setAddress}`, "retry", "open-settings");
  return words(summary, `Start it, then try again. If it runs elsewhere: ${lower(setAddress)}`, "retry", "add-server", "open-settings");
}

function subjectOf(error: ErrorInfo, { place, provider }: ErrorContext): Subject {
  const inEditor = place === "editor";
  const id = error.provider ?? "";
  const shownId = id === "" ? "PROVIDER" : id;
  const variable = provider?.keyVariables[0];
  const settings = provider?.own === true ? "parley.servers" : "parley.providers";
  const setting = (name: string): string => `${settings} → ${shownId} → ${name}`;
  return {
    error,
    name: nameOf(provider?.name ?? id),
    setKey: setKeyAdvice(inEditor, variable),
    setAddress: inEditor
      ? `Set it in the settings under ${setting("baseUrl")}, or run "Parley: Add Server…".`
      : "Give the address with --base-url.",
    pickModel: inEditor ? 'Choose another with "Parley: Select Model".' : 'Choose another with --model; "parley models" lists them.',
    moreTime: (limit) => (inEditor ? ` More time is allowed under ${setting(`timeLimits.${limit}`)} in the settings.` : ""),
    fewerAtOnce: inEditor ? `set ${setting("concurrency")}` : "give a smaller --concurrency",
    again: "Try again.",
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

function later({ retryAfterMs }: ErrorInfo, again: string): string {
  return retryAfterMs === undefined || retryAfterMs < 1000 ? again : `It asks to wait for ${duration(retryAfterMs)}; try again after that.`;
}

/** For people: the largest unit that fits, rounded up so that nobody comes too early. */
export function duration(ms: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400_000, "day"],
    [3_600_000, "hour"],
    [60_000, "minute"],
    [1_000, "second"],
  ];
  const [size, unit] = units.find(([size]) => ms > size * 1.5) ?? [1_000, "second"];
  const count = Math.ceil(ms / size);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function sentence(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
