// Words by the error's code, where it says more than the kind. Codes of providers are their own affair; these are ours, Node's and
// undici's.

import { connectionWords, nobodyThere } from "./network.ts";
import { lower, sentence, whole, words } from "./words.ts";
import type { Words } from "./words.ts";

/** Messages that Parley itself wrote for a person who did something wrong: nothing could be said better beside them. */
export const SAYS_ALL: ReadonlySet<string> = new Set([
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
export const SAYS_THE_SAME: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "budget-exhausted",
  "connect-timeout",
  "first-token-timeout",
  "idle-timeout",
  "larger-than-budget",
  "missing-base-url",
  "missing-key",
  "sidecar-ended",
  "stream-cut",
]);

export const wordsOfCode: ReadonlyMap<string, Words> = new Map<string, Words>([
  ["missing-key", ({ name, setKey }) => words(`${sentence(name)} needs a key, and none is set.`, setKey, "set-key", "pick-model")],
  ["invalid-key", ({ name, setKey }) => words(`The key for ${name} cannot be used.`, setKey, "set-key")],
  ["missing-base-url", ({ name, setOrAdd }) => words(`It is not known where ${name} runs.`, setOrAdd, "add-server", "open-settings")],
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
    ({ again, kept }) =>
      words(
        "The process that runs local models crashed.",
        `${kept}${sentence(again)}: the process starts anew. If it crashes each time, the model file may be damaged or need more memory than there is.`,
        "retry",
        "pick-model",
        "show-log",
      ),
  ],
  ["file-not-found", ({ pickModel }) => words("The file is not there.", `Check the path. Or ${lower(pickModel)}`, "pick-model")],
  [
    "not-a-model",
    ({ pickModel }) =>
      words(
        "The file is no model that can be run.",
        `Choose a GGUF file that was downloaded completely. Or ${lower(pickModel)}`,
        "pick-model",
      ),
  ],
  [
    "model-incomplete",
    ({ pickModel }) => words("The model file is incomplete.", `Download it again, to its end. Or ${lower(pickModel)}`, "pick-model"),
  ],
  [
    "model-too-large",
    ({ pickModel, again }) =>
      words(
        "The model needs more memory than this machine has free.",
        `Close other programs, then ${again}. Or take a smaller model or one with fewer bits: ${lower(pickModel)}`,
        "pick-model",
        "retry",
      ),
  ],
  [
    "stream-cut",
    ({ name, again, kept }) => words(`${sentence(name)} broke off before the answer was whole.`, `${kept}${whole(again)}`, "retry"),
  ],
  [
    "sidecar-ended",
    ({ again, kept }) =>
      words("Parley's background process ended in the middle of this answer.", `${kept}${whole(again)}`, "retry", "show-log"),
  ],
  [
    "internal",
    ({ again }) =>
      words(
        "Parley itself failed on this answer.",
        `${whole(again)} If it happens each time, please report it with the log.`,
        "retry",
        "show-log",
      ),
  ],
  [
    "loading-model",
    ({ name, again }) => words(`${sentence(name)} is still loading its model.`, `Give it a few minutes, then ${again}.`, "retry"),
  ],
  [
    "connect-timeout",
    ({ name, moreTime, again }) =>
      words(
        `${sentence(name)} could not be reached in time.`,
        `Check the network connection, then ${again}.${moreTime("connectMs")}`,
        "retry",
        "open-settings",
      ),
  ],
  [
    "first-token-timeout",
    ({ name, moreTime, again }) =>
      words(
        `${sentence(name)} took too long to begin.`,
        `${sentence(again)}, send less, or take a faster model: large ones and long prompts take their time.${moreTime("firstTokenMs")}`,
        "retry",
        "pick-model",
        "open-settings",
      ),
  ],
  [
    "idle-timeout",
    ({ name, moreTime, again, kept }) =>
      words(
        `${sentence(name)} fell silent in the middle of the answer.`,
        `${kept}${whole(again)}${moreTime("idleMs")}`,
        "retry",
        "open-settings",
      ),
  ],
  ["ECONNREFUSED", nobodyThere],
  ["proxy-timeout", connectionWords],
  [
    "ENOTFOUND",
    ({ name, setAddress, again }) =>
      words(
        `The address of ${name} could not be found.`,
        `Check the network connection, then ${again}. If the spelling is wrong: ${lower(setAddress)}`,
        "retry",
        "open-settings",
      ),
  ],
  [
    "budget-exhausted",
    () => words("The budget of this run is used up.", "What was not sent cost nothing. Run the rest again with a larger budget."),
  ],
  ["larger-than-budget", () => words("This may take more than the run has left.", "It was not sent. Run it again with a larger budget.")],
  [
    "price-unknown",
    ({ pickModel }) =>
      words("Nobody knows what this model costs.", `Limit tokens or requests instead. Or ${lower(pickModel)}`, "pick-model"),
  ],
  [
    "unsupported-parameter",
    ({ pickModel }) => words("A parameter is not supported.", `Leave it out. Or ${lower(pickModel)}`, "pick-model"),
  ],
  [
    "schema-mismatch",
    ({ pickModel, again }) =>
      words(
        "The answer does not satisfy its schema.",
        `It was taken back. ${sentence(again)}, or simplify the schema. ${pickModel}`,
        "retry",
        "pick-model",
      ),
  ],
  [
    "not-an-api",
    ({ name, setAddress, again }) =>
      words(`What answers for ${name} is no model server.`, `${setAddress} Then ${again}.`, "open-settings", "retry"),
  ],
  ["list-timeout", ({ name, again }) => words(`${sentence(name)} did not list its models in time.`, whole(again), "retry")],
  ["schema-refused", ({ again }) => words("The schema of the answer is refused.", `Simplify the schema, then ${again}.`, "retry")],
  [
    "no-chat-template",
    ({ pickModel }) =>
      words(
        "The model file does not say how to talk to it.",
        `Take one that was made for chats (its name often says "instruct"). Or ${lower(pickModel)}`,
        "pick-model",
      ),
  ],
  ["file-unreadable", ({ again }) => words("A file cannot be read.", `Check that it is there and may be read, then ${again}.`, "retry")],
  [
    "invalid-parameter",
    ({ inEditor, again }) =>
      words("A parameter cannot be sent.", `Change it${inEditor ? " in the settings" : ""}, then ${again}.`, "open-settings", "retry"),
  ],
  ["invalid-messages", () => words("A message cannot be sent.", "Leave it out, or begin a new conversation.")],
  ["empty-prompt", () => words("There is nothing to send.", "Write a question first.")],
  [
    "prompt-unreadable",
    ({ again }) => words("What was to be sent could not be read.", `Check that the file is there and may be read, then ${again}.`, "retry"),
  ],
]);
