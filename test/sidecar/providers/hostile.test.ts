// Damaged and malicious streams, from a fixed seed: whatever comes, a reader ends in one of the ways that its engine knows,
// with events that hold what they promise.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { RecordTooLongError } from "../../../sidecar/http/records.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import { MalformedRecord } from "../../../sidecar/providers/wire-adapter.ts";
import type { FakeWire } from "../../support/fake-provider-script.ts";
import { seededRandom } from "../../support/recorded-streams.ts";
import { ADAPTERS, cutAt, readPieces, wireTarget } from "../../support/wire-reading.ts";

const WIRES: readonly FakeWire[] = ["openai-chat", "openai-responses", "anthropic", "ollama"];
const ROUNDS = 400;

const folder = new URL("../../fixtures/wire/", import.meta.url);

function checkEvent(event: ProviderEvent): void {
  if (event.type === "text-delta" || event.type === "reasoning-delta") assert.ok(typeof event.text === "string" && event.text !== "");
  else if (event.type === "tool-call") assert.ok([event.id, event.name, event.arguments].every((field) => typeof field === "string"));
  else if (event.type === "usage")
    assert.ok([event.inputTokens, event.outputTokens].every((count) => Number.isInteger(count) && count >= 0));
  else if (event.type === "finish") assert.ok(event.rawFinishReason === null || typeof event.rawFinishReason === "string");
  else if (event.type === "opaque") assert.ok(typeof event.provider === "string");
}

function checkReading(wire: FakeWire, pieces: Iterable<Buffer>): void {
  let events: readonly ProviderEvent[] = [];
  try {
    events = readPieces(wire, pieces).events;
  } catch (error) {
    assert.ok(error instanceof MalformedRecord || error instanceof RecordTooLongError, String(error));
  }
  for (const event of events) checkEvent(event);
  assert.ok(events.filter((event) => event.type === "finish").length <= 1);
}

/** Values of every type in every place. */
const VALUES: readonly string[] = [
  "null",
  "true",
  "0",
  "-1",
  "1e999",
  '""',
  '"x"',
  "[]",
  "{}",
  "[[[]]]",
  '{"type":5}',
  "[null]",
  '"__proto__"',
];

function damaged(bytes: Buffer, random: () => number): Buffer {
  const at = (length: number): number => Math.floor(random() * length);
  switch (at(6)) {
    case 0:
      return bytes.subarray(0, at(bytes.length));
    case 1: {
      const copy = Buffer.from(bytes);
      for (let count = 0; count < 5; count += 1) copy[at(copy.length)] = at(256);
      return copy;
    }
    case 2: {
      const [from, to] = [at(bytes.length), at(bytes.length)];
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    }
    case 3:
      // Another value in the place of one.
      return Buffer.from(
        bytes
          .toString("utf8")
          .replaceAll(/:("[^"]*"|\d+|null|\[|\{)/gu, (found) => (random() < 0.1 ? `:${VALUES[at(VALUES.length)] ?? "0"}` : found)),
      );
    case 4:
      return Buffer.concat([bytes, bytes.subarray(at(bytes.length))]);
    default:
      return Buffer.from(
        bytes
          .toString("utf8")
          .split("\n")
          .toSorted(() => random() - 0.5)
          .join("\n"),
      );
  }
}

for (const wire of WIRES) {
  describe(`Over ${wire},`, () => {
    test(`${ROUNDS} damaged streams end as they may`, () => {
      const random = seededRandom(wire.length * 1000 + 7);
      const files = readdirSync(new URL(`${wire}/`, folder)).map((file) => readFileSync(new URL(`${wire}/${file}`, folder)));
      for (let round = 0; round < ROUNDS; round += 1) {
        const bytes = damaged(files[round % files.length] ?? assert.fail(), random);
        const cuts = Array.from({ length: 5 }, () => Math.floor(random() * bytes.length)).toSorted((one, other) => one - other);
        checkReading(wire, cutAt(bytes, cuts));
      }
    });

    test("a value of any type in any field is survived", () => {
      const fields = [
        "choices",
        "delta",
        "message",
        "content",
        "content_block",
        "usage",
        "item",
        "response",
        "index",
        "type",
        "tool_calls",
        "output",
        "thinking",
      ];
      for (const field of fields) {
        for (const value of VALUES) {
          const record = `{"${field}":${value},"type":"content_block_start"}`;
          const nested = `{"choices":[{"${field}":${value},"delta":{"${field}":${value}}}],"message":{"${field}":${value}},"delta":{"${field}":${value}},"type":"content_block_delta"}`;
          const framed = ADAPTERS[wire].framing === "sse" ? `data: ${record}\n\ndata: ${nested}\n\n` : `${record}\n${nested}\n`;
          checkReading(wire, [Buffer.from(framed)]);
        }
      }
    });

    test("JSON as deep as a well is survived", () => {
      const deep = `{"choices":${"[".repeat(50_000)}${"]".repeat(50_000)},"message":${'{"a":'.repeat(5000)}1${"}".repeat(5000)}}`;
      checkReading(wire, [Buffer.from(ADAPTERS[wire].framing === "sse" ? `data: ${deep}\n\n` : `${deep}\n`)]);
    });
  });
}

test("a list of models of any shape gives a list or none", () => {
  for (const wire of WIRES) {
    for (const value of VALUES) {
      for (const text of [
        value,
        `{"data":${value}}`,
        `{"models":${value}}`,
        `{"data":[${value}]}`,
        `{"models":[${value}]}`,
        `{"data":[{"id":${value}}]}`,
      ]) {
        const list = ADAPTERS[wire].readModels(JSON.parse(text), wireTarget("openai"));
        for (const model of list?.models ?? []) assert.ok(typeof model.model === "string" && model.model !== "");
      }
    }
  }
});
