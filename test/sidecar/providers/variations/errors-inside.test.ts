// Errors that come under status 200 in forms that only their makers write: each is told as what it is, and what came before
// it stays.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { errorKind } from "../../../../sidecar/providers/error-kinds.ts";
import type { ErrorKind, JsonObject } from "../../../../sidecar/types.ts";
import type { FakeWire } from "../../../support/fake-provider-script.ts";
import { bytesOneByOne, foldEvents, readPieces } from "../../../support/wire-reading.ts";
import { chunk, counted, said, stopped } from "./chat-records.ts";
import { PLAIN, read, sse } from "./one-answer.ts";

const failed = (
  body: string,
  wire: FakeWire = "openai-chat",
): { readonly text: string; readonly kind: ErrorKind; readonly message: string } => {
  const whole = readPieces(wire, [Buffer.from(body)]);
  const pieces = readPieces(wire, bytesOneByOne(Buffer.from(body)));
  assert.deepEqual(pieces.events, whole.events, "the same one byte at a time");
  assert.ok(whole.failure !== null, "an error inside the stream");
  assert.deepEqual(pieces.failure?.payload, whole.failure.payload);
  const { payload } = whole.failure;
  return { text: foldEvents(whole.events).text, kind: errorKind(payload.status, payload), message: payload.message };
};

describe("Errors inside a stream of chat completions:", () => {
  const minimax = (code: number, words: string): JsonObject => ({
    id: "x",
    choices: null,
    base_resp: { status_code: code, status_msg: words },
  });

  for (const [code, kind] of [
    [1002, "rate-limit"],
    [1004, "auth"],
    [1008, "quota"],
    [1027, "content-filter"],
    [2013, "invalid-request"],
    [1000, "server"],
  ] as const) {
    test(`MiniMax's number ${code} is told as ${kind}`, () => {
      assert.deepEqual(failed(sse(minimax(code, "no, sorry"))), { text: "", kind, message: "no, sorry" });
    });
  }

  test("MiniMax's number of an error is one beside choices too, and its zero is none", () => {
    const good: JsonObject = { base_resp: { status_code: 0, status_msg: "" } };
    assert.deepEqual(failed(sse({ ...said[1], ...good }, { ...said[2], base_resp: { status_code: 1027, status_msg: "sensitive" } })), {
      text: "It is ",
      kind: "content-filter",
      message: "sensitive",
    });
    assert.equal(readPieces("openai-chat", [Buffer.from(sse({ ...said[1], ...good }, { ...stopped(), ...good }, counted))]).failure, null);
  });

  test("fields of an error without an object around them", () => {
    const stream = sse(chunk({ content: "Hi" }), { message: "We failed", type: "server_error", param: null, code: "oops" });
    assert.deepEqual(failed(stream), { text: "Hi", kind: "server", message: "We failed" });
    assert.equal(failed(sse({ message: "We failed", type: "InternalServerException" })).kind, "server");
    assert.equal(failed(sse({ code: 429, msg: "too fast", data: null })).kind, "rate-limit");
    const well = sse(
      { code: 0, message: "Success", sid: "s" },
      chunk({ content: "Hi" }),
      stopped(),
      { message: "ok", code: null },
      { type: "status", message: "warm" },
    );
    assert.equal(readPieces("openai-chat", [Buffer.from(well)]).failure, null);
  });

  test("Groq's error beside the choices of a chunk", () => {
    const stream = sse(chunk({ content: "Hi" }), chunk({}, { x_groq: { id: "r", error: "over capacity" } }), "[DONE]");
    assert.deepEqual(failed(stream), { text: "Hi", kind: "server", message: "over capacity" });
    const fine = sse(chunk({ content: "Hi" }, { x_groq: { id: "r", error: null } }), stopped(), "[DONE]");
    assert.equal(readPieces("openai-chat", [Buffer.from(fine)]).failure, null);
  });

  test("an error as a field of its own, as earlier versions of llama.cpp's server wrote it", () => {
    const stream = `${sse(chunk({ content: "Hi" }))}error: {"code":500,"message":"failed to decode","type":"server_error"}\n\n`;
    assert.deepEqual(failed(stream), { text: "Hi", kind: "server", message: "failed to decode" });
    const words = `error: no JSON\nerrors: {}\n${sse(chunk({ content: "Hi" }), stopped())}`;
    assert.equal(readPieces("openai-chat", [Buffer.from(words)]).failure, null);
  });

  test("Alibaba's words for an account that owes and for what it does not want to read", () => {
    assert.equal(failed('event:error\ndata:{"code":"Arrearage","message":"Access denied"}\n\n').kind, "quota");
    assert.equal(failed('event:error\ndata:{"code":"DataInspectionFailed","message":"Input"}\n\n').kind, "content-filter");
    assert.equal(failed('event:error\ndata:{"code":"InvalidParameter","message":"Range"}\n\n').kind, "invalid-request");
  });

  for (const reason of ["network_error", "insufficient_system_resource"]) {
    test(`the finish reason ${reason} ends no whole answer`, () => {
      const { events } = readPieces("openai-chat", [Buffer.from(sse(...said, stopped(reason), "[DONE]"))]);
      assert.deepEqual(foldEvents(events).finish, { type: "finish", finishReason: "error", rawFinishReason: reason });
    });
  }
});

test("Chunks in a list are read as those in events of their own, and a list of anything else is none", () => {
  const stream = `data: ${JSON.stringify([...said, stopped(), counted])}\n\ndata: []\n\n`;
  assert.deepEqual(read("openai-chat", stream), PLAIN);
  for (const data of ["[1]", '[{"choices":[]},null]', "[[]]"])
    assert.throws(() => readPieces("openai-chat", [Buffer.from(`data: ${data}\n\n`)]), { name: "MalformedRecord" });
});

describe("A response of the Responses API", () => {
  const said: JsonObject = { type: "response.output_text.delta", item_id: "m", output_index: 0, content_index: 0, delta: "Hi" };
  const usage: JsonObject = { input_tokens: 10, output_tokens: 20 };
  const told = { type: "usage", inputTokens: 10, outputTokens: 20 };

  test("that failed is told with what it took, which is paid for", () => {
    const failure: JsonObject = {
      type: "response.failed",
      response: { status: "failed", error: { code: "server_error", message: "no" }, usage },
    };
    const reading = readPieces("openai-responses", [Buffer.from(sse(said, failure))]);
    assert.equal(reading.failure?.payload.message, "no");
    assert.deepEqual(reading.events, [{ type: "text-delta", text: "Hi" }, told]);
  });

  test("that was cancelled at the provider's is no whole answer", () => {
    const cancelled: JsonObject = { type: "response.cancelled", response: { status: "cancelled", usage } };
    const { events } = readPieces("openai-responses", [Buffer.from(sse(said, cancelled))]);
    assert.deepEqual(events.slice(1), [told, { type: "finish", finishReason: "error", rawFinishReason: "cancelled" }]);
  });
});

const WIRES: readonly FakeWire[] = ["openai-chat", "anthropic", "openai-responses", "ollama"];

/** In the place of an answer, as its only record. */
const IN_PLACE: readonly (readonly [whose: string, body: JsonObject, kind: ErrorKind, message: string])[] = [
  ["GLM", { code: 1113, msg: "Insufficient balance", success: false }, "quota", "Insufficient balance"],
  ["GLM, with a status,", { code: 500, msg: "404 NOT_FOUND", success: false }, "server", "404 NOT_FOUND"],
  ["MiniMax", { base_resp: { status_code: 1008, status_msg: "insufficient balance" } }, "quota", "insufficient balance"],
  ["Alibaba", { code: "Arrearage", message: "Access denied", request_id: "r" }, "quota", "Access denied"],
  ["FastAPI", { detail: "Model overloaded" }, "server", "Model overloaded"],
  ["Hugging Face", { error: "something broke" }, "server", "something broke"],
  [
    "Cloudflare",
    { success: false, errors: [{ code: 7009, message: "No such model" }], messages: [], result: null },
    "server",
    "No such model",
  ],
  [
    "Ollama, whose field is named after what failed,",
    { "error parsing tool call": "invalid character 'c'" },
    "server",
    "error parsing tool call: invalid character 'c'",
  ],
  ["AWS's gateway", { message: "Internal server error" }, "server", "Internal server error"],
  [
    "AWS's gateway, with ids,",
    { message: "Endpoint request timed out", connectionId: "c", requestId: "r" },
    "server",
    "Endpoint request timed out",
  ],
  ["AWS's Lambda", { errorMessage: "Task timed out after 20.03 seconds" }, "server", "Task timed out after 20.03 seconds"],
  ["a Lambda that threw", { errorMessage: "boom", errorType: "TypeError", trace: [] }, "server", "boom"],
  [
    "a service of AWS",
    { message: "Too many tokens, please wait", __type: "com.amazon.coral.service#ThrottlingException" },
    "rate-limit",
    "Too many tokens, please wait",
  ],
  [
    "Tencent",
    { Response: { Error: { Code: "RequestLimitExceeded", Message: "limit exceeded" }, RequestId: "r" } },
    "rate-limit",
    "limit exceeded",
  ],
  ["Tencent, with more of its code,", { Response: { Error: { Code: "AuthFailure.SecretIdNotFound", Message: "no" } } }, "auth", "no"],
  [
    "a problem of RFC 9457",
    { type: "about:blank", title: "Too Many Requests", status: 429, detail: "slow down" },
    "rate-limit",
    "slow down",
  ],
];

describe("An error in the place of an answer, in its provider's own form, is told with its words over every wire:", () => {
  for (const [whose, body, kind, message] of IN_PLACE) {
    test(`that of ${whose}`, () => {
      for (const wire of WIRES) assert.deepEqual(failed(`${JSON.stringify(body)}\n`, wire), { text: "", kind, message }, wire);
    });
  }

  const overloaded: JsonObject = { error: { code: 503, message: "The model is overloaded", status: "UNAVAILABLE" } };
  for (const [how, written] of [
    ["in one line", JSON.stringify([overloaded])],
    ["over several", JSON.stringify([overloaded], null, 2)],
  ] as const) {
    test(`that of Gemini, which is a list, ${how}`, () => {
      const told = { text: "", kind: "overloaded", message: "The model is overloaded" };
      const event = written.replaceAll(/^/gmu, "data: ");
      for (const wire of ["openai-chat", "anthropic", "openai-responses"] as const)
        assert.deepEqual(failed(`${event}\n\n`, wire), told, wire);
      assert.deepEqual(failed(`${JSON.stringify([overloaded])}\n`, "ollama"), told);
    });
  }

  test("that of a proxy, which is plain words in an event of that name", () => {
    for (const wire of ["openai-chat", "anthropic", "openai-responses"] as const)
      for (const data of ["upstream timed out", '"upstream timed out"'])
        assert.deepEqual(failed(`event: error\ndata: ${data}\n\n`, wire), { text: "", kind: "server", message: "upstream timed out" });
  });

  test("but what says that all is well, and events that nobody knows yet, are passed over", () => {
    const records: readonly JsonObject[] = [
      { success: true, errors: [], messages: [], result: {} },
      { code: 0, msg: "ok", success: true },
      { code: 200, message: "Success" },
      { message: "warming up" },
      { error: null, detail: null, base_resp: { status_code: 0, status_msg: "" } },
      { type: "status", message: "no error so far" },
      { code: 202, message: "Accepted" },
      { code: 20000, message: "Ok", status: true },
      { code: "200", msg: "fine" },
      { code: "success", message: "Success" },
      { status: "queued", detail: "waiting for a worker" },
    ];
    for (const wire of WIRES) {
      for (const record of records) {
        assert.equal(readPieces(wire, [Buffer.from(`${JSON.stringify(record)}\n`)]).failure, null, `${wire} ${JSON.stringify(record)}`);
      }
    }
    const typed = { type: "response.guarded", code: "checked", message: "nothing found", detail: "all is well" };
    for (const wire of ["anthropic", "openai-responses"] as const)
      assert.equal(readPieces(wire, [Buffer.from(sse(typed))]).failure, null, wire);
  });

  test("but an event that by its name is a sign of life is passed over, whatever it says", () => {
    for (const wire of ["openai-chat", "anthropic", "openai-responses"] as const)
      for (const event of ["ping", "heartbeat", "keep-alive"])
        for (const data of ['{"message":"no timeout so far"}', '{"message":"still here","code":1}', '{"detail":"waiting"}'])
          assert.equal(readPieces(wire, [Buffer.from(`event: ${event}\ndata: ${data}\n\n`)]).failure, null, `${wire} ${event} ${data}`);
  });
});
