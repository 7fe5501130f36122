// Answers that break HTTP itself.

import type { RawConnection } from "../support/raw-server.ts";
import { below, oneOf } from "../support/seeded-random.ts";
import { chunked, endlessly, head, piecewise, typeOf } from "./http-bytes.ts";
import { record } from "./records.ts";
import { isCode, type Material, type Scenario } from "./scenario.ts";

/** Nobody asked for a compressed answer: it is refused by its name, also where it is none. */
export function compressedScenarios(codings: Readonly<Record<string, (bytes: Buffer) => Buffer>>): readonly Scenario[] {
  return Object.entries(codings).map(([coding, compress]) => ({
    name: `compressed as ${coding}`,
    play: async (connection, { wire, bytes }) => {
      await piecewise(connection, [head({ type: typeOf(wire), more: [`content-encoding: ${coding}`] }), compress(bytes)]);
      connection.end();
    },
    ends: (end) => isCode("compressed")(end) && end.error?.message.includes(coding) === true,
  }));
}

const CHUNK_FAULTS: readonly string[] = [
  "zz\r\nhello\r\n",
  "-5\r\nhello\r\n",
  "FFFFFFFFFFFFFFFFF\r\nhello\r\n",
  "5\r\nhello world\r\n0\r\n\r\n",
  "5hello\r\n",
  "\r\n\r\n\r\n",
  `5;${"x".repeat(100_000)}\r\nhello\r\n`,
  "5\nhello\n0\n\n",
  "0\r\nx-trailer: 1\r\n\r\n",
  "0\r\n",
];

const NO_HTTP: readonly string[] = [
  "SSH-2.0-OpenSSH_9.9\r\n",
  "\u0000\u0001\u0002\u0003",
  "hello\n",
  "HTTP/2.0 200 OK\r\n\r\n",
  "HTTP/1.1 abc OK\r\n\r\n",
  "HTTP/1.1 99 OK\r\n\r\n",
  "HTTP/1.1\r\n\r\n",
  "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
  "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
  "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 200 OK\r\nx: a\u0000b\r\n\r\n",
];

async function sendAndEnd(connection: RawConnection, pieces: readonly (Buffer | string)[]): Promise<void> {
  await piecewise(connection, pieces);
  connection.end();
}

export const httpFaults: readonly Scenario[] = [
  {
    name: "faults of the chunked coding",
    play: async (connection, { wire, bytes, random }) => {
      const before = random() < 0.5 ? [] : [chunked(bytes.length === 0 ? Buffer.from("\n") : bytes)];
      await sendAndEnd(connection, [head({ type: typeOf(wire), chunked: true }), ...before, oneOf(random, CHUNK_FAULTS)]);
    },
  },
  { name: "no HTTP", play: (connection, { random }) => sendAndEnd(connection, [oneOf(random, NO_HTTP)]) },
  {
    name: "random bytes",
    play: (connection, { random }) => sendAndEnd(connection, [Buffer.from(Array.from({ length: 500 }, () => below(random, 256)))]),
  },
  {
    name: "a header without an end",
    play: async (connection) => {
      await connection.write("HTTP/1.1 200 OK\r\nx: ");
      await endlessly(connection, Buffer.alloc(4096, "x"), 16 * 1024 * 1024);
    },
    ends: isCode("UND_ERR_HEADERS_OVERFLOW"),
  },
  {
    name: "headers without an end",
    play: async (connection) => {
      await connection.write("HTTP/1.1 200 OK\r\n");
      await endlessly(connection, Buffer.from("x-again: and again\r\n".repeat(100)), 16 * 1024 * 1024);
    },
    ends: isCode("UND_ERR_HEADERS_OVERFLOW"),
  },
  {
    name: "early hints before the answer",
    play: (connection, { wire }) =>
      sendAndEnd(connection, [
        "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(50),
        head({ type: typeOf(wire) }),
        record(wire, "half"),
      ]),
    ends: ({ status }) => status === "incomplete",
  },
  {
    name: "early hints without an end",
    play: async (connection) => {
      await endlessly(connection, Buffer.from("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(100)), 512 * 1024 * 1024);
    },
    limits: { firstTokenMs: 1000 },
    ends: isCode("first-token-timeout"),
    weight: "heavy",
  },
  {
    name: "a second answer behind the first",
    play: async (connection, { wire, bytes }) => {
      const one = `HTTP/1.1 200 OK\r\ncontent-type: ${typeOf(wire)}\r\ncontent-length: ${bytes.length}\r\n\r\n`;
      await sendAndEnd(connection, [Buffer.concat([Buffer.from(one), bytes, Buffer.from(one), bytes])]);
    },
  },
  {
    name: "more bytes than were announced",
    play: async (connection, { wire, bytes }) => {
      await sendAndEnd(connection, [
        `HTTP/1.1 200 OK\r\ncontent-type: ${typeOf(wire)}\r\ncontent-length: ${bytes.length}\r\n\r\n`,
        Buffer.concat([bytes, Buffer.from("junk".repeat(1000))]),
      ]);
    },
  },
];

const redirectTo =
  (location: (material: Material) => string | null, status = 307): Scenario["play"] =>
  (connection, material) => {
    const to = location(material);
    return sendAndEnd(connection, [head({ status, length: 0, more: to === null ? [] : [`location: ${to}`] })]);
  };

export const redirects: readonly Scenario[] = [
  { name: "a redirect in a circle", play: redirectTo(() => "?again"), ends: isCode("redirect-refused") },
  { name: "a redirect elsewhere", play: redirectTo(() => "http://127.0.0.1:9/v1"), ends: isCode("redirect-refused") },
  { name: "a redirect to nowhere", play: redirectTo(() => null), ends: isCode("redirect-refused") },
  { name: "a redirect to no address", play: redirectTo(() => "http://[::"), ends: isCode("redirect-refused") },
  { name: "a redirect to a file", play: redirectTo(() => "file:///etc/passwd"), ends: isCode("redirect-refused") },
  { name: "a redirect that makes a question of a prompt", play: redirectTo(() => "/v1/else", 302), ends: isCode("redirect-refused") },
];
