import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  baseUrlFromEnvironment,
  endpointUrl,
  keyFromEnvironment,
  ollamaHostUrl,
  parseBaseUrl,
  urlBeside,
} from "../../../sidecar/providers/base-url.ts";
import { ProviderError } from "../../../sidecar/providers/provider.ts";
import { PROVIDER_ROWS, providerRow, type ProviderRow } from "../../../sidecar/providers/registry.ts";

function row(id: string): ProviderRow {
  return providerRow(id) ?? assert.fail(`no row for ${id}`);
}

describe("OLLAMA_HOST is read as Ollama reads it:", () => {
  const CASES: readonly (readonly [value: string, url: string])[] = [
    ["127.0.0.1:11434", "http://127.0.0.1:11434"],
    ["127.0.0.1", "http://127.0.0.1:11434"],
    ["0.0.0.0", "http://127.0.0.1:11434"],
    ["0.0.0.0:5000", "http://127.0.0.1:5000"],
    ["http://0.0.0.0:11434", "http://127.0.0.1:11434"],
    [":5000", "http://127.0.0.1:5000"],
    ["", "http://127.0.0.1:11434"],
    ["example.com", "http://example.com:11434"],
    ["example.com:56789", "http://example.com:56789"],
    ["http://example.com", "http://example.com:80"],
    ["https://example.com", "https://example.com:443"],
    ["https://example.com:8443/ollama/", "https://example.com:8443/ollama"],
    ["example.com/ollama", "http://example.com:11434/ollama"],
    ["[::1]", "http://[::1]:11434"],
    ["[::1]:1337", "http://[::1]:1337"],
    ["::1", "http://[::1]:11434"],
    ["[::]:11434", "http://[::1]:11434"],
    ["::", "http://[::1]:11434"],
    ["1.2.3.4:99999", "http://1.2.3.4:11434"],
    ["1.2.3.4:no", "http://1.2.3.4:11434"],
    [' "1.2.3.4:5" ', "http://1.2.3.4:5"],
  ];
  for (const [value, url] of CASES) test(`fault 21: ${JSON.stringify(value)} is ${url}`, () => assert.equal(ollamaHostUrl(value), url));

  test("and what it gives can be called", () => {
    for (const [value] of CASES) assert.ok(URL.canParse(ollamaHostUrl(value)), value);
  });
});

describe("A base URL", () => {
  const CASES: readonly (readonly [provider: string, text: string, url: string, path: string, endpoint: string])[] = [
    ["vllm", "http://localhost:8000", "http://localhost:8000/v1", "/models", "http://localhost:8000/v1/models"],
    ["vllm", "http://localhost:8000/", "http://localhost:8000/v1", "/models", "http://localhost:8000/v1/models"],
    ["vllm", "localhost:8000/v1/", "http://localhost:8000/v1", "/models", "http://localhost:8000/v1/models"],
    [
      "openai-compatible",
      "https://x.example/v1/chat/completions",
      "https://x.example/v1",
      "/chat/completions",
      "https://x.example/v1/chat/completions",
    ],
    ["openai-compatible", "https://x.example/v1?a=b#c", "https://x.example/v1?a=b", "/models", "https://x.example/v1/models?a=b"],
    [
      "azure",
      "https://me.openai.azure.com/openai/deployments/mine/chat/completions?api-version=2024-10-21",
      "https://me.openai.azure.com/openai/deployments/mine?api-version=2024-10-21",
      "/chat/completions",
      "https://me.openai.azure.com/openai/deployments/mine/chat/completions?api-version=2024-10-21",
    ],
    [
      "anthropic",
      "https://proxy.example/?team=a/",
      "https://proxy.example/?team=a/",
      "/v1/models?limit=1000",
      "https://proxy.example/v1/models?limit=1000&team=a/",
    ],
    ["deepseek", "https://api.deepseek.com", "https://api.deepseek.com/", "/chat/completions", "https://api.deepseek.com/chat/completions"],
    [
      "azure",
      "https://me.openai.azure.com",
      "https://me.openai.azure.com/openai/v1",
      "/models",
      "https://me.openai.azure.com/openai/v1/models",
    ],
    ["anthropic", "https://api.anthropic.com/v1", "https://api.anthropic.com/", "/v1/messages", "https://api.anthropic.com/v1/messages"],
    [
      "anthropic",
      "https://proxy.example/anthropic/",
      "https://proxy.example/anthropic",
      "/v1/messages",
      "https://proxy.example/anthropic/v1/messages",
    ],
    ["ollama", "http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/", "/api/chat", "http://127.0.0.1:11434/api/chat"],
    ["ollama", "http://127.0.0.1:11434/api", "http://127.0.0.1:11434/", "/api/chat", "http://127.0.0.1:11434/api/chat"],
  ];
  for (const [provider, text, url, path, endpoint] of CASES) {
    test(`${text} of ${provider} means ${url}`, () => {
      const base = parseBaseUrl(row(provider), text);
      assert.equal(base.href, url);
      assert.equal(endpointUrl(base, path).href, endpoint);
    });
  }

  for (const text of [
    "localhost",
    "LOCALHOST/v1",
    "box:8000",
    "box:8000/v1",
    "10.0.0.5",
    "[::1]",
    "[::1]:8000",
    "x.example?a",
    "x.example/v1",
  ]) {
    test(`${text} is called by http`, () => {
      assert.equal(parseBaseUrl(row("vllm"), text).href, parseBaseUrl(row("vllm"), `http://${text}`).href);
    });
  }

  for (const text of [
    "notaurl",
    "notaurl/v1",
    "/v1",
    "http:x",
    "box:port",
    "",
    "   ",
    "ftp://x",
    "http://",
    "http://user:secret@host/v1",
    "ftp://user:secret@host/v1?key=secret",
    "https://x.example/v1?key=secret",
    "https://x.example/v1?api-version=1&api_key=secret",
    "https://x.example/v1?Ocp-Apim-Subscription-Key=secret",
    "x.example:8000?access_token=secret",
    "user:secret@host",
  ]) {
    test(`${JSON.stringify(text)} is refused`, () => {
      assert.throws(
        () => parseBaseUrl(row("vllm"), text),
        (error) => error instanceof ProviderError && error.providerCode === "invalid-base-url" && !error.message.includes("secret"),
      );
    });
  }
});

test("A password in an address is refused, not repeated, and the place for a key is named", () => {
  const messageFor = (id: string): string => {
    try {
      return parseBaseUrl(row(id), "https://secret-name:secret@host:8000/v1").href;
    } catch (error) {
      return String(error);
    }
  };
  const vllm = messageFor("vllm");
  assert.match(
    vllm,
    /"https:\/\/…@host:8000" .+ a name or password in an address is not taken\. .+"Parley: Set API Key…".+VLLM_API_KEY\.$/u,
  );
  assert.match(messageFor("mlx"), /"Parley: Set API Key…"\.$/u);
  assert.doesNotMatch(vllm + messageFor("mlx"), /secret/u);
});

test("A key in an address is refused by its name, and the place for it is named; other fields of a query are no keys", () => {
  assert.throws(
    () => parseBaseUrl(row("gemini"), "https://x.example/v1?key=secret"),
    /"https:\/\/x\.example\/v1\?…" .+ a key in an address \("key"\) is not taken\. Leave it out\. .+GEMINI_API_KEY/u,
  );
  for (const query of ["?api-version=2024-10-21", "?monkey=1", "?keyboard=1", "?design=2", "?model-token-limit=3"]) {
    assert.equal(parseBaseUrl(row("vllm"), `http://x/v1${query}`).search, query);
  }
});

test("What is asked beside the endpoints has the query of the base URL as well", () => {
  const base = parseBaseUrl(row("llama-server"), "http://x:1/v1?team=a");
  assert.equal(urlBeside(base, "../props").href, "http://x:1/props?team=a");
  assert.equal(urlBeside(base, "tokenize?x=1").href, "http://x:1/v1/tokenize?x=1&team=a");
});

describe("The environment", () => {
  test("fault 21: gives the first base URL that is set, Ollama's in its own format", () => {
    assert.equal(baseUrlFromEnvironment(row("ollama"), { OLLAMA_HOST: "0.0.0.0:9" }), "http://127.0.0.1:9");
    assert.equal(baseUrlFromEnvironment(row("ollama"), { OLLAMA_HOST: "0.0.0.0:9", OLLAMA_BASE_URL: "http://x:1" }), "http://x:1");
    assert.equal(baseUrlFromEnvironment(row("openai"), { OPENAI_BASE_URL: "  " }), undefined);
  });

  test("gives the first key that is set", () => {
    assert.equal(keyFromEnvironment(row("gemini"), { GOOGLE_API_KEY: "g" }), "g");
    assert.equal(keyFromEnvironment(row("gemini"), { GOOGLE_API_KEY: "g", GEMINI_API_KEY: " k " }), "k");
    assert.equal(keyFromEnvironment(row("lmstudio"), { OPENAI_API_KEY: "x" }), undefined);
  });
});

describe("The registry", () => {
  test("has every provider that is promised, once", () => {
    const promised =
      "openai anthropic ollama lmstudio openrouter vllm llama-server mlx huggingface openai-compatible portkey gemini azure groq deepseek mistral local editor";
    const ids = PROVIDER_ROWS.map(({ id }) => id);
    assert.deepEqual(
      promised.split(" ").filter((id) => !ids.includes(id)),
      [],
    );
    assert.equal(new Set(ids).size, ids.length);
  });

  test("has base URLs that can be called, and a way to set one where there is none", () => {
    for (const one of PROVIDER_ROWS) {
      if (one.defaultBaseUrl !== undefined) assert.ok(parseBaseUrl(one, one.defaultBaseUrl).href.startsWith("http"), one.id);
      else if (one.wire !== "local" && one.wire !== "editor") assert.ok(one.baseUrlVariables.length > 0, one.id);
    }
  });

  test("names a variable for every key that is required", () => {
    for (const one of PROVIDER_ROWS) if (one.key === "required") assert.ok(one.keyVariables.length > 0, one.id);
  });

  test("quirk 1: has no time limit of 300 s by accident", () => {
    for (const one of PROVIDER_ROWS) for (const limit of Object.values(one.timeLimits)) assert.notEqual(limit, 300_000, one.id);
  });

  test("does not know what does not exist", () => {
    assert.equal(providerRow("nobody"), undefined);
    assert.equal(providerRow("__proto__"), undefined);
  });
});
