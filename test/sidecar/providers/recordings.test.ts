// Real providers' streams, as other projects recorded them, read as the index beside them says: with that project's own
// tests and a second decoder, never with our own output.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { errorKind } from "../../../sidecar/providers/error-kinds.ts";
import { readErrorBody } from "../../../sidecar/providers/error-payload.ts";
import { asCount } from "../../../sidecar/providers/json-fields.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import type { JsonObject, JsonValue } from "../../../sidecar/types.ts";
import { fakeAtHand, providerOnWire } from "../../support/fake-at-hand.ts";
import type { FakeAnswer, FakeWire } from "../../support/fake-provider.ts";
import { call } from "../../support/provider-calls.ts";
import {
  readRawAnswer,
  readRecording,
  readRecordings,
  recordingsAtHand,
  seededRandom,
  type Recording,
} from "../../support/recorded-streams.ts";
import { ADAPTERS, bytesOneByOne, cutAt, foldEvents, readPieces, wireTarget } from "../../support/wire-reading.ts";

const here = await fakeAtHand();
const skip = recordingsAtHand ? false : "The recorded streams are not beside this project.";

/**
 * Three messages of one conversation in one file, with block numbers that begin anew in each. The index folds them by block
 * number, so that later blocks replace earlier ones; on a connection each message has an answer of its own.
 */
const SEVERAL_MESSAGES = "vercel-ai/anthropic--anthropic-tool-search-deferred-regex.sse";

function checkReading({ file, expected }: Recording, events: readonly ProviderEvent[], how: string): void {
  const answer = foldEvents(events);
  const place = `${file}, ${how}`;
  assert.equal(answer.finish?.rawFinishReason ?? null, expected.finish, `finish of ${place}`);
  assert.ok(answer.finish !== null, `an end of ${place}`);
  checkUsage(answer.usage, expected.usage, place);
  assert.equal(characters(answer.reasoning), expected.reasoningLen, `reasoning of ${place}`);
  if (file === SEVERAL_MESSAGES) {
    for (const tool of expected.tools)
      assert.ok(
        answer.tools.some((one) => one.id === tool.id && one.arguments === tool.arguments),
        place,
      );
    return;
  }
  assert.equal(characters(answer.text), expected.textLen, `length of ${place}`);
  assert.equal(createHash("sha256").update(answer.text).digest("hex").slice(0, 16), expected.textSha256, `text of ${place}`);
  assert.deepEqual(
    answer.tools,
    expected.tools.map(({ id, name, arguments: text }) => ({ id, name, arguments: text })),
    `tools of ${place}`,
  );
}

function checkUsage(usage: { inputTokens: number; outputTokens: number } | null, raw: JsonObject | null, place: string): void {
  if (raw === null) {
    assert.equal(usage, null, `usage of ${place}`);
    return;
  }
  const sum = (...names: readonly string[]): number => names.reduce((total, name) => total + (asCount(raw[name]) ?? 0), 0);
  const input = sum("prompt_tokens", "prompt_eval_count", "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens");
  // The total includes what some count beside the output.
  const total = asCount(raw["total_tokens"]);
  const output = total === undefined ? sum("completion_tokens", "eval_count", "output_tokens") : total - input;
  assert.deepEqual({ input: usage?.inputTokens, output: usage?.outputTokens }, { input, output }, `usage of ${place}`);
}

function characters(text: string): number {
  return Array.from(text).length;
}

describe("Recorded streams", { skip }, () => {
  const recordings = recordingsAtHand ? readRecordings() : [];

  async function readOverSocket(wire: FakeWire, answer: FakeAnswer): Promise<{ events: readonly ProviderEvent[]; reads: number }> {
    here.fake.enqueue(answer);
    let reads = 0;
    const { events, thrown } = await call(providerOnWire(here, wire), { onBatch: () => (reads += 1) });
    assert.equal(thrown, null);
    return { events, reads };
  }

  test("are at hand in all four wires", () => {
    assert.deepEqual([...new Set(recordings.map((recording) => recording.wire))].toSorted(), [
      "anthropic",
      "ollama",
      "openai-chat",
      "openai-responses",
    ]);
    assert.ok(recordings.length >= 76);
  });

  test("are read as the index says: whole, byte by byte, and in random pieces", () => {
    const random = seededRandom(20_260_301);
    for (const recording of recordings) {
      const bytes = readRecording(recording.file);
      const whole = readPieces(recording.wire, [bytes]);
      assert.equal(whole.failure, null, recording.file);
      checkReading(recording, whole.events, "whole");
      assert.deepEqual(readPieces(recording.wire, bytesOneByOne(bytes)).events, whole.events, `${recording.file}, byte by byte`);
      for (let round = 0; round < 3; round += 1) {
        const cuts = Array.from({ length: 40 }, () => Math.floor(random() * bytes.length)).toSorted((one, other) => one - other);
        assert.deepEqual(readPieces(recording.wire, cutAt(bytes, cuts)).events, whole.events, `${recording.file}, cut at ${cuts.join()}`);
      }
    }
  });

  test("are read as the index says over a real socket", async () => {
    for (const recording of recordings) {
      const bytes = readRecording(recording.file);
      const { events } = await readOverSocket(recording.wire, { steps: [{ base64: bytes.toString("base64") }] });
      checkReading(recording, events, "over a socket");
    }
  });

  test("are read as the index says when they arrive in pieces over a real socket", async () => {
    const random = seededRandom(7);
    for (const recording of recordings.filter((_, index) => index % 5 === 0)) {
      const bytes = readRecording(recording.file);
      const split = Array.from({ length: 12 }, () => Math.floor(random() * bytes.length)).toSorted((one, other) => one - other);
      const { events, reads } = await readOverSocket(recording.wire, { steps: [{ base64: bytes.toString("base64") }], split });
      checkReading(recording, events, `cut at ${split.join()} over a socket`);
      assert.ok(reads > 1, `${recording.file} arrived in one piece`);
    }
  });

  const LLAMA_STREAMS: readonly (readonly [file: string, text: string, finish: string | null])[] = [
    ["completions-stream.sse", "ABC", "stop"],
    ["stream-length.sse", "HEL", "length"],
    [
      "stream-markdown.sse",
      "Here is a function:\n\n```ts\nexport const add = (a: number, b: number) => a + b;\n```\n\nIt returns the **sum** — déjà vu ✓.",
      "stop",
    ],
    ["stream-progress.sse", "COP", "length"],
    ["stream-tools.sse", "CALL IT", "stop"],
    ["stream-usage.sse", "HI DéJà ✓", "stop"],
  ];
  for (const [file, text, finish] of LLAMA_STREAMS) {
    test(`llama-server's ${file} over a real socket`, async () => {
      const { status, headers, body } = readRawAnswer(`llama-server/${file}`);
      const { "content-type": type = "text/event-stream" } = headers;
      const { events } = await readOverSocket("openai-chat", {
        status,
        headers: { "content-type": type },
        steps: [{ base64: body.toString("base64") }],
      });
      const answer = foldEvents(events);
      assert.equal(answer.text, text);
      assert.equal(answer.finish?.rawFinishReason, finish);
    });
  }

  test("a llama-server stream that its client broke off has text and no end", () => {
    const { events } = readPieces("openai-chat", [readRecording("llama-server/stream-client-abort.sse")]);
    const answer = foldEvents(events);
    assert.match(answer.text, /^abcdefghijklmnopqrstuvwxyz/u);
    assert.equal(answer.finish, null);
  });

  test("llama-server's progress is told", () => {
    const { events } = readPieces("openai-chat", [readRecording("llama-server/stream-progress.sse")]);
    assert.deepEqual(
      events.filter((event) => event.type === "status").map((event) => event.progress),
      [0, 1],
    );
  });

  test("llama-server's whole answer is read although a stream was asked for", async () => {
    const { headers, body } = readRawAnswer("llama-server/nonstream.http");
    const { "content-type": type = "" } = headers;
    const { events } = await readOverSocket("openai-chat", {
      headers: { "content-type": type },
      steps: [{ base64: body.toString("base64") }],
    });
    const answer = foldEvents(events);
    assert.equal(answer.text, "HELLO");
    assert.deepEqual(answer.usage, { inputTokens: 9, outputTokens: 6, cachedTokens: 8 });
    assert.equal(answer.finish?.finishReason, "stop");
  });

  test("llama-server's refusals are told apart", () => {
    const kindOf = (file: string): string => {
      const { status, body } = readRawAnswer(`llama-server/${file}`);
      return errorKind(status, readErrorBody(body.toString()));
    };
    assert.equal(kindOf("error-context-exceeded.http"), "context-length");
    assert.equal(kindOf("error-bad-messages.http"), "invalid-request");
    assert.equal(kindOf("404.http"), "invalid-request");
    assert.equal(kindOf("error-bad-json.http"), "server");
  });

  test("llama-server's list of models has the context window", () => {
    const json: JsonValue = JSON.parse(readRecording("llama-server/models.json").toString());
    const list = ADAPTERS["openai-chat"].readModels(json, wireTarget("llama-server"));
    assert.deepEqual(list?.models, [
      { ref: "llama-server/echo.gguf", provider: "llama-server", model: "echo.gguf", name: "echo.gguf", contextWindow: 2048 },
    ]);
  });
});
