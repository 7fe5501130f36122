// PROTOCOL.md and protocol.ts say the same, and the server does what they say.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ErrorCodes, NotificationType, RequestType, ResponseError } from "vscode-jsonrpc/node";
import type { FailureCode } from "../../sidecar/failure.ts";
import * as protocol from "../../sidecar/protocol.ts";
import { maxBodyBytes } from "../../sidecar/rpc/frame-reader.ts";
import { mostStreamsOfARun } from "../../sidecar/server/shapes.ts";
import { keptLimits } from "../../sidecar/streams/registry.ts";
import { pumpLimits } from "../../sidecar/streams/pump.ts";
import { startReady } from "./server/served.ts";

const paper = readFileSync(new URL("../../sidecar/PROTOCOL.md", import.meta.url), "utf8");

/** The sections of methods: a heading that is nothing but a name in backticks. */
const sections = new Map(
  paper
    .split(/^## /m)
    .map((section) => [/^`([^`]+)`\n/.exec(section)?.[1], section] as const)
    .filter((entry): entry is readonly [string, string] => entry[0] !== undefined),
);

const messages = Object.values(protocol).filter((value) => value instanceof RequestType || value instanceof NotificationType);

test("every message of the catalogue has a section, and every section is of a message", () => {
  assert.ok(messages.length > 25, `${messages.length} messages were found`);
  assert.deepEqual(Array.from(sections.keys()).toSorted(), messages.map(({ method }) => method).toSorted());
});

for (const message of messages) {
  test(`the section of ${message.method} says what kind of message it is, and who sends it`, () => {
    const kind = message instanceof RequestType ? "Request" : "Notification";
    assert.match(
      sections.get(message.method) ?? "",
      new RegExp(`^\`${message.method}\`\n\n\\*${kind}, (client to sidecar|sidecar to client)\\.\\*`),
    );
  });
}

test("the version and the codes of failures are those of the code", () => {
  // A record, so that a code that is added or dropped is an error of its types first.
  const codes: { readonly [Code in FailureCode | "provider" | "internal"]: true } = {
    "stream-gone": true,
    "session-not-found": true,
    "message-not-found": true,
    busy: true,
    "not-ready": true,
    "wrong-version": true,
    "invalid-params": true,
    "invalid-archive": true,
    "not-written": true,
    storage: true,
    provider: true,
    internal: true,
  };
  const table = paper.slice(paper.indexOf("## Errors"), paper.indexOf("## Streams"));
  const told = Array.from(table.matchAll(/^\| (`[^|]+`) \|/gm), ([, cell = ""]) => cell.split(", ")).flat();
  assert.deepEqual(told.map((code) => code.replaceAll("`", "")).toSorted(), Object.keys(codes).toSorted());
});

test("the bounds that the paper names are those of the code", () => {
  const kilobytes = (bytes: number): string => `${bytes / 1024} KB`;
  const megabytes = (bytes: number): string => `${bytes / 1024 / 1024} MB`;
  const count = (value: number): string => value.toLocaleString("en");
  for (const words of [
    `bodies longer than ${megabytes(maxBodyBytes)}`,
    `in batches of at most ${kilobytes(pumpLimits.batch)}`,
    `At most ${kilobytes(pumpLimits.unacknowledgedByReader)} for each reader`,
    `and ${megabytes(pumpLimits.unacknowledged)} for the\n   connection`,
    `at more than ${count(pumpLimits.readers)} readers`,
    `at most ${count(keptLimits.count)}, ${megabytes(keptLimits.bytes)} and ten minutes`,
    `At most ${count(mostStreamsOfARun)} streams`,
  ]) {
    assert.ok(paper.includes(words), words);
  }
  assert.equal(keptLimits.ageMs, 10 * 60_000);
});

test("links within the paper lead somewhere", () => {
  const anchors = new Set(
    Array.from(paper.matchAll(/^#+ (.+)$/gm), ([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
  const links = Array.from(paper.matchAll(/\]\(#([^)]+)\)/g), ([, anchor = ""]) => anchor);
  assert.ok(links.length > 5);
  for (const link of links) assert.ok(anchors.has(link), `#${link}`);
});

for (const { method } of messages.filter((message) => message instanceof RequestType)) {
  const section = sections.get(method) ?? "";
  if (!section.includes("client to sidecar")) continue;
  test(`the server knows the request ${method}`, async (context) => {
    const served = await startReady(context);
    const known = await served.connection.sendRequest(method, null).then(
      () => true,
      (error: unknown) => error instanceof ResponseError && error.code !== ErrorCodes.MethodNotFound,
    );
    assert.ok(known);
  });
}
