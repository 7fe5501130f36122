import assert from "node:assert/strict";
import { test } from "node:test";
import { holdsCredentials, serverCandidates, serverName } from "../../extension/models/server-address.ts";

const cases: readonly (readonly [string, readonly string[]])[] = [
  ["http://10.0.0.5:9000", ["openai-compatible http://10.0.0.5:9000/v1", "openai-compatible http://10.0.0.5:9000"]],
  ["http://10.0.0.5:9000/v1/", ["openai-compatible http://10.0.0.5:9000/v1"]],
  ["localhost:8000", ["vllm http://localhost:8000/v1", "vllm http://localhost:8000"]],
  ["localhost:1234/v1", ["lmstudio http://localhost:1234/v1"]],
  [
    " 127.0.0.1:11434 ",
    ["ollama http://127.0.0.1:11434", "openai-compatible http://127.0.0.1:11434/v1", "openai-compatible http://127.0.0.1:11434"],
  ],
  ["llm.example.com/api", ["openai-compatible https://llm.example.com/api", "openai-compatible https://llm.example.com/api/v1"]],
  ["gpu-box:9000", ["openai-compatible http://gpu-box:9000/v1", "openai-compatible http://gpu-box:9000"]],
  ["HTTPS://Example.com/v1?x=1#y", ["openai-compatible https://example.com/v1?x=1"]],
  ["https://example.com/a/?x=1", ["openai-compatible https://example.com/a?x=1", "openai-compatible https://example.com/a/v1?x=1"]],
  ["https://example.com/v1?key=k", []],
  ["", []],
  ["ftp://example.com", []],
  ["http://user:password@example.com/v1", []],
  ["two words", []],
];

for (const [typed, expected] of cases) {
  test(`“${typed}” is tried as ${expected.length === 0 ? "nothing" : expected.join(", ")}`, () => {
    assert.deepEqual(
      serverCandidates(typed).map(({ preset, baseUrl }) => `${preset} ${baseUrl}`),
      expected,
    );
  });
}

test("an address with a name, password or key in it is told from what is none", () => {
  for (const typed of [
    "http://user:pw@example.com/v1",
    "user:pw@example.com",
    " https://token@example.com ",
    "http://a@b:c@example.com",
    "example.com/v1?x=1&api_key=k",
  ])
    assert.ok(holdsCredentials(typed), typed);
  for (const typed of ["http://example.com/@me", "ftp://user:pw@example.com", "two@ words", "@", "http://user@", "http://example.com/v1"])
    assert.ok(!holdsCredentials(typed), typed);
});

test("a server is named for its host, and never like another", () => {
  assert.equal(serverName("http://127.0.0.1:8000/v1", new Set()), "localhost-8000");
  assert.equal(serverName("https://www.example.com/v1", new Set(["example.com", "example.com-2"])), "example.com-3");
});
