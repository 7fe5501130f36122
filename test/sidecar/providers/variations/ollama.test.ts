// Answers over Ollama's wire in forms that it allows, or that servers take the liberty of.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../sidecar/types.ts";
import { foldEvents, readPieces } from "../../../support/wire-reading.ts";
import { ndjson, PLAIN, read, TWICE } from "./one-answer.ts";

describe("Ollama's wire:", () => {
  const end: JsonObject = {
    message: { role: "assistant", content: "", thinking: null, tool_calls: null },
    done: true,
    done_reason: "stop",
    prompt_eval_count: 9,
    eval_count: 5,
    error: null,
  };
  const message = (fields: JsonObject): JsonObject => ({
    created_at: "2026",
    message: { role: "assistant", content: null, ...fields },
    done: false,
    done_reason: null,
    error: null,
  });
  const call = (fields: JsonObject): JsonObject => message({ tool_calls: [fields] });
  const plain = [message({ thinking: "Hm." }), message({ content: "It is " }), message({ content: "7 °C." }), end];
  test("lines that end with CR and LF, blank lines, and no end of the last", () => {
    assert.deepEqual(
      read(
        "ollama",
        `\r\n${ndjson(...plain)
          .replaceAll("\n", "\r\n\r\n")
          .trimEnd()}`,
      ),
      PLAIN,
    );
  });
  test("null in every field that can be absent", () => {
    assert.deepEqual(read("ollama", ndjson({ message: null, done: null }, ...plain)), PLAIN);
  });
  test("a finish reason with more content behind it", () => {
    assert.deepEqual(
      read("ollama", ndjson(...plain.slice(0, 2), { ...end, done: false }, message({ content: "7 °C." }), { done: true })),
      PLAIN,
    );
  });
  test("tokens from a cache, which are a part of the prompt's", () => {
    const streamed = (cached: number | null): string => ndjson(...plain.slice(0, -1), { ...end, prompt_eval_cached_count: cached });
    const counted = (cached: number) => foldEvents(readPieces("ollama", [Buffer.from(streamed(cached))]).events);
    assert.deepEqual(read("ollama", streamed(null)), PLAIN);
    const usage = { inputTokens: 9, outputTokens: 5 };
    assert.deepEqual(counted(7).usage, { ...usage, cachedTokens: 7 });
    assert.deepEqual(counted(12).usage, { ...usage, cachedTokens: 9 });
  });
  test("arguments as a text, and as nothing", () => {
    const stream = ndjson(
      call({ id: "c1", function: { name: "a", arguments: '{"n":1}' } }),
      call({ id: "c2", function: { name: "b", arguments: null } }),
      end,
    );
    assert.deepEqual(read("ollama", stream), {
      ...TWICE,
      tools: [
        ["c1", "a", '{"n":1}'],
        ["c2", "b", "{}"],
      ],
    });
  });
  test("calls that share an id, and calls of nothing", () => {
    const stream = ndjson(
      call({ id: "c", function: { name: "a", arguments: { n: 1 } } }),
      message({ tool_calls: [null, {}] }),
      call({ id: "c", function: { name: "b", arguments: { n: 2 } } }),
      end,
    );
    const { tools } = read("ollama", stream);
    assert.deepEqual(
      tools.map(([, ...rest]) => rest),
      TWICE.tools.map(([, ...rest]) => rest),
    );
    assert.equal(new Set(tools.map(([id]) => id)).size, 2);
  });
});
