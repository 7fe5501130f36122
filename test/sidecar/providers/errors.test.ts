// Error answers as providers really write them, over real sockets: kind, whether it may be tried again, and what else is told.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import type { Provider } from "../../../sidecar/providers/provider.ts";
import type { ErrorInfo, JsonValue } from "../../../sidecar/types.ts";
import { fakeAtHand, providerAt } from "../../support/fake-at-hand.ts";
import { FakeProvider } from "../../support/fake-provider.ts";
import { call, callError, createProvider } from "../../support/provider-calls.ts";
import { foldEvents } from "../../support/wire-reading.ts";
import { chunk, stopped } from "./variations/chat-records.ts";
import { sse } from "./variations/one-answer.ts";

const here = await fakeAtHand();
const { fake, http } = here;

const provider = (id = "openai-compatible", key: string | undefined = "sk-canary-1234567890"): Provider => providerAt(here, id, key);

interface Row {
  readonly title: string;
  readonly status: number;
  readonly body: JsonValue;
  readonly headers?: Record<string, string>;
  readonly provider?: string;
  readonly expected: Partial<ErrorInfo>;
  /** Part of the words that people read. */
  readonly words?: string;
}

const ROWS: readonly Row[] = [
  {
    title: "a wrong key",
    status: 401,
    body: { error: { message: "Incorrect API key provided", type: "invalid_request_error", param: null, code: "invalid_api_key" } },
    headers: { "x-request-id": "req-1" },
    expected: { kind: "auth", retryable: false, status: 401, providerCode: "invalid_api_key", requestId: "req-1", phase: "before-headers" },
    words: "Incorrect API key provided",
  },
  {
    title: "a wrong key at Anthropic, with the request id in the body",
    provider: "anthropic",
    status: 401,
    body: { type: "error", error: { type: "authentication_error", message: "invalid x-api-key" }, request_id: "req_011" },
    expected: { kind: "auth", retryable: false, providerCode: "authentication_error", requestId: "req_011" },
    words: "invalid x-api-key",
  },
  {
    title: "no permission",
    status: 403,
    body: { error: { message: "no", code: "unsupported_country_region_territory" } },
    expected: { kind: "permission", retryable: false },
  },
  {
    title: "quirk 12: a quota that is used up is permanent",
    status: 429,
    body: { error: { message: "You exceeded your current quota", type: "insufficient_quota", code: "insufficient_quota" } },
    expected: { kind: "quota", retryable: false, status: 429 },
  },
  {
    title: 'quirk 12: a name that only says "insufficient quota" is a passing limit',
    status: 429,
    body: { status: 429, error: "INSUFFICIENT QUOTA", message: "You exceeded your current limit of concurrent requests." },
    expected: { kind: "rate-limit", retryable: true },
    words: "concurrent requests",
  },
  {
    title: "quirk 16: a rate limit that speaks of tokens is no overflow",
    status: 429,
    body: { error: { message: "Rate limit: maximum context length of tokens per minute reached", code: "rate_limit_exceeded" } },
    headers: { "retry-after-ms": "2500" },
    expected: { kind: "rate-limit", retryable: true, retryAfterMs: 2500 },
  },
  {
    title: "a rate limit whose wait is inside the body (Gemini)",
    status: 429,
    body: [{ error: { code: 429, message: "Resource exhausted", status: "RESOURCE_EXHAUSTED", details: [{ retryDelay: "34s" }] } }],
    expected: { kind: "rate-limit", retryable: true, retryAfterMs: 34_000, providerCode: "RESOURCE_EXHAUSTED" },
  },
  {
    title: "payment",
    status: 402,
    body: { error: { message: "Insufficient Balance", code: 402 } },
    expected: { kind: "quota", retryable: false, status: 402 },
  },
  {
    title: "overload at Anthropic (529)",
    provider: "anthropic",
    status: 529,
    body: { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    expected: { kind: "overloaded", retryable: true, providerCode: "overloaded_error" },
  },
  {
    title: "quirk 15: a model that is being loaded is told as that, and may be asked again",
    provider: "llama-server",
    status: 503,
    body: { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
    expected: { kind: "overloaded", retryable: true, providerCode: "loading-model" },
  },
  {
    title: "quirk 13: a header that forbids another try is believed",
    status: 503,
    body: { error: { message: "down" } },
    headers: { "x-should-retry": "false", "retry-after": "7" },
    expected: { kind: "overloaded", retryable: false, retryAfterMs: 7000 },
  },
  {
    title: "quirk 13: a header that allows another try is believed",
    status: 422,
    body: { error: { message: "odd" } },
    headers: { "x-should-retry": "true", "retry-after": "7" },
    expected: { kind: "invalid-request", retryable: true, retryAfterMs: 7000 },
  },
  {
    title: "quirk 13: a status that stands is told as that, whatever a header says",
    status: 400,
    body: { error: { message: "odd" } },
    headers: { "x-should-retry": "true" },
    expected: { kind: "invalid-request", retryable: false },
  },
  {
    title: "an overflow by code",
    status: 400,
    body: { error: { message: "too long", code: "context_length_exceeded", param: "messages" } },
    expected: { kind: "context-length", retryable: false },
  },
  {
    title: "an overflow by words",
    provider: "anthropic",
    status: 400,
    body: { type: "error", error: { type: "invalid_request_error", message: "prompt is too long: 210000 tokens > 200000 maximum" } },
    expected: { kind: "context-length", retryable: false },
  },
  {
    title: "a request that is too large",
    status: 413,
    body: { error: { message: "Request too large" } },
    expected: { kind: "context-length", retryable: false },
  },
  {
    title: "a model that does not exist, by code",
    status: 404,
    body: { error: { message: "nope", type: "invalid_request_error", code: "model_not_found" } },
    expected: { kind: "model-not-found", retryable: false },
  },
  {
    title: "a model that does not exist, at Ollama",
    provider: "ollama",
    status: 404,
    body: { error: "model 'nope' not found" },
    expected: { kind: "model-not-found", retryable: false },
    words: "model 'nope' not found",
  },
  {
    title: "an address that does not exist is no model that does not",
    status: 404,
    body: { error: { code: 404, message: "File Not Found", type: "not_found_error" } },
    expected: { kind: "invalid-request", retryable: false, status: 404 },
  },
  {
    title: "a list of what did not fit (FastAPI)",
    status: 422,
    body: { detail: [{ loc: ["body", "temperature"], msg: "Input should be less than 2", type: "x" }] },
    expected: { kind: "invalid-request", retryable: false },
    words: "temperature: Input should be less than 2",
  },
  {
    title: "a fault of the server",
    status: 500,
    body: { error: { message: "oops", type: "server_error" } },
    expected: { kind: "server", retryable: true },
  },
  {
    title: "a gateway that gave up",
    status: 504,
    body: "upstream timed out",
    expected: { kind: "timeout", retryable: true },
    words: "upstream timed out",
  },
  {
    title: "a page of HTML from something in between",
    status: 502,
    body: "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>",
    expected: { kind: "server", retryable: true, status: 502 },
    words: "502 Bad Gateway",
  },
  { title: "an empty body", status: 500, body: "", expected: { kind: "server", retryable: true }, words: "status 500" },
  {
    title: "a list of errors (Cloudflare)",
    status: 400,
    body: { result: null, success: false, errors: [{ code: 5007, message: "No such model @cf/meta/x or task" }], messages: [] },
    expected: { kind: "model-not-found", providerCode: "5007" },
    words: "No such model @cf/meta/x or task",
  },
  {
    title: "a list of texts (Hugging Face)",
    status: 422,
    body: { error: ["Error in `parameters`: bad", "and worse"], warnings: [] },
    expected: { kind: "invalid-request" },
    words: "Error in `parameters`: bad; and worse",
  },
  {
    title: "words that begin with a capital (AWS)",
    status: 403,
    body: { Message: "User is not authorized to invoke it" },
    expected: { kind: "permission" },
    words: "User is not authorized to invoke it",
  },
  {
    title: "words that stand deeper, as those of another server do",
    status: 400,
    body: { error: { message: { error: { message: "no such tool" } }, code: "bad" } },
    expected: { kind: "invalid-request", providerCode: "bad" },
    words: "no such tool",
  },
  {
    title: "words in no form that anybody has",
    status: 400,
    body: { error: { message: { field: "tools", fault: 7 } } },
    expected: { kind: "invalid-request" },
    words: '{"field":"tools","fault":7}',
  },
  {
    title: "its words, and not those of the list beside them",
    status: 422,
    body: { message: "Validation failed", errors: [{ code: "missing", message: "a field" }] },
    expected: { kind: "invalid-request" },
    words: "Validation failed",
  },
  {
    title: "what an upstream said, in the words of a router",
    status: 400,
    body: {
      error: {
        code: 400,
        message: "Provider returned error",
        metadata: { raw: '{"error":{"message":"bad tool schema"}}', provider_name: "X" },
      },
    },
    expected: { kind: "invalid-request" },
    words: "Provider returned error: bad tool schema",
  },
];

describe("An error answer:", () => {
  for (const row of ROWS) {
    test(row.title, async () => {
      fake.enqueue({ status: row.status, body: row.body, ...(row.headers === undefined ? {} : { headers: row.headers }) });
      const { info } = await callError(provider(row.provider));
      assert.deepEqual({ ...info, ...row.expected }, info);
      assert.ok(info.message.includes(row.words ?? ""), info.message);
      assert.equal(info.provider, row.provider ?? "openai-compatible");
      assert.equal(info.model, "test-model");
    });
  }

  test("a body without an end is read up to a bound, and the connection is closed", async () => {
    fake.enqueue({ status: 500, steps: [...Array.from({ length: 300 }, () => ({ raw: "x".repeat(1024) })), { gate: "never" }] });
    const error = await callError(provider());
    assert.equal(error.status, 500);
    assert.ok(error.message.length < 3000);
    await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
  });

  test("words that come compressed are read, and what cannot be unpacked, or is too much, is none", async () => {
    const words = Buffer.from(JSON.stringify({ error: { message: "the model is asleep" } }));
    const bodies = {
      gzip: gzipSync(words),
      deflate: deflateSync(words),
      br: brotliCompressSync(words),
      none: words,
      zip: gzipSync(words).fill(7),
      "x-gzip": gzipSync(Buffer.concat([words, Buffer.alloc(300_000)])),
    };
    const server = createServer((request, response) => {
      const [, encoding = ""] = (request.url ?? "").split("/");
      response.writeHead(400, { "content-encoding": encoding }).end(new Map(Object.entries(bodies)).get(encoding));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    try {
      for (const encoding of Object.keys(bodies)) {
        const error = await callError(createProvider("vllm", { baseUrl: `http://127.0.0.1:${port}/${encoding}`, key: undefined }, http));
        const readable = ["gzip", "deflate", "br", "none"].includes(encoding);
        assert.equal(error.message, readable ? "vLLM (400): the model is asleep" : "vLLM answered with status 400.", encoding);
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("a key that the provider repeats is struck out wherever it stands, also as an address has it", async () => {
    const key = "sk-canary-12345/67890+=";
    const keyed = createProvider("openai-compatible", { baseUrl: fake.baseUrl("openai-chat"), key }, http);
    const headers = { "x-request-id": `of ${key}` };
    const lower = encodeURIComponent(key).replaceAll(/%../gu, (escape) => escape.toLowerCase());
    for (const [form, repeated] of [key, encodeURIComponent(key), lower].entries()) {
      fake.enqueue({ status: 401, headers, body: { error: { message: `Key ${repeated} is wrong`, code: `bad:${repeated}` } } });
      const { info, message } = await callError(keyed);
      assert.deepEqual([info.providerCode, info.requestId, message], ["bad:…", "of …", info.message], String(form));
      assert.ok(message.endsWith("(401): Key … is wrong"), message);
    }
    const behind = sse(chunk({ content: "Whole" }), stopped(), { error: { message: key, code: key } });
    fake.enqueue({ headers, steps: [{ raw: behind }] });
    fake.enqueue({ status: 400, headers, body: { error: { message: `No ${key}`, code: "content_filter" } } });
    for (const [ended, told] of [
      ["stop", "after-the-end"],
      ["content-filter", "prompt-blocked"],
    ] as const) {
      const { events, thrown } = await call(keyed);
      assert.equal(thrown, null);
      assert.equal(foldEvents(events).finish?.finishReason, ended);
      assert.ok(events.some((event) => event.type === "warning" && event.code === told));
      assert.ok(events.some((event) => event.type === "request-id" && event.requestId === "of …"));
      assert.doesNotMatch(JSON.stringify(events), /canary/u);
    }
  });

  test("quirk 17: a prompt that Azure's filter stops ends like any other answer that a filter stops", async () => {
    const inner = { code: "ResponsibleAIPolicyViolation" };
    fake.enqueue({
      status: 400,
      body: { error: { message: "The response was filtered", param: "prompt", code: "content_filter", status: 400, innererror: inner } },
    });
    const { events, thrown } = await call(provider("azure"));
    assert.equal(thrown, null);
    assert.deepEqual(foldEvents(events).finish, { type: "finish", finishReason: "content-filter", rawFinishReason: "content_filter" });
    assert.ok(
      events.some(
        (event) => event.type === "warning" && event.code === "prompt-blocked" && event.message?.includes("was filtered") === true,
      ),
    );
  });

  test("a connection that is refused names the address", async () => {
    const gone = await FakeProvider.start();
    await gone.close();
    const error = await callError(createProvider("lmstudio", { baseUrl: `${gone.origin}/v1`, key: undefined }, http));
    assert.deepEqual([error.kind, error.providerCode, error.phase, error.retryable], ["network", "ECONNREFUSED", "before-headers", false]);
    assert.ok(error.message.includes(gone.origin));
  });
});

describe("Before anything is sent,", () => {
  test("a missing key is named with its variable", async () => {
    const error = await callError(createProvider("groq", { baseUrl: undefined, key: undefined }, http));
    assert.deepEqual([error.kind, error.providerCode], ["auth", "missing-key"]);
    assert.match(error.message, /GROQ_API_KEY/u);
  });

  test("another server under a provider's name may do without a key", async () => {
    const { thrown } = await call(createProvider("groq", { baseUrl: `${fake.origin}/openai/v1`, key: undefined }, http));
    assert.equal(thrown, null);
    assert.equal(fake.requests[0]?.headers["authorization"], undefined);
  });

  test("a missing base URL is named with its variable", async () => {
    const error = await callError(createProvider("azure", { baseUrl: undefined, key: "k" }, http));
    assert.equal(error.providerCode, "missing-base-url");
    assert.match(error.message, /AZURE_OPENAI_ENDPOINT/u);
  });

  test("a base URL that is none is named", async () => {
    const error = await callError(createProvider("vllm", { baseUrl: "ftp://x", key: undefined }, http));
    assert.equal(error.providerCode, "invalid-base-url");
  });

  test("a key that no header can carry is refused without being repeated", async () => {
    const error = await callError(provider("openai-compatible", "sk-can\nary"));
    assert.equal(error.providerCode, "invalid-key");
    assert.ok(!error.message.includes("ary"));
    assert.equal(fake.requests.length, 0);
  });
});

describe("A key travels", () => {
  const HEADERS: readonly (readonly [provider: string, header: string, value: string])[] = [
    ["openai", "authorization", "Bearer sk-1234"],
    ["anthropic", "x-api-key", "sk-1234"],
    ["azure", "api-key", "sk-1234"],
    ["portkey", "x-portkey-api-key", "sk-1234"],
  ];
  for (const [id, header, value] of HEADERS) {
    test(`to ${id} as ${header}`, async () => {
      await call(provider(id, "sk-1234"));
      assert.equal(fake.requests[0]?.headers[header], value);
      assert.ok(!fake.requests[0].bodyText.includes("sk-1234"));
      assert.ok(!fake.requests[0].path.includes("sk-1234"));
    });
  }
});
