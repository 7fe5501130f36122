import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createMessageConnection, type Message, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { FrameReader } from "../../../sidecar/rpc/frame-reader.ts";
import { FrameWriter } from "../../../sidecar/rpc/frame-writer.ts";

interface Heard {
  readonly messages: Message[];
  readonly errors: string[];
  closed: number;
}

function listen(stream: PassThrough, limit?: number): Heard {
  const heard: Heard = { messages: [], errors: [], closed: 0 };
  const reader = new FrameReader(stream, limit);
  reader.onError((error) => heard.errors.push(error.message));
  reader.onClose(() => (heard.closed += 1));
  reader.listen((message) => heard.messages.push(message));
  return heard;
}

function frame(value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
}

const messages = [
  { jsonrpc: "2.0", method: "a", params: { text: "héllo 語 😀" } },
  { jsonrpc: "2.0", id: 1, method: "b" },
  { jsonrpc: "2.0", id: 1, result: null },
];

test("frames cut at any byte give the same messages", async () => {
  const bytes = Buffer.concat(messages.map((message) => frame(message)));
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const stream = new PassThrough();
    const heard = listen(stream);
    stream.write(bytes.subarray(0, cut));
    stream.write(bytes.subarray(cut));
    await nextTurn();
    assert.deepEqual(heard.messages, messages, `cut at ${cut}`);
  }
  const stream = new PassThrough();
  const heard = listen(stream);
  for (const byte of bytes) stream.write(Buffer.of(byte));
  await nextTurn();
  assert.deepEqual(heard.messages, messages);
  assert.deepEqual(heard.errors, []);
});

test("headers are read whatever their case, with others beside them", async () => {
  const stream = new PassThrough();
  const heard = listen(stream);
  const body = JSON.stringify(messages[1]);
  stream.write(`content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH:${body.length}\r\n\r\n${body}`);
  await nextTurn();
  assert.deepEqual(heard.messages, [messages[1]]);
});

const broken: readonly (readonly [title: string, bytes: string | Buffer, error: RegExp])[] = [
  ["garbage without an end", "x".repeat(5000), /headers of a frame are longer than 4096 bytes/],
  ["headers without a length", "Content-Type: x\r\n\r\n", /no Content-Length/],
  ["a length that is no number", "Content-Length: -5\r\n\r\n", /no Content-Length/],
  ["a giant frame", "Content-Length: 99999999999\r\n\r\n", /announces 99999999999 bytes; at most 1000 are taken/],
  ["a body that is not JSON", "Content-Length: 3\r\n\r\n{{{", /JSON/],
  ["a body that is no message", frame([1, 2]), /no JSON-RPC message/],
  ["a body that is null", frame(null), /no JSON-RPC message/],
];

for (const [title, bytes, error] of broken) {
  test(`${title} is refused with the reason, and nothing after it is read`, async () => {
    const stream = new PassThrough();
    const heard = listen(stream, 1000);
    stream.write(frame(messages[1]));
    stream.write(bytes);
    stream.write(frame(messages[0]));
    await nextTurn();
    assert.deepEqual(heard.messages, [messages[1]]);
    assert.equal(heard.errors.length, 1);
    assert.match(heard.errors[0] ?? "", error);
    assert.equal(heard.closed, 1);
  });
}

test("the end of the stream closes the reader, also in half a frame", async () => {
  const stream = new PassThrough();
  const heard = listen(stream);
  stream.end(frame(messages[0]).subarray(0, 30));
  while (heard.closed === 0) await nextTurn();
  assert.deepEqual(heard.messages, []);
});

test("writes keep their order and are read by the standard reader, and the reverse", async () => {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const ours = createMessageConnection(new FrameReader(back), new FrameWriter(there));
  const theirs = createMessageConnection(new StreamMessageReader(there), new StreamMessageWriter(back));
  const heard: number[] = [];
  theirs.onNotification("count", (value: number) => void heard.push(value));
  theirs.onRequest("double", (text: string) => text + text);
  ours.listen();
  theirs.listen();
  for (let value = 0; value < 100; value += 1) void ours.sendNotification("count", value);
  assert.equal(await ours.sendRequest("double", "語😀"), "語😀語😀");
  assert.deepEqual(
    heard,
    Array.from({ length: 100 }, (_, index) => index),
  );
  ours.dispose();
  theirs.dispose();
});

test("a write to a broken stream rejects and is reported", async () => {
  const stream = new PassThrough();
  const writer = new FrameWriter(stream);
  const errors: string[] = [];
  writer.onError(([error]) => errors.push(error.message));
  stream.destroy();
  await assert.rejects(writer.write({ jsonrpc: "2.0" }));
  assert.ok(errors.length > 0);
});
