// Reads recorded bytes through a wire's adapter without a socket, cut as a test wants them, and folds what comes out.

import { NdjsonDecoder } from "../../sidecar/http/ndjson.ts";
import type { RecordDecoder } from "../../sidecar/http/records.ts";
import { SseDecoder } from "../../sidecar/http/sse.ts";
import { anthropic } from "../../sidecar/providers/anthropic/adapter.ts";
import { ollama } from "../../sidecar/providers/ollama/adapter.ts";
import { openaiChat } from "../../sidecar/providers/openai-chat/adapter.ts";
import { openaiResponses } from "../../sidecar/providers/openai-responses/adapter.ts";
import type { ProviderEvent } from "../../sidecar/providers/provider.ts";
import { providerRow } from "../../sidecar/providers/registry.ts";
import { MalformedRecord, StreamFailure, type WireAdapter, type WireTarget } from "../../sidecar/providers/wire-adapter.ts";
import type { Usage } from "../../sidecar/types.ts";
import type { FakeWire } from "./fake-provider-script.ts";

export const ADAPTERS: Readonly<Record<FakeWire, WireAdapter>> = {
  "openai-chat": openaiChat,
  "openai-responses": openaiResponses,
  anthropic,
  ollama,
};

/** The id of a provider that speaks this wire. */
export const PROVIDER_OF_WIRE: Readonly<Record<FakeWire, string>> = {
  "openai-chat": "openai-compatible",
  "openai-responses": "openai",
  anthropic: "anthropic",
  ollama: "ollama",
};

/** A target as the engine makes it. `provider` is the id of a row. */
export function wireTarget(provider: string, learned: readonly string[] = []): WireTarget {
  const row = providerRow(provider);
  if (row === undefined) throw new Error(`No row for ${provider}`);
  return { provider, row, baseUrl: new URL(row.defaultBaseUrl ?? "http://127.0.0.1:1/v1"), learned: new Set(learned) };
}

export interface Reading {
  readonly events: readonly ProviderEvent[];
  /** An error inside the stream, as the provider told it. */
  readonly failure: StreamFailure | null;
}

/** Reads pieces as they would come off a socket. What an adapter throws beside `StreamFailure` is thrown. */
export function readPieces(
  wire: FakeWire,
  pieces: Iterable<Buffer>,
  provider: string = PROVIDER_OF_WIRE[wire],
  offered: readonly string[] = [],
): Reading {
  const reader = ADAPTERS[wire].createReader(wireTarget(provider), offered);
  const events: ProviderEvent[] = [];
  const sink = (data: string, event: string): void => {
    if (!reader.done) reader.readRecord(data, event, events);
  };
  const decoder: RecordDecoder = ADAPTERS[wire].framing === "sse" ? new SseDecoder(sink) : new NdjsonDecoder(sink);
  let ended = false;
  try {
    for (const piece of pieces) decoder.push(piece);
    ended = true;
    decoder.end();
  } catch (error) {
    if (error instanceof StreamFailure) return { events, failure: error };
    // The beginning of a record at the very end is what a cut stream looks like.
    if (!ended || !(error instanceof MalformedRecord)) throw error;
  }
  reader.end(events);
  return { events, failure: null };
}

export function* bytesOneByOne(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1) yield bytes.subarray(at, at + 1);
}

/** Cut at these offsets. */
export function* cutAt(bytes: Buffer, offsets: readonly number[]): Generator<Buffer> {
  let from = 0;
  for (const to of [...offsets, bytes.length]) {
    yield bytes.subarray(from, to);
    from = to;
  }
}

/** Offsets that lie inside a character of several bytes. */
export function offsetsInsideCharacters(bytes: Buffer): readonly number[] {
  return [...bytes.keys()].filter((at) => at > 0 && ((bytes[at] ?? 0) & 0xc0) === 0x80);
}

export interface FoldedAnswer {
  readonly text: string;
  readonly reasoning: string;
  readonly tools: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly usage: Usage | null;
  readonly finish: Extract<ProviderEvent, { type: "finish" }> | null;
}

export function foldEvents(events: readonly ProviderEvent[]): FoldedAnswer {
  const texts: string[] = [];
  const thoughts: string[] = [];
  const tools: { id: string; name: string; arguments: string }[] = [];
  let usage: Usage | null = null;
  let finish: FoldedAnswer["finish"] = null;
  for (const event of events) {
    if (event.type === "text-delta") texts.push(event.text);
    else if (event.type === "reasoning-delta") thoughts.push(event.text);
    else if (event.type === "tool-call") tools.push({ id: event.id, name: event.name, arguments: event.arguments });
    else if (event.type === "finish") finish = event;
    else if (event.type === "usage") {
      const { type: _type, ...figures } = event;
      usage = figures;
    }
  }
  return { text: texts.join(""), reasoning: thoughts.join(""), tools, usage, finish };
}
