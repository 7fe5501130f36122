// What is said: the messages of a conversation and the parts that they are made of.

import type { JsonValue } from "./json.ts";

export interface TextPart {
  readonly type: "text";
  readonly text: string;
}

/** An image as base64, without the `data:` prefix. */
export interface ImagePart {
  readonly type: "image";
  readonly mediaType: string;
  readonly data: string;
}

/**
 * A piece of a document that the user attached. Shown as a chip; the model reads it as text (see `sidecar/prompt-text.ts`).
 * Lines count from 1 and include both ends.
 */
export interface FilePart {
  readonly type: "file";
  readonly uri: string;
  readonly name: string;
  readonly languageId?: string;
  readonly startLine?: number;
  readonly endLine?: number;
  readonly text: string;
}

export interface ReasoningPart {
  readonly type: "reasoning";
  readonly text: string;
}

/** `arguments` is the JSON text exactly as the model wrote it; it can be invalid. */
export interface ToolCallPart {
  readonly type: "tool-call";
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

export interface ToolResultPart {
  readonly type: "tool-result";
  readonly id: string;
  readonly name?: string;
  readonly content: string;
  readonly isError?: boolean;
}

/** What a provider wants back byte for byte: signatures, encrypted reasoning. Sent only to the provider that made it. */
export interface OpaquePart {
  readonly type: "opaque";
  readonly provider: string;
  readonly data: JsonValue;
}

export type UserPart = TextPart | ImagePart | FilePart;
export type AssistantPart = TextPart | ReasoningPart | ToolCallPart | OpaquePart;
export type Part = UserPart | AssistantPart | ToolResultPart;

export type Message =
  | { readonly role: "system"; readonly content: readonly TextPart[] }
  | { readonly role: "user"; readonly content: readonly UserPart[] }
  | { readonly role: "assistant"; readonly content: readonly AssistantPart[] }
  | { readonly role: "tool"; readonly content: readonly ToolResultPart[] };
