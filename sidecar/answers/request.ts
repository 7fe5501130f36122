// What a caller passed, made into what a provider is asked.

import type { GenerateOptions, Prompt } from "../api.ts";
import type { ModelRequest, Provider } from "../providers/provider.ts";
import type { GenerationParameters, Message, Part, TextPart } from "../types.ts";
import { lengthBeforeFile, withFilesAsText } from "../prompt-text.ts";
import { invalidRequest } from "./answer-error.ts";
import { checkedOptions } from "./parameters.ts";

/** Roles, and the kinds of parts that each may hold. */
const PARTS_OF_ROLE: { readonly [Role in Message["role"]]: readonly Part["type"][] } = {
  system: ["text"],
  user: ["text", "image", "file"],
  assistant: ["text", "reasoning", "tool-call", "opaque"],
  tool: ["tool-result"],
};

/** Of the provider: whether it takes the system's words at any place of a conversation. */
type Placing = Pick<Provider, "systemInPlace">;

/** Throws a `ProviderError` of kind `invalid-request` that says what is wrong, before anything is sent. */
export function buildModelRequest(model: string, prompt: Prompt, options: GenerateOptions, { systemInPlace }: Placing = {}): ModelRequest {
  const parameters = checkedOptions(options);
  const given = messagesOf(prompt);
  const staysFrom = systemInPlace === true ? given.findIndex(({ role }) => role !== "system") : given.length;
  const isFirst = ({ role }: Message, index: number): boolean => role === "system" && index < staysFrom;
  const system = systemText(parameters, given.filter(isFirst));
  const { system: _system, ...others } = parameters;
  return {
    model,
    messages: withFilesAsText(given.filter((message, index) => !isFirst(message, index))),
    parameters: system === "" ? others : { ...others, system },
  };
}

/** The request as one of many, where it has one message: nobody will go on from it. `prompt` is what it was built from. */
export function asOneOff(request: ModelRequest, prompt: Prompt): ModelRequest {
  if (request.messages.length !== 1) return request;
  const asked = typeof prompt === "string" ? undefined : prompt.find(({ role }) => role !== "system");
  return { ...request, oneOff: { commonLength: asked === undefined ? 0 : lengthBeforeFile(asked) } };
}

function messagesOf(prompt: Prompt): readonly Message[] {
  if (typeof prompt === "string") {
    if (prompt.trim() === "") throw invalidRequest("empty-prompt", "The prompt is empty: there is nothing to send.");
    return [{ role: "user", content: [{ type: "text", text: prompt }] }];
  }
  if (!Array.isArray(prompt)) throw invalidRequest("invalid-messages", "A prompt is a text or a list of messages.");
  for (const [index, message] of prompt.entries()) checkMessage(message, index);
  if (!prompt.some(holdsAnything)) {
    throw invalidRequest("empty-prompt", "The list of messages holds no message of a user: there is nothing to answer.");
  }
  return prompt;
}

/** Providers refuse messages of white space alone, so they are not sent, and something else must be. */
function holdsAnything({ role, content }: Message): boolean {
  return role !== "system" && content.some((part: Part) => part.type !== "text" || part.text.trim() !== "");
}

/** Kinds of parts, and those of their fields that must be texts. */
const TEXTS_OF_PART: { readonly [Type in Part["type"]]: readonly string[] } = {
  text: ["text"],
  image: ["mediaType", "data"],
  file: ["name", "text"],
  reasoning: ["text"],
  "tool-call": ["id", "name", "arguments"],
  "tool-result": ["id", "content"],
  opaque: ["provider"],
};

function checkMessage(message: unknown, index: number): void {
  const { role, content } = isRecord(message) ? message : {};
  if (!isRole(role)) throw invalidMessage(index, `its role must be one of ${Object.keys(PARTS_OF_ROLE).join(", ")}`);
  if (!Array.isArray(content)) throw invalidMessage(index, "its content must be a list of parts, such as [{ type: 'text', text: '…' }]");
  for (const part of content) checkPart(isRecord(part) ? part : {}, role, index);
}

function checkPart(part: Record<string, unknown>, role: Message["role"], index: number): void {
  const kinds = PARTS_OF_ROLE[role];
  const kind = kinds.find((one) => one === part["type"]);
  if (kind === undefined) {
    const given = JSON.stringify(part["type"]) ?? "no type";
    throw invalidMessage(index, `a part of type ${given} cannot stand there; "${role}" takes ${kinds.join(", ")}`);
  }
  const missing = TEXTS_OF_PART[kind].find((field) => typeof part[field] !== "string");
  if (missing !== undefined) throw invalidMessage(index, `a part of type "${kind}" must have a text in its field "${missing}"`);
  if (kind === "image") checkImage(String(part["mediaType"]), String(part["data"]), index);
}

function checkImage(mediaType: string, data: string, index: number): void {
  if (!/^image\/[\w.+-]{1,100}$/u.test(mediaType)) {
    throw invalidMessage(index, `an image needs a media type such as image/png, not "${mediaType.slice(0, 100)}"`);
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(data)) {
    throw invalidMessage(index, 'the data of an image must be base64, without "data:" before it and without line breaks');
  }
}

function isRole(role: unknown): role is Message["role"] {
  return typeof role === "string" && Object.hasOwn(PARTS_OF_ROLE, role);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function invalidMessage(index: number, problem: string): Error {
  return invalidRequest("invalid-messages", `Message ${index + 1} of the prompt cannot be sent: ${problem}.`);
}

/** System messages may stand anywhere in a list; most providers take the system's words in one place, so they are put together in order. */
function systemText(parameters: GenerationParameters, messages: readonly Message[]): string {
  const texts = parameters.system === undefined ? [] : [parameters.system];
  for (const message of messages) {
    if (message.role === "system") texts.push(message.content.map((part: TextPart) => part.text).join("\n\n"));
  }
  return texts.filter((text) => text.trim() !== "").join("\n\n");
}
