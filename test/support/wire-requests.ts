// The bodies that a wire's adapter builds, as they would be sent.

import assert from "node:assert/strict";
import { ProviderError } from "../../sidecar/providers/provider.ts";
import type { WireRequest } from "../../sidecar/providers/wire-adapter.ts";
import type { AssistantPart, GenerationParameters, JsonObject, JsonValue, Message, ToolDefinition } from "../../sidecar/types.ts";
import type { FakeWire } from "./fake-provider-script.ts";
import { userMessage } from "./provider-calls.ts";
import { ADAPTERS, wireTarget } from "./wire-reading.ts";

export const WEATHER: ToolDefinition = {
  name: "weather",
  description: "Tells it",
  parameters: { type: "object", properties: { city: { type: "string" } } },
};
export const SCHEMA: JsonObject = { type: "object", properties: { a: { type: "number" } } };

/** Every parameter that chat completions and Ollama both take. */
export const EVERY_PARAMETER: GenerationParameters = {
  system: "Be brief.",
  temperature: 0.2,
  topP: 0.9,
  seed: 7,
  maxOutputTokens: 50,
  stop: ["END"],
  reasoning: "low",
  tools: [WEATHER],
  responseSchema: SCHEMA,
};

export interface Asked {
  readonly provider: string;
  readonly wire?: FakeWire;
  readonly model?: string;
  readonly parameters?: GenerationParameters;
  readonly messages?: readonly Message[];
  readonly learned?: readonly string[];
}

const WIRE_OF: Readonly<Record<string, FakeWire>> = { openai: "openai-responses", anthropic: "anthropic", ollama: "ollama" };

export function build({ provider, wire, model = "m", parameters = {}, messages = [userMessage("Hi")], learned = [] }: Asked): WireRequest {
  return ADAPTERS[wire ?? WIRE_OF[provider] ?? "openai-chat"].buildRequest({ model, messages, parameters }, wireTarget(provider, learned));
}

export function body(asked: Asked): JsonObject {
  return JSON.parse(JSON.stringify(build(asked).body));
}

/** Without the marks of Anthropic's cache, which are no part of the prompt and move from turn to turn. */
export function withoutMarks(json: JsonValue | undefined): JsonValue {
  return JSON.parse(JSON.stringify(json ?? null), (key, value: JsonValue) => (key === "cache_control" ? undefined : value));
}

export function warnings(asked: Asked): readonly (readonly [string, string | undefined])[] {
  return build(asked).warnings.map(({ code, parameter }) => [code, parameter]);
}

export function refusal(asked: Asked): ProviderError {
  try {
    build(asked);
  } catch (error) {
    assert.ok(error instanceof ProviderError);
    return error;
  }
  return assert.fail("the request was not refused");
}

export const assistant = (...content: readonly AssistantPart[]): Message => ({ role: "assistant", content });
export const result = (id: string, content: string): Message => ({
  role: "tool",
  content: [{ type: "tool-result", id, name: "weather", content }],
});
export const image: Message = {
  role: "user",
  content: [
    { type: "text", text: "What is this?" },
    { type: "image", mediaType: "image/png", data: "aGk=" },
  ],
};
export const toolRound: readonly Message[] = [
  userMessage("Weather?"),
  assistant({ type: "text", text: "Looking." }, { type: "tool-call", id: "call_1", name: "weather", arguments: '{"city":"Zürich"}' }),
  result("call_1", "Sunny"),
];
