// Words by the error's kind: there are some for every one of them.

import type { ErrorInfo, ErrorKind } from "../types.ts";
import { duration } from "./duration.ts";
import { connectionWords } from "./network.ts";
import { lower, sentence, whole, words } from "./words.ts";
import type { Words } from "./words.ts";

export const wordsOfKind: { readonly [Kind in ErrorKind]: Words } = {
  auth: ({ name, setKey, again }) => words(`${sentence(name)} did not accept the key.`, `${setKey} Then ${again}.`, "set-key", "retry"),
  permission: ({ name, setKey, pickModel }) =>
    words(`${sentence(name)} does not allow this with the key that was sent.`, `${pickModel} Or ${lower(setKey)}`, "pick-model", "set-key"),
  quota: ({ name, pickModel, again }) =>
    words(
      `The account at ${name} has no credit left, or its budget is spent.`,
      `Add credit at the provider, then ${again}. Or ${lower(pickModel)}`,
      "pick-model",
      "retry",
    ),
  "rate-limit": ({ name, error, fewerAtOnce, again }) =>
    words(
      `${sentence(name)} takes no more requests for the moment.`,
      `${later(error, again)} If it happens often, send fewer at once: ${fewerAtOnce}.`,
      "retry",
      "open-settings",
    ),
  overloaded: ({ name, error, again }) => words(`${sentence(name)} is overloaded.`, later(error, again), "retry", "pick-model"),
  "context-length": ({ pickModel }) =>
    words(
      "The conversation is longer than the model can read.",
      `Send less: fewer or smaller files, or a new conversation. A model with a larger context window reads more: ${lower(pickModel)}`,
      "pick-model",
    ),
  "content-filter": ({ name }) =>
    words(
      `${sentence(name)} refused this content.`,
      "Put it in other words, leave out what may have been refused, or choose another model.",
      "pick-model",
    ),
  "invalid-request": ({ name, again }) =>
    words(
      `${sentence(name)} refused the request.`,
      `Change what its answer names, or choose another model. Then ${again}.`,
      "pick-model",
      "open-settings",
      // What was to be changed can be changed outside: the server's own options, or a model it did not have yet.
      "retry",
    ),
  "model-not-found": ({ name, error, pickModel }) =>
    words(`${sentence(name)} does not have the model${error.model === undefined ? "" : ` "${error.model}"`}.`, pickModel, "pick-model"),
  unsupported: ({ name, pickModel }) =>
    words(`The model at ${name} cannot do what was asked.`, `Leave it out. Or ${lower(pickModel)}`, "pick-model"),
  network: connectionWords,
  timeout: ({ name, again }) => words(`${sentence(name)} took too long.`, whole(again), "retry", "open-settings"),
  protocol: ({ name, setAddress, again }) =>
    words(
      `${sentence(name)} answered in a way that could not be understood.`,
      `${whole(again)} If it stays so, another kind of server may be running there. ${setAddress}`,
      "retry",
      "open-settings",
      "show-log",
    ),
  cancelled: ({ again }) => words("The answer was cancelled.", whole(again), "retry"),
  server: ({ name, again }) => words(`${sentence(name)} failed on its side.`, whole(again), "retry", "pick-model"),
};

function later({ retryAfterMs }: ErrorInfo, again: string): string {
  return retryAfterMs === undefined || retryAfterMs < 1000
    ? whole(again)
    : `It asks to wait for ${duration(retryAfterMs)}; ${again} after that.`;
}
