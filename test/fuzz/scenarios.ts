// What a server can do wrong beside the records that it sends: faults of HTTP, of time and of size. Each plays one answer.

import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { RawConnection } from "../support/raw-server.ts";
import { below, oneOf, randomCuts } from "../support/seeded-random.ts";
import { cutAt } from "../support/wire-reading.ts";
import { chunked, endlessly, head, piecewise, typeOf } from "./http-bytes.ts";
import { compressedScenarios, httpFaults, redirects } from "./http-faults.ts";
import { deepBody, giantLine, record } from "./records.ts";
import { isCode, names, type Material, type Scenario } from "./scenario.ts";

async function answerWith(connection: RawConnection, { wire, bytes, random }: Material, type = typeOf(wire)): Promise<void> {
  const pieces = [...cutAt(bytes, randomCuts(random, bytes.length, below(random, 6)))];
  switch (below(random, 3)) {
    case 0:
      await piecewise(connection, [head({ type, length: bytes.length }), ...pieces]);
      break;
    case 1:
      await piecewise(connection, [head({ type, chunked: true }), ...pieces.filter(({ length }) => length > 0).map(chunked), "0\r\n\r\n"]);
      break;
    default:
      await piecewise(connection, [head({ type }), ...pieces]);
  }
  connection.end();
}

const OTHER_TYPES: readonly string[] = [
  "text/event-stream",
  "application/x-ndjson",
  "application/jsonl",
  "application/json",
  "text/plain",
  "application/octet-stream",
  "image/png",
  "text/event-stream; charset=utf-16",
  "; ;",
];

const bodies: readonly Scenario[] = [
  { name: "a stream of this wire", play: (connection, material) => answerWith(connection, material) },
  {
    name: "another content type",
    play: (connection, material) => answerWith(connection, material, oneOf(material.random, OTHER_TYPES)),
  },
  {
    name: "a web page",
    play: (connection, material) =>
      answerWith(connection, { ...material, bytes: Buffer.from("<!doctype html><title>Sign in</title>") }, "text/html"),
    ends: isCode("not-an-api"),
  },
  {
    name: "another status",
    play: async (connection, { bytes, random, wire }) => {
      const status = oneOf(random, [201, 204, 205, 206, 226, 299, 304, 400, 401, 403, 404, 418, 422, 451, 600, 799, 999]);
      await piecewise(connection, [head({ status, type: typeOf(wire), more: ["x-should-retry: false"] }), bytes]);
      connection.end();
    },
  },
  {
    name: "an error whose body has no end",
    play: async (connection) => {
      await connection.write(head({ status: 400, type: "application/json" }));
      await endlessly(connection, Buffer.from('{"error":{"message":"'.padEnd(65_536, "x")), 64 * 1024 * 1024);
    },
    ends: ({ status, error }) => status === "error" && error?.status === 400 && error.message.length < 10_000,
  },
  {
    name: "an error whose body drips on after its words",
    play: async (connection) => {
      const words = '{"error":{"message":"the engine died","type":"server_error"}}';
      await drip(connection, [head({ status: 500, type: "application/json", more: ["x-should-retry: false"] }), words], " ");
    },
    // The limit of an error's body is its own.
    limits: { firstTokenMs: 0, idleMs: 0 },
    ends: ({ status, error }) => status === "error" && error?.status === 500 && error.message.includes("the engine died"),
  },
  {
    name: "an error of which nothing comes but its status",
    play: async (connection) => {
      await connection.write(head({ status: 500, type: "application/json", more: ["x-should-retry: false"] }));
      await connection.closed;
    },
    limits: { firstTokenMs: 0, idleMs: 0 },
    ends: ({ status, error }) => status === "error" && error?.status === 500 && error.kind === "server",
  },
  {
    name: "an error deep as a well",
    play: async (connection) => {
      await piecewise(connection, [
        head({ status: 400, type: "application/json" }),
        `{"error":${"[".repeat(60_000)}${"]".repeat(60_000)}}`,
      ]);
      connection.end();
    },
    ends: ({ error }) => error?.status === 400,
  },
  {
    name: "JSON of a hundred thousand levels",
    play: async (connection, { wire }) => {
      await piecewise(connection, [head({ type: typeOf(wire) }), deepBody(wire, 100_000)]);
      connection.end();
    },
    ends: isCode("malformed-record"),
  },
];

const sizes: readonly Scenario[] = [
  {
    name: "a line without an end",
    play: async (connection, { wire }) => {
      await connection.write(head({ type: typeOf(wire) }));
      await connection.write(giantLine(wire));
      await endlessly(connection, Buffer.alloc(65_536, "x"), 64 * 1024 * 1024);
    },
    ends: (end) => isCode("record-too-long")(end) && names(String(16 * 1024 * 1024))(end),
    weight: "heavy",
  },
  {
    name: "an answer without an end",
    play: async (connection, { wire }) => {
      await piecewise(connection, [head({ type: typeOf(wire) }), record(wire, "half")]);
      const padding = wire === "ollama" ? "\n".padStart(65_536, " ") : ":\n".padStart(65_536, ":");
      await endlessly(connection, Buffer.from(padding), 512 * 1024 * 1024);
    },
    ends: (end) => isCode("answer-too-long")(end) && names(String(256 * 1024 * 1024))(end),
    weight: "heavy",
  },
  {
    name: "text without an end",
    play: async (connection, { wire }) => {
      await connection.write(head({ type: typeOf(wire) }));
      await endlessly(connection, Buffer.from(record(wire, "x".repeat(1024 * 1024))), 512 * 1024 * 1024);
    },
    ends: (end) => isCode("answer-too-long")(end) && names(String(256 * 1024 * 1024))(end),
    weight: "long",
  },
  {
    name: "line ends without an end",
    play: async (connection, { wire }) => {
      await connection.write(head({ type: typeOf(wire) }));
      await endlessly(connection, Buffer.alloc(65_536, wire === "ollama" ? "\n" : ": x\n\n"), 512 * 1024 * 1024);
    },
    limits: { firstTokenMs: 1000 },
    ends: isCode("answer-too-long", "first-token-timeout"),
    weight: "heavy",
  },
];

/** Silent servers are waited for, at the beginning of an answer or in its middle. Milliseconds. */
const AT_FIRST = { firstTokenMs: 400 };
const BETWEEN = { idleMs: 400 };
/** Milliseconds between the bytes of a server that drips: far below every limit. */
const DRIP_MS = 5;

const times: readonly Scenario[] = [
  {
    name: "nothing at all",
    play: (connection) => connection.closed,
    limits: AT_FIRST,
    ends: isCode("first-token-timeout"),
  },
  {
    name: "headers without a body",
    play: async (connection, { wire }) => {
      await connection.write(head({ type: typeOf(wire) }));
      await connection.closed;
    },
    limits: AT_FIRST,
    ends: isCode("first-token-timeout"),
  },
  {
    name: "half an answer, and then nothing",
    play: async (connection, { wire }) => {
      await piecewise(connection, [head({ type: typeOf(wire) }), record(wire, "half")]);
      await connection.closed;
    },
    limits: BETWEEN,
    ends: isCode("idle-timeout"),
  },
  {
    name: "a drip of single bytes without a line's end",
    play: (connection, { wire }) => drip(connection, [head({ type: typeOf(wire) })], "x"),
    limits: AT_FIRST,
    ends: isCode("first-token-timeout"),
  },
  {
    name: "a drip of comments",
    play: (connection, { wire }) => drip(connection, [head({ type: typeOf(wire) })], wire === "ollama" ? "\n" : ":\n\n"),
    limits: AT_FIRST,
    ends: isCode("first-token-timeout"),
  },
  {
    name: "half an answer, and then a drip of single bytes",
    play: (connection, { wire }) => drip(connection, [head({ type: typeOf(wire) }), record(wire, "half")], "x"),
    // So long that a busy process is not taken for a silent server: then the drip alone ends the answer.
    limits: { idleMs: 1500 },
    ends: isCode("idle-timeout"),
  },
  {
    name: "a drip of a header's bytes",
    play: (connection) => drip(connection, ["HTTP/1.1 200 OK\r\nx-slow: "], "x"),
    limits: AT_FIRST,
    ends: isCode("first-token-timeout"),
  },
];

/** A few bytes again and again, without an end, until the client has enough of them and closes the connection. */
async function drip(connection: RawConnection, before: readonly string[], bytes: string): Promise<void> {
  await piecewise(connection, before);
  const dripping = setInterval(() => void connection.write(bytes), DRIP_MS);
  await connection.closed;
  clearInterval(dripping);
}

const breaks: readonly Scenario[] = [
  { name: "closed before a byte", play: async (connection) => connection.end() },
  { name: "reset before a byte", play: async (connection) => connection.reset() },
  {
    name: "reset after the headers",
    play: async (connection, { wire }) => {
      await connection.write(head({ type: typeOf(wire) }));
      connection.reset();
    },
  },
  {
    name: "reset in the middle",
    play: async (connection, { wire, bytes, random }) => {
      await piecewise(connection, [head({ type: typeOf(wire) }), bytes.subarray(0, below(random, bytes.length + 1))]);
      connection.reset();
    },
  },
  {
    name: "closed before the announced end",
    play: async (connection, { wire }) => {
      await piecewise(connection, [head({ type: typeOf(wire), length: 100_000 }), record(wire, "half")]);
      connection.end();
    },
    ends: ({ status, error }) => status === "incomplete" && error?.providerCode === "stream-cut",
  },
];

export const SCENARIOS: readonly Scenario[] = [
  ...bodies,
  ...sizes,
  ...times,
  ...breaks,
  ...compressedScenarios(codings()),
  ...httpFaults,
  ...redirects,
];

function codings(): Readonly<Record<string, (bytes: Buffer) => Buffer>> {
  const plain = (bytes: Buffer): Buffer => bytes;
  return {
    gzip: (bytes) => gzipSync(bytes),
    "x-gzip": (bytes) => gzipSync(bytes),
    deflate: (bytes) => deflateSync(bytes),
    br: (bytes) => brotliCompressSync(bytes),
    zstd: (bytes) => zstdCompressSync(bytes),
    "gzip, br": (bytes) => brotliCompressSync(gzipSync(bytes)),
    // Said, but not done.
    GZIP: plain,
  };
}
