// Chunks that are read without being parsed are read as parsing would read them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DeltaTemplate } from "../../../sidecar/providers/openai-chat/delta-template.ts";
import { ChatReader } from "../../../sidecar/providers/openai-chat/reader.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import { MalformedRecord } from "../../../sidecar/providers/wire-adapter.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { wireTarget } from "../../support/wire-reading.ts";

const chunk = (text: string, more = ""): string =>
  `{"id":"c","choices":[{"index":0,"delta":{"content":${JSON.stringify(text)}},"finish_reason":null}]${more}}`;

function learned(data: string, text: string): DeltaTemplate {
  const template = new DeltaTemplate();
  template.learn(data, "content", text);
  return template;
}

describe("A template", () => {
  test("gives the text of a chunk that differs in its text alone", () => {
    const template = learned(chunk("a"), "a");
    for (const text of ["b", " long text", 'quo"ted', "back\\slash", "line\nbreak", "é😀\u2028", "\\", '"', '"}']) {
      assert.deepEqual(template.match(chunk(text)), { field: "content", text });
    }
  });

  test("does not match what differs elsewhere", () => {
    const template = learned(chunk("a"), "a");
    for (const data of [
      chunk("a", ',"usage":{"prompt_tokens":1}'),
      chunk("a").replace('"c"', '"d"'),
      chunk("a").replace("null", '"stop"'),
      chunk("a").replace('"content":"a"', '"content":null'),
      chunk("a").replace('"content":"a"', '"content":"a","tool_calls":[]'),
      chunk("a").replace('"content":"a"', '"content":"a","x":"b"'),
      "",
      "[DONE]",
    ]) {
      assert.equal(template.match(data), undefined, data);
    }
  });

  test("does not match a text of nothing, in whose place another field may be read", () => {
    assert.equal(learned(chunk("a"), "a").match(chunk("")), undefined);
    const thought = (text: string): string => `{"choices":[{"index":0,"delta":{"reasoning_content":"${text}","reasoning":"R"}}]}`;
    const reader = new ChatReader(wireTarget("openai-compatible"));
    const events: ProviderEvent[] = [];
    for (const text of ["a", "b", ""]) reader.readRecord(thought(text), "", events);
    assert.deepEqual(
      events,
      ["a", "b", "R"].map((text) => ({ type: "reasoning-delta", text })),
    );
  });

  test("does not match what is no JSON between the quotes", () => {
    const template = learned(chunk("X"), "X");
    for (const written of ["\n", "\\x", "\\", "\u0001", '"', '","x":"', "\\u12"]) {
      assert.equal(template.match(chunk("X").replace("X", () => written)), undefined, JSON.stringify(written));
    }
  });

  for (const [what, chunkWith] of [
    ["OpenAI's", (text: string, padding: string) => chunk(text, `,"obfuscation":"${padding}"`)],
    ["Mistral's", (text: string, padding: string) => chunk(text, `,"p":"${padding}"`)],
    ["one in the choice", (text: string, padding: string) => chunk(text).replace("null}", () => `null,"obfuscation":"${padding}"}`)],
    ["one between other fields", (text: string, padding: string) => chunk(text, `,"p":"${padding}","usage":null`)],
  ] as const) {
    test(`gives the text also where the padding is another one in each chunk: ${what}`, () => {
      const template = learned(chunkWith("a", "x"), "a");
      for (const text of ["b", 'quo"ted', "\\", '","obfuscation":"y', "é"]) {
        for (const padding of ["", "y", "long padding, with } and ]"]) {
          assert.deepEqual(template.match(chunkWith(text, padding)), { field: "content", text }, chunkWith(text, padding));
        }
      }
      for (const padding of ["\\", '\\"', "\n", '","usage":{"prompt_tokens":1},"q":"', '"', "\u0001"]) {
        assert.equal(template.match(chunkWith("b", padding)), undefined, JSON.stringify(padding));
      }
      assert.equal(template.match(chunk("b")), undefined);
    });
  }

  test("takes nothing for padding that has its name elsewhere", () => {
    const inside = (text: string, padding: string): string => chunk(text, `,"usage":{"obfuscation":"${padding}"}`);
    const template = learned(inside("a", "x"), "a");
    assert.equal(template.match(inside("b", "y")), undefined);
    assert.deepEqual(template.match(inside("b", "x")), { field: "content", text: "b" });
  });

  test("is not misled by the same words in another place", () => {
    const decoy = (first: string, second: string): string =>
      `{"note":{"content":"${first}"},"choices":[{"index":0,"delta":{"content":"${second}"},"finish_reason":null}]}`;
    const template = learned(decoy("a", "a"), "a");
    assert.equal(template.match(decoy("b", "a")), undefined);
    assert.equal(template.match(decoy("a", "b")), undefined);
  });

  test("is given up on where every chunk holds something new", () => {
    const template = new DeltaTemplate();
    for (let count = 0; count < 200; count += 1) template.learn(chunk("a", `,"padding":"${count}"`), "content", "a");
    assert.equal(template.match(chunk("b", ',"padding":"199"')), undefined);
  });
});

describe("A reader with templates", () => {
  /** Each chunk by a reader of its own has to be parsed, since nothing was learned yet. */
  function readApart(chunks: readonly string[]): readonly ProviderEvent[] {
    const events: ProviderEvent[] = [];
    for (const data of chunks) new ChatReader(wireTarget("vllm")).readRecord(data, "", events);
    return events;
  }

  function readTogether(chunks: readonly string[]): readonly ProviderEvent[] {
    const events: ProviderEvent[] = [];
    const reader = new ChatReader(wireTarget("vllm"));
    for (const data of chunks) reader.readRecord(data, "", events);
    return events;
  }

  const pieces = ["", "a", " b", '"', "\\", "\n", "é", "😀", "\u2028", "x".repeat(300), '","finish_reason":"stop'];
  const shapes: readonly ((text: string) => string)[] = [
    (text) => chunk(text),
    (text) => chunk(text, ',"usage":null'),
    (text) => chunk(text, `,"obfuscation":"${"o".repeat(text.length % 7)}"`),
    (text) => chunk(text, `,"p":${JSON.stringify(text)}`),
    (text) => `{"id":"c","choices":[{"index":0,"delta":{"reasoning_content":${JSON.stringify(text)}},"finish_reason":null}]}`,
    (text) => `{"choices":[{"delta":{"reasoning":${JSON.stringify(text)},"content":""},"index":0}],"id":"c"}`,
    (text) => `{"choices":[{"delta":{"role":"assistant","content":${JSON.stringify(text)}},"index":0}],"created":${text.length}}`,
    (text) => `{"choices":[{"delta":{"content":${JSON.stringify(text)},"reasoning":${JSON.stringify(text)}},"index":0}]}`,
  ];

  test("reads 3,000 random chunks as a reader without them", () => {
    const random = seededRandom(99);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] ?? assert.fail();
    let shape = pick(shapes);
    const chunks = Array.from({ length: 3000 }, () => {
      if (random() < 0.05) shape = pick(shapes);
      return shape(pick(pieces) + pick(pieces));
    });
    assert.deepEqual(readTogether(chunks), readApart(chunks));
  });

  test("still refuses what is no JSON after it has learned", () => {
    const reader = new ChatReader(wireTarget("vllm"));
    const events: ProviderEvent[] = [];
    reader.readRecord(chunk("X"), "", events);
    assert.throws(() => reader.readRecord(chunk("X").replace("X", "\\x"), "", events), MalformedRecord);
  });
});
