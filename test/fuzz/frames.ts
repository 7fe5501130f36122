// Damaged JSON-RPC frames into the reader of the sidecar's pipe: it gives the messages before the damage, and then either
// goes on or gives up once, with a reason.

import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import type { Message } from "vscode-jsonrpc/node";
import { FrameReader } from "../../sidecar/rpc/frame-reader.ts";
import { below, oneOf, randomCuts, type Random } from "../support/seeded-random.ts";
import { cutAt } from "../support/wire-reading.ts";
import { mutate, VALUES } from "./mutations.ts";

const BODIES: readonly string[] = [
  '{"jsonrpc":"2.0","id":1,"method":"chat/send","params":{"session":"s","text":"Grüße 語 😀"}}',
  '{"jsonrpc":"2.0","method":"stream/ack","params":{"stream":"a","seq":7}}',
  '{"jsonrpc":"2.0","id":"x","result":null}',
  '{"jsonrpc":"2.0","id":2,"error":{"code":-32803,"message":"no"}}',
];
/** Bytes. */
const LIMIT = 4096;

const HEADERS: readonly ((length: number) => string)[] = [
  (length) => `Content-Length: ${length}\r\n\r\n`,
  (length) => `content-length:${length}\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n`,
  (length) => `Content-Length: ${length * 1000}\r\n\r\n`,
  (length) => `Content-Length: ${Math.max(0, length - 3)}\r\n\r\n`,
  (length) => `Content-Length: ${length + 3}\r\n\r\n`,
  () => "Content-Length: 99999999999999999999\r\n\r\n",
  () => "Content-Length: -1\r\n\r\n",
  () => "Content-Length: 1e3\r\n\r\n",
  () => "Content-Type: x\r\n\r\n",
  (length) => `Content-Length: ${length}\n\n`,
  () => "\r\n\r\n",
  () => `X: ${"y".repeat(5000)}`,
];

function frames(random: Random): Buffer {
  const count = 1 + below(random, 4);
  const parts = Array.from({ length: count }, () => {
    const body = random() < 0.2 ? oneOf(random, VALUES) : random() < 0.05 ? deepJson(below(random, 1500)) : oneOf(random, BODIES);
    const header = random() < 0.7 ? HEADERS[0] : oneOf(random, HEADERS);
    return Buffer.from(`${header?.(Buffer.byteLength(body)) ?? ""}${body}`);
  });
  return Buffer.concat(parts);
}

/** `{"jsonrpc":"2.0","params":[[[…]]]}`, so many levels deep. */
export function deepJson(levels: number): string {
  return `{"jsonrpc":"2.0","params":${"[".repeat(levels)}${"]".repeat(levels)}}`;
}

export interface Heard {
  readonly messages: readonly Message[];
  readonly errors: readonly Error[];
  readonly closed: number;
}

/** Reads pieces as they come off a pipe. `limit` in bytes. */
export async function hear(pieces: Iterable<Buffer>, limit = LIMIT): Promise<Heard> {
  const stream = new PassThrough();
  const messages: Message[] = [];
  const errors: Error[] = [];
  const closing = Promise.withResolvers<void>();
  let closed = 0;
  const reader = new FrameReader(stream, limit);
  reader.onError((error) => errors.push(error));
  reader.onClose(() => {
    closed += 1;
    closing.resolve();
  });
  const listening = reader.listen((message) => messages.push(message));
  for (const piece of pieces) stream.write(piece);
  stream.end();
  await closing.promise;
  listening.dispose();
  return { messages, errors, closed };
}

/** Frames of which some are broken, damaged and cut anywhere. */
export async function checkMutatedFrames(random: Random): Promise<void> {
  const sent = frames(random);
  const { name, bytes } = random() < 0.5 ? mutate(sent, random) : { name: "as it is", bytes: sent };
  const cuts = randomCuts(random, bytes.length, below(random, 6));
  const place = `${name}, cut at ${cuts.join()}: ${JSON.stringify(bytes.toString("latin1").slice(0, 2000))}`;
  const whole = await hear([bytes]);
  for (const { messages, errors } of [whole, await hear(cutAt(bytes, cuts))]) {
    assert.ok(errors.length <= 1, `more than one error: ${place}`);
    for (const message of messages) assert.equal(message.jsonrpc, "2.0", place);
    assert.deepEqual(messages, whole.messages, place);
    assert.deepEqual(errors.map(String), whole.errors.map(String), place);
  }
  assert.ok(!("polluted" in {}), "a frame has changed what all objects have");
}
