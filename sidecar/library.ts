// Parley as a library: `import { createLlm, Session, gather } from "parley"`. Keys and addresses come from the environment
// unless they are given. Everything made here shares one engine, so that limits hold across the whole program; nothing is
// opened before the first request, and nothing keeps the program alive after the last one.

import { checkAtLeastOne, checkedOptions, checkNames, checkProviderOptions, checkSignal, type OptionNames } from "./answers/parameters.ts";
import { invalidRequest } from "./answers/answer-error.ts";
import type { GenerateOptions, Llm } from "./api.ts";
import type { EndpointOverrides } from "./endpoints.ts";
import { usableKey } from "./keys.ts";
import type { ListModelsParams, ListModelsResult } from "./model-listing.ts";
import { createStandaloneEngine, type StandaloneEngine } from "./standalone-engine.ts";

export { AnswerError } from "./answers/answer-error.ts";
export { Failure } from "./failure.ts";
export { gather } from "./gather.ts";
export { ProviderError } from "./providers/provider.ts";
export { exportConversation } from "./sessions/archive/export-conversation.ts";
export { importConversation } from "./sessions/archive/import-conversation.ts";
export { openStore } from "./sessions/open-store.ts";
export { Session } from "./sessions/session.ts";
export type { Chunk, GenerateOptions, GenerateResult, Llm, Prompt, PromptSource, Warning } from "./api.ts";
export type { Gathering, GatherOptions, GatherResult, GatherTask, GatherTasks } from "./gather.ts";
export type { FailureCode } from "./failure.ts";
export type { ArchiveFormat } from "./sessions/archive/conversation.ts";
export type { Imported } from "./sessions/archive/import-conversation.ts";
export type { ListModelsResult } from "./model-listing.ts";
export type { OpenStoreOptions } from "./sessions/open-store.ts";
export type { Question, SessionOptions, StoredSessionOptions, TurnOptions } from "./sessions/session.ts";
export type { SessionStore } from "./sessions/store.ts";
export type * from "./types.ts";

/** Beside these, any option of a request is taken as the default of every request. */
export interface LlmOptions extends GenerateOptions {
  /** The provider's own id of the model; for `local` an absolute path of a GGUF file, `demo` or `echo`. */
  readonly model: string;
  /** Default: the provider's variable, else its own address. */
  readonly baseUrl?: string;
  /** Default: the provider's variable. Sent to this model's address alone. */
  readonly apiKey?: string;
  /** Forces one of OpenAI's two interfaces. Default: `responses` at OpenAI's own address, `chat` elsewhere. */
  readonly api?: "responses" | "chat";
  /**
   * A request of this model in a batch (`gather`) begins only while fewer than so many run at its endpoint, whichever model they are
   * asked of. What is asked of other models there has its own number, so one that should hold for all of them is given to each. A
   * question outside of a batch does not wait for one: such questions go beside a full one, at most as many again, and the batch
   * gets its places back when all together are fewer. Where the provider names a time to wait, that holds for all who ask the same model.
   * Default: 64, and two at Ollama, LM Studio and MLX; or `startConcurrency`, where that is more.
   */
  readonly concurrency?: number;
  /** Requests at once to begin with, where the program knows what the endpoint bears. Default: 4, or 2 at an address without TLS; more as they are answered. */
  readonly startConcurrency?: number;
}

const OWN_OPTIONS: OptionNames<Omit<LlmOptions, keyof GenerateOptions>> = {
  model: true,
  baseUrl: true,
  apiKey: true,
  api: true,
  concurrency: true,
  startConcurrency: true,
};

/** What is wrong whatever the provider is. The key is not repeated. */
function checkEndpoint(given: { readonly [Name in keyof typeof OWN_OPTIONS]?: unknown }): void {
  const { baseUrl, apiKey, api, concurrency, startConcurrency } = given;
  checkAtLeastOne("concurrency", concurrency);
  checkAtLeastOne("startConcurrency", startConcurrency);
  if (baseUrl !== undefined && typeof baseUrl !== "string")
    throw invalidRequest("invalid-base-url", `The option "baseUrl" must be a text.`);
  if (apiKey !== undefined && typeof apiKey !== "string") throw invalidRequest("invalid-key", `The option "apiKey" must be a text.`);
  if (apiKey !== undefined) usableKey(apiKey);
  if (api === undefined || api === "responses" || api === "chat") return;
  throw invalidRequest("invalid-parameter", 'The option "api" must be "responses" or "chat".');
}

let shared: StandaloneEngine | undefined;

/**
 * A model. Costs nothing and calls nobody. Throws a `ProviderError` (`invalid-request`) for an unknown provider, which lists
 * the known ones, and for options that cannot be right; what only a request can tell is an error of the answer.
 */
export function createLlm(provider: string, options: LlmOptions): Llm {
  const { model, baseUrl, apiKey, api, concurrency, startConcurrency, ...request } = options;
  if (typeof model !== "string" || model.trim() === "") {
    throw invalidRequest("invalid-model-ref", `createLlm("${provider}", …) needs the name of a model: { model: "…" }.`);
  }
  shared ??= createStandaloneEngine(process.env);
  checkEndpoint({ baseUrl, apiKey, api, concurrency, startConcurrency });
  shared.engine.checkProvider(provider, baseUrl === undefined ? {} : { baseUrl });
  const { signal, timeLimits } = request;
  const overrides: EndpointOverrides = {
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(apiKey === undefined ? {} : { key: apiKey }),
    ...(api === undefined ? {} : { api }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(startConcurrency === undefined ? {} : { startConcurrency }),
    ...(timeLimits === undefined ? {} : { timeLimits }),
  };
  const defaults: GenerateOptions = { ...checkedOptions(request, OWN_OPTIONS), ...(signal === undefined ? {} : { signal }) };
  checkProviderOptions(request.providerOptions, shared.engine.providerIds());
  return shared.engine.llmAt(provider, model, overrides, defaults);
}

export interface ListModelsOptions {
  /** Default: every provider that can be asked, which are servers on this machine, and those whose key is in the environment. */
  readonly provider?: string;
  /** As with `createLlm`, and for that provider alone. */
  readonly baseUrl?: string;
  readonly apiKey?: string;
  /** True: asked again, although a list came a moment ago. */
  readonly refresh?: boolean;
  readonly signal?: AbortSignal;
}

const LIST_OPTIONS: OptionNames<ListModelsOptions> = { provider: true, baseUrl: true, apiKey: true, refresh: true, signal: true };

/**
 * The models that can be had now, with what is known of each. Providers that do not answer well are told beside those that do.
 * Rejects with a `ProviderError` (`invalid-request`) for options that cannot be right, and with the signal's reason.
 */
export async function listModels(options: ListModelsOptions = {}): Promise<ListModelsResult> {
  checkNames("parameter", options, LIST_OPTIONS);
  const { provider, baseUrl, apiKey, refresh, signal } = options;
  if (signal !== undefined) checkSignal(signal);
  checkEndpoint({ baseUrl, apiKey });
  shared ??= createStandaloneEngine(process.env);
  if (provider !== undefined) shared.engine.checkProvider(provider, baseUrl === undefined ? {} : { baseUrl });
  else if (baseUrl !== undefined || apiKey !== undefined)
    throw invalidRequest("invalid-parameter", 'The options "baseUrl" and "apiKey" need "provider": they are for one provider alone.');
  const asked: ListModelsParams = {
    ...(provider === undefined ? {} : { provider }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    refresh: refresh === true,
  };
  return shared.engine.listModels(asked, signal ?? new AbortController().signal, apiKey);
}
