// What a conversation must look like, in a file, which can be damaged or written by anybody, and at the doors of the library: what
// is kept here can be read back from the file that is made of it.

import { checkedParameters } from "../answers/parameters.ts";
import { Failure } from "../failure.ts";
import { MAX_JSON_DEPTH } from "../json-depth.ts";
import { ProviderError } from "../providers/provider.ts";
import { between, type Check, flag, integer, isObject, list, nullable, object, oneOf, optional, refuse, text, variants } from "../check.ts";
import type {
  AssistantPart,
  Cost,
  ErrorInfo,
  FilePart,
  GenerationParameters,
  ImagePart,
  JsonObject,
  JsonValue,
  Message,
  OpaquePart,
  Part,
  ReasoningPart,
  TextPart,
  Timings,
  ToolCallPart,
  ToolResultPart,
  Usage,
  UserPart,
} from "../types.ts";
import type { ArchivedMessage, ArchivedSession } from "./archive/conversation.ts";

const id = text(200, 1);
const name = text(4000);
const uri = text(64_000);
/** The file itself is bounded. */
const content = text(Number.MAX_SAFE_INTEGER);
const count = integer(0);
const time = integer(-8_640_000_000_000_000, 8_640_000_000_000_000);
const milliseconds = between(0, Number.MAX_VALUE);

const jsonValue: Check<JsonValue> = (value, path) => {
  if (depthOf(value, MAX_JSON_DEPTH) > MAX_JSON_DEPTH) refuse(path, `at most ${MAX_JSON_DEPTH} levels deep`);
};

const jsonObject: Check<JsonObject> = (value, path) => {
  if (!isObject(value)) refuse(path, "an object");
  jsonValue(value, path);
};

const parameters: Check<GenerationParameters> = (value, path) => {
  jsonObject(value, path);
  try {
    checkedParameters(value);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    throw new Failure("invalid-params", `\`${path}\`: ${error.message}`, error);
  }
};

const parts = {
  text: object<TextPart>({ type: oneOf("text"), text: content }),
  image: object<ImagePart>({ type: oneOf("image"), mediaType: name, data: content }),
  file: object<FilePart>({
    type: oneOf("file"),
    uri,
    name: uri,
    languageId: optional(name),
    startLine: optional(integer(1)),
    endLine: optional(integer(1)),
    text: content,
  }),
  reasoning: object<ReasoningPart>({ type: oneOf("reasoning"), text: content }),
  "tool-call": object<ToolCallPart>({ type: oneOf("tool-call"), id: content, name: content, arguments: content }),
  "tool-result": object<ToolResultPart>({
    type: oneOf("tool-result"),
    id: content,
    name: optional(content),
    content,
    isError: optional(flag),
  }),
  opaque: object<OpaquePart>({ type: oneOf("opaque"), provider: name, data: jsonValue }),
} satisfies { readonly [Type in Part["type"]]: Check<Extract<Part, { readonly type: Type }>> };

/** So many parts have a message's content: an answer may call many tools, and hold many opaque parts. */
const mostParts = 100_000;

const contents: { readonly [Role in Message["role"]]: Check<Extract<Message, { readonly role: Role }>["content"]> } = {
  system: list(variants<TextPart>({ text: parts.text }), mostParts),
  user: list(variants<TextPart | ImagePart | FilePart>({ text: parts.text, image: parts.image, file: parts.file }), mostParts),
  assistant: list(
    variants<AssistantPart>({ text: parts.text, reasoning: parts.reasoning, "tool-call": parts["tool-call"], opaque: parts.opaque }),
    mostParts,
  ),
  tool: list(variants<ToolResultPart>({ "tool-result": parts["tool-result"] }), mostParts),
};

const role: Check<Message["role"]> = oneOf("system", "user", "assistant", "tool");

const message: Check<Message> = (value, path) => {
  if (!isObject(value)) refuse(path, "an object");
  const of: unknown = value["role"];
  checkRole(of, path);
  // TypeScript lets an assertion be called only by a name of declared type.
  const check: Check<unknown> = contents[of];
  check(value["content"], `${path}.content`);
};

function checkRole(value: unknown, path: string): asserts value is Message["role"] {
  role(value, `${path}.role`);
}

const usage = object<Usage>({
  inputTokens: count,
  outputTokens: count,
  cachedTokens: optional(count),
  cacheWriteTokens: optional(count),
  cacheWriteHourTokens: optional(count),
  reasoningTokens: optional(count),
  estimated: optional(flag),
});

const cost = object<Cost>({
  amount: between(0, Number.MAX_VALUE),
  currency: oneOf("USD"),
  source: optional(oneOf("charged", "setting", "live", "bundled", "local")),
});

const timings = object<Timings>({ firstTokenMs: nullable(milliseconds), totalMs: milliseconds });

const error = object<ErrorInfo>({
  kind: oneOf(
    "auth",
    "permission",
    "quota",
    "rate-limit",
    "overloaded",
    "context-length",
    "content-filter",
    "invalid-request",
    "model-not-found",
    "unsupported",
    "network",
    "timeout",
    "protocol",
    "cancelled",
    "server",
  ),
  message: content,
  phase: oneOf("before-headers", "before-first-token", "mid-stream"),
  retryable: flag,
  retryAfterMs: optional(milliseconds),
  status: optional(integer(0)),
  providerCode: optional(content),
  requestId: optional(content),
  rejectedText: optional(content),
  provider: optional(name),
  model: optional(name),
});

/** Throw a `Failure` with code `invalid-params` that names the field. */
export const shapes: {
  readonly question: Check<readonly UserPart[]>;
  readonly message: Check<ArchivedMessage>;
  readonly session: Check<ArchivedSession>;
  readonly json: Check<JsonValue>;
} = {
  question: contents.user,
  message: object<ArchivedMessage>({
    id,
    parent: nullable(id),
    message,
    createdAt: time,
    model: optional(name),
    status: optional(oneOf("streaming", "complete", "cancelled", "error", "incomplete")),
    finishReason: optional(nullable(oneOf("stop", "length", "tool-calls", "content-filter", "error", "other"))),
    usage: optional(usage),
    cost: optional(cost),
    timings: optional(timings),
    error: optional(error),
    metadata: optional(jsonObject),
  }),
  session: object<ArchivedSession>({
    id,
    title: name,
    model: nullable(name),
    systemPrompt: optional(content),
    parameters: optional(parameters),
    createdAt: time,
    updatedAt: time,
    leaf: nullable(id),
    metadata: optional(jsonObject),
  }),
  json: jsonValue,
};

/** Levels, counted no further than is asked for. */
function depthOf(value: unknown, most: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (most < 0) return 1;
  let deepest = 0;
  for (const one of Object.values(value)) deepest = Math.max(deepest, depthOf(one, most - 1));
  return deepest + 1;
}
