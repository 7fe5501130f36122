// What the fake provider can be told to do, as plain data: the same objects work in the process and over its HTTP control.

import type { FinishReason, JsonObject, JsonValue } from "../../sidecar/types.ts";

export type FakeWire = "openai-chat" | "openai-responses" | "anthropic" | "ollama";
/** What a request asked for: an answer on one of the wires, or one of the lists beside them. */
export type FakeRoute = FakeWire | "models" | "other";

/** One step of an answer's body, in order. Text steps are written in the words of the wire that the request spoke. */
export type FakeStep =
  | { readonly text: string }
  | { readonly reasoning: string }
  | { readonly toolCall: { readonly id: string; readonly name: string; readonly arguments: string } }
  /** Sent where the wire puts it: with OpenAI's chat completions only if the request asked for it, as real servers do. */
  | { readonly usage: FakeUsage }
  /** The wire's terminal marker. Steps that end without it are a stream that ended early. */
  | { readonly finish: FinishReason }
  /** An error inside a running stream, as the wire writes it. */
  | { readonly streamError: { readonly message: string; readonly code: string } }
  /** Bytes as they stand; `base64` where they are no text. */
  | { readonly raw: string }
  | { readonly base64: string }
  /** Waits until the gate of this name is opened (`fake.gate(name).open()`, or over the control). */
  | { readonly gate: string }
  /** For pacing by hand (a demonstration, a benchmark). Tests use gates. */
  | { readonly pauseMs: number }
  /** Destroys the socket: `close` ends it in mid-body, `reset` with an RST. Nothing after this is sent. */
  | { readonly cut: "close" | "reset" };

export interface FakeUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens?: number;
  readonly cacheWriteTokens?: number;
  /** As OpenRouter tells it, in dollars. */
  readonly cost?: number;
  readonly reasoningTokens?: number;
}

export interface FakeAnswer {
  /** Default 200. */
  readonly status?: number;
  /** A list is one header for each of its texts. */
  readonly headers?: { readonly [name: string]: string | string[] };
  /** A gate before the headers: the client waits for them until it is opened. */
  readonly holdHeaders?: string;
  /** Sent whole instead of steps: a string as it stands, anything else as JSON. */
  readonly body?: JsonValue;
  /** Short for the steps of a whole answer: one delta for each word, then usage and `finish: "stop"`. */
  readonly text?: string;
  readonly steps?: readonly FakeStep[];
  /** How the body's bytes reach the client: each step at once (default), each byte by itself, or cut at these offsets of the body. */
  readonly split?: "bytes" | readonly number[];
}

/** Takes only requests of this kind from the queue of answers. */
export interface QueuedAnswer extends FakeAnswer {
  readonly route?: FakeRoute;
}

export type FakeRequestState = "open" | "answered" | "client-closed" | "cut";

/** A request as it came, and what became of it. Plain data. */
export interface FakeRequest {
  /** Counts from 0 in the order of arrival, model lists included. */
  readonly index: number;
  readonly route: FakeRoute;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  /** Parsed where it is JSON, else null. */
  readonly body: JsonObject | null;
  readonly bodyText: string;
  /** Sockets count from 0 in the order in which they were opened. */
  readonly socket: number;
  readonly state: FakeRequestState;
  /** Bytes of the body written so far. */
  readonly bytesSent: number;
  /** When each text step was written, in their order: milliseconds of this process's `performance.now()`. */
  readonly textSentAt: readonly number[];
}

export interface FakeState {
  readonly requests: number;
  /** Answers under way. */
  readonly openAnswers: number;
  /** The most answers that were under way at once. */
  readonly peakAnswers: number;
  readonly openSockets: number;
  /** Sockets ever accepted. */
  readonly sockets: number;
  readonly clientClosed: number;
  /** Gates at which an answer waits right now. */
  readonly waitingAt: readonly string[];
}

/** The steps of a whole answer: one delta for each word (its space goes before it), usage, finish. */
export function wholeAnswer(text: string, usage?: FakeUsage): readonly FakeStep[] {
  const words = text.match(/\s*\S+\s*$|\s*\S+/gu) ?? [];
  const deltas = words.map((word) => ({ text: word }));
  return [...deltas, { usage: usage ?? { inputTokens: 10, outputTokens: Math.max(1, deltas.length) } }, { finish: "stop" }];
}

/** The text of a request's last user message, whichever wire it came on; empty where there is none. */
export function lastUserText(body: JsonObject | null): string {
  const list = body?.["messages"] ?? body?.["input"];
  if (typeof list === "string") return list;
  if (!Array.isArray(list)) return "";
  const last = list.toReversed().find((message) => isObject(message) && message["role"] === "user");
  const content = isObject(last) ? last["content"] : undefined;
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (isObject(part) && typeof part["text"] === "string" ? part["text"] : "")).join("");
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
