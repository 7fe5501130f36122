// One answer, which comes in the many forms that the wires allow, or that servers take the liberty of: each must be read as the
// plain form is.

import assert from "node:assert/strict";
import type { JsonObject } from "../../../../sidecar/types.ts";
import type { FakeWire } from "../../../support/fake-provider-script.ts";
import { bytesOneByOne, foldEvents, readPieces, type FoldedAnswer } from "../../../support/wire-reading.ts";

export type Answer = Pick<FoldedAnswer, "text" | "reasoning"> & {
  readonly tools: readonly (readonly [id: string, name: string, args: string])[];
  readonly tokens: readonly [input: number, output: number] | null;
  readonly finish: string | null;
};

/** Reads a stream whole and one byte at a time, which must come to the same. */
export function read(wire: FakeWire, stream: string, offered: readonly string[] = []): Answer {
  const whole = readPieces(wire, [Buffer.from(stream)], undefined, offered);
  const pieces = readPieces(wire, bytesOneByOne(Buffer.from(stream)), undefined, offered);
  assert.deepEqual(pieces.events, whole.events, "the same one byte at a time");
  assert.equal(whole.failure, null);
  const { text, reasoning, tools, usage, finish } = foldEvents(whole.events);
  return {
    text,
    reasoning,
    tools: tools.map((call) => [call.id, call.name, call.arguments]),
    tokens: usage === null ? null : [usage.inputTokens, usage.outputTokens],
    finish: finish?.finishReason ?? null,
  };
}

export const sse = (...records: readonly (JsonObject | string)[]): string =>
  records.map((record) => `data: ${typeof record === "string" ? record : JSON.stringify(record)}\n\n`).join("");
export const ndjson = (...records: readonly JsonObject[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join("");

export const PLAIN: Answer = { text: "It is 7 °C.", reasoning: "Hm.", tools: [], tokens: [9, 5], finish: "stop" };
export const CALLED: Answer = { ...PLAIN, text: "", reasoning: "", tools: [["c1", "weather", '{"city":"Bern"}']], finish: "tool-calls" };
export const TWICE: Answer = {
  ...CALLED,
  tools: [
    ["c1", "a", '{"n":1}'],
    ["c2", "b", '{"n":2}'],
  ],
};
