// Records as each wire writes them.

import type { FakeWire } from "../support/fake-provider-script.ts";

const TEXT: Readonly<Record<FakeWire, (quoted: string) => string>> = {
  "openai-chat": (quoted) => `data: {"choices":[{"index":0,"delta":{"content":${quoted}}}]}\n\n`,
  "openai-responses": (quoted) =>
    `data: {"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":${quoted}}\n\n`,
  anthropic: (quoted) => `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":${quoted}}}\n\n`,
  ollama: (quoted) => `{"message":{"role":"assistant","content":${quoted}},"done":false}\n`,
};

/** Records with a field that this wire hands on as it is. */
const FIELD: Readonly<Record<FakeWire, (json: string) => string>> = {
  "openai-chat": (json) =>
    `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":${json}}}]},"finish_reason":"tool_calls"}]}\n\n`,
  "openai-responses": (json) =>
    `data: {"type":"response.output_item.done","output_index":0,"item":{"type":"web_search_call","action":${json}}}\n\n`,
  anthropic: (json) => `data: {"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","input":${json}}}\n\n`,
  ollama: (json) => `{"message":{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":${json}}}]},"done":true}\n`,
};

/** A delta of text. */
export function record(wire: FakeWire, text: string): string {
  return TEXT[wire](JSON.stringify(text));
}

/** The beginning of a record whose line does not end. */
export function giantLine(wire: FakeWire): string {
  return record(wire, "x").replace(/"[^"]*$/u, "");
}

/** One record with a field so many levels deep. */
export function deepBody(wire: FakeWire, levels: number): string {
  return FIELD[wire](`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);
}
