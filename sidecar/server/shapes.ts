// What each message from the client must look like: the checks of `protocol.ts`.

import { checkedParameters } from "../answers/parameters.ts";
import { Failure } from "../failure.ts";
import type { ListModelsParams } from "../model-listing.ts";
import type {
  AnswerAgainParams,
  AttachStreamParams,
  EditChatParams,
  EditorModelDelta,
  ExportSessionParams,
  FileContent,
  GatherItem,
  GetSessionParams,
  InitializeParams,
  RunBudget,
  SearchSessionsParams,
  SendChatParams,
  StartGatherParams,
  WhenBusy,
} from "../protocol.ts";
import { ProviderError } from "../providers/provider.ts";
import type { ChatSettings, EngineSettings, ModelOverride, NetworkSettings, ProviderSettings } from "../settings.ts";
import type {
  FactSource,
  FilePart,
  GenerationParameters,
  ImagePart,
  ModelAbilities,
  ModelFactSources,
  ModelInfo,
  ModelPrice,
  StreamRef,
  TextPart,
  TimeLimits,
  UserPart,
} from "../types.ts";
import {
  between,
  type Check,
  flag,
  integer,
  isObject,
  list,
  nullable,
  object,
  oneOf,
  optional,
  record,
  refuse,
  text,
  variants,
} from "../check.ts";

/** Streams that one run may have: as many as are kept after their end, so that none is let go before it was read. */
export const mostStreamsOfARun = 4096;

const id = text(200, 1);
const name = text(1000, 1);
const address = text(4000);
const modelRef = text(4000, 1);
/** An untitled document's address can hold its whole name; nothing longer is one. */
const uri = text(64_000, 1);
/** Below the bound of a frame. */
const content = text(32 * 1024 * 1024);
const milliseconds = integer(0);
/** US dollars for a million tokens; more is a slip. */
const amount = between(0, 1_000_000);
const factSource: Check<FactSource> = oneOf("setting", "live", "bundled", "local", "default");

const userPart: Check<UserPart> = variants<UserPart>({
  text: object<TextPart>({ type: oneOf("text"), text: content }),
  image: object<ImagePart>({ type: oneOf("image"), mediaType: name, data: content }),
  file: object<FilePart>({
    type: oneOf("file"),
    uri,
    name,
    languageId: optional(name),
    startLine: optional(integer(1)),
    endLine: optional(integer(1)),
    text: content,
  }),
});

/** The engine's own check, so that what can be asked for is written down once. */
const parameters: Check<GenerationParameters> = (value, path) => {
  if (!isObject(value)) refuse(path, "an object");
  try {
    checkedParameters(value);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    throw new Failure("invalid-params", `\`${path}\`: ${error.message}`, error);
  }
};

const whenBusy: Check<WhenBusy> = oneOf("wait", "branch", "refuse");

const streamRef = { stream: id, epoch: id };

const timeLimits = object<TimeLimits>({
  connectMs: optional(milliseconds),
  firstTokenMs: optional(milliseconds),
  idleMs: optional(milliseconds),
});

const price = object<ModelPrice>({
  input: amount,
  output: amount,
  cachedInput: optional(amount),
  cacheWrite: optional(amount),
  perRequest: optional(amount),
  higherAbove: optional(integer(0)),
});

const abilities = object<ModelAbilities>({ images: optional(flag), tools: optional(flag), reasoning: optional(flag) });

const modelOverride = object<ModelOverride>({
  contextWindow: optional(integer(1)),
  maxOutputTokens: optional(integer(1)),
  abilities: optional(abilities),
  price: optional(price),
});

const network = object<NetworkSettings>({
  proxy: optional(nullable(address)),
  proxyAuthorization: optional(text(16_000)),
  noProxy: optional(list(address, 10_000)),
  strictSsl: optional(flag),
  useSystemCertificates: optional(flag),
  extraCaCertificates: optional(list(text(4 * 1024 * 1024), 100)),
});

const settings: Check<EngineSettings> = object<EngineSettings>({
  network: optional(network),
  providers: record(
    object<ProviderSettings>({
      preset: optional(name),
      baseUrl: optional(address),
      timeLimits: optional(timeLimits),
      concurrency: optional(integer(1, 10_000)),
      api: optional(oneOf("responses", "chat")),
      models: optional(record(modelOverride, 10_000)),
    }),
    1000,
  ),
  concurrency: integer(1, 10_000),
  localModels: list(address, 1000),
  chat: optional(object<ChatSettings>({ whenContextIsFull: optional(oneOf("summarize", "refuse")), generateTitles: optional(flag) })),
});

const modelInfo = object<ModelInfo>({
  ref: modelRef,
  provider: id,
  model: modelRef,
  name,
  contextWindow: optional(integer(0)),
  maxOutputTokens: optional(integer(0)),
  abilities: optional(abilities),
  price: optional(price),
  sources: optional(
    object<ModelFactSources>({
      contextWindow: optional(factSource),
      maxOutputTokens: optional(factSource),
      images: optional(factSource),
      tools: optional(factSource),
      reasoning: optional(factSource),
      price: optional(factSource),
    }),
  ),
  demo: optional(flag),
});

/** Of requests and notifications from the client. */
export const params = {
  nothing: (() => {}) as Check<null>,
  /** Checked before all else: what another version sends may look different. */
  protocolVersion: object<Pick<InitializeParams, "protocolVersion">>({ protocolVersion: integer(0) }),
  initialize: object<InitializeParams>({
    protocolVersion: integer(0),
    client: object<InitializeParams["client"]>({ name, version: name }),
    parentPid: nullable(integer(1)),
    storeFolder: nullable(text(32_000, 1)),
    settings,
  }),
  settings: object<{ readonly settings: EngineSettings }>({ settings }),
  key: object<{ readonly provider: string; readonly origin: string; readonly key: string | null }>({
    provider: id,
    origin: address,
    key: nullable(text(16_000, 1)),
  }),
  listModels: object<ListModelsParams>({ provider: optional(id), baseUrl: optional(address), refresh: optional(flag) }),
  lastUsed: object<{ readonly lastUsed: string | null }>({ lastUsed: nullable(modelRef) }),
  createSession: object<{
    readonly model: string | null;
    readonly title?: string;
    readonly systemPrompt?: string;
    readonly parameters?: GenerationParameters;
  }>({
    model: nullable(modelRef),
    title: optional(name),
    systemPrompt: optional(content),
    parameters: optional(parameters),
  }),
  limit: object<{ readonly limit?: number }>({ limit: optional(integer(1)) }),
  session: object<{ readonly session: string }>({ session: id }),
  getSession: object<GetSessionParams>({ session: id, limit: optional(integer(1)), before: optional(id) }),
  selectMessage: object<{ readonly session: string; readonly message: string }>({ session: id, message: id }),
  searchSessions: object<SearchSessionsParams>({
    text: text(10_000),
    limit: optional(integer(1, 1_000)),
    messagesPerSession: optional(integer(1, 100)),
  }),
  exportSession: object<ExportSessionParams>({ session: id, path: text(32_000, 1), format: optional(oneOf("markdown", "json")) }),
  importSession: object<{ readonly path: string }>({ path: text(32_000, 1) }),
  updateSession: object<{
    readonly session: string;
    readonly title?: string;
    readonly model?: string;
    readonly systemPrompt?: string;
    readonly parameters?: GenerationParameters;
  }>({
    session: id,
    title: optional(name),
    model: optional(modelRef),
    systemPrompt: optional(content),
    parameters: optional(parameters),
  }),
  prune: object<{ readonly before: number }>({ before: integer(0) }),
  send: object<SendChatParams>({
    session: id,
    content: list(userPart, 1000, 1),
    model: optional(modelRef),
    parent: optional(nullable(id)),
    whenBusy: optional(whenBusy),
  }),
  edit: object<EditChatParams>({
    session: id,
    message: id,
    text: content,
    model: optional(modelRef),
    whenBusy: optional(whenBusy),
  }),
  answerAgain: object<AnswerAgainParams>({ session: id, message: id, model: optional(modelRef), whenBusy: optional(whenBusy) }),
  attach: object<AttachStreamParams>({ ...streamRef, reader: id, afterSeq: integer(0) }),
  acknowledge: object<{ readonly reader: string; readonly seq: number }>({ reader: id, seq: integer(0) }),
  reader: object<{ readonly reader: string }>({ reader: id }),
  stream: object<StreamRef>(streamRef),
  startGather: object<StartGatherParams>({
    items: list(object<GatherItem>({ item: text(64_000, 1), uri, name }), mostStreamsOfARun, 1),
    prompt: content,
    models: list(modelRef, 100, 1),
    concurrency: optional(integer(1, 10_000)),
    budget: optional(object<RunBudget>({ tokens: optional(integer(0)), amount: optional(amount), requests: optional(integer(0)) })),
    parameters: optional(parameters),
  }),
  run: object<{ readonly run: string }>({ run: id }),
  editorModelDelta: variants<EditorModelDelta>({
    text: object<Extract<EditorModelDelta, { readonly type: "text" }>>({ answer: id, type: oneOf("text"), text: content }),
    "tool-call": object<Extract<EditorModelDelta, { readonly type: "tool-call" }>>({
      answer: id,
      type: oneOf("tool-call"),
      id,
      name,
      arguments: content,
    }),
  }),
};

/** Of the client's answers. */
export const results = {
  file: object<FileContent>({ text: content, languageId: optional(name) }),
  editorModels: object<{ readonly models: readonly ModelInfo[] }>({ models: list(modelInfo, 1000) }),
  editorCount: object<{ readonly tokens: number }>({ tokens: integer(0) }),
  editorAnswer: object<{ readonly finishReason: "stop" | "other" }>({ finishReason: oneOf("stop", "other") }),
};
