// Errors that come under status 200 in forms that only their makers write: each is told as what it is, and what came before
// it stays.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { errorKind } from "../../../../sidecar/providers/error-kinds.ts";
import type { ErrorKind, JsonObject } from "../../../../sidecar/types.ts";
import { bytesOneByOne, foldEvents, readPieces } from "../../../support/wire-reading.ts";
import { chunk, counted, said, stopped } from "./chat-records.ts";
import { sse } from "./one-answer.ts";

const failed = (body: string): { readonly text: string; readonly kind: ErrorKind; readonly message: string } => {
  const whole = readPieces("openai-chat", [Buffer.from(body)]);
  const pieces = readPieces("openai-chat", bytesOneByOne(Buffer.from(body)));
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
