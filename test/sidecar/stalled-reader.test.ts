// A reader that takes nothing, in figures: what it costs the built sidecar, and what it is told afterwards.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HEAP_FLAGS } from "../../extension/client/sidecar-environment.ts";
import { AckStream, AttachStream, DetachStream, StreamEvents } from "../../sidecar/protocol.ts";
import type { StreamEvent } from "../../sidecar/types.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { until } from "../support/until.ts";
import { startSidecar } from "./built-sidecar.ts";

/** What comes in a minute at 5,000 tokens a second; here it comes as fast as it is read. */
const TOKENS = 300_000;
const TOKENS_IN_A_WRITE = 1000;
const MAY_GROW_MB = 100;

const token = (number: number): string => ` ${number}`;
const record = (text: string): string => `data: {"id":"c","choices":[{"index":0,"delta":{"content":"${text}"},"finish_reason":null}]}\n\n`;

function writes(): readonly { readonly raw: string }[] {
  return Array.from({ length: TOKENS / TOKENS_IN_A_WRITE }, (_, write) => ({
    raw: Array.from({ length: TOKENS_IN_A_WRITE }, (_, at) => record(token(write * TOKENS_IN_A_WRITE + at))).join(""),
  }));
}

/** What one reader was told. */
class Told {
  readonly text: string[] = [];
  seq = 0;
  ended = false;

  add(events: readonly StreamEvent[]): void {
    for (const event of events) {
      assert.ok(event.seq > this.seq, "in order, and nothing twice");
      this.seq = event.seq;
      if (event.type === "text-delta") this.text.push(event.text);
      if (event.type === "end") this.ended = true;
    }
  }
}

test("a reader that takes nothing of 300,000 tokens costs the sidecar less than 100 MB, and is then told each of them in order", async (context) => {
  const fake = await FakeProvider.start();
  context.after(() => fake.close());
  const sidecar = startSidecar(context, HEAP_FLAGS);
  await sidecar.shakeHands({ baseUrl: fake.baseUrl("openai-chat") });
  let stalls = false;
  const readers = { stalled: new Told(), other: new Told() };
  const acknowledge = (reader: "stalled" | "other"): void =>
    void sidecar.connection.sendNotification(AckStream, { reader, seq: readers[reader].seq });
  sidecar.connection.onNotification(StreamEvents, ({ reader, events }) => {
    // The one that asking attaches.
    if (reader === "r") void sidecar.connection.sendNotification(DetachStream, { reader });
    if (reader !== "stalled" && reader !== "other") return;
    readers[reader].add(events);
    if (reader === "other" || !stalls) acknowledge(reader);
  });
  const ask = async (): Promise<void> => {
    Object.assign(readers, { stalled: new Told(), other: new Told() });
    fake.enqueue({ steps: [{ gate: "read" }, ...writes(), { finish: "stop" }] });
    const { assistant } = await sidecar.ask("Count.");
    assert.ok(assistant.stream !== undefined);
    for (const reader of ["stalled", "other"]) {
      await sidecar.connection.sendRequest(AttachStream, { ...assistant.stream, reader, afterSeq: 0 });
    }
    fake.gate("read").open();
    await until(() => readers.other.ended, "the other reader to be told everything");
  };

  await ask();
  await until(() => readers.stalled.ended, "both to be told everything");
  // What reading as fast makes V8 take for itself is no part of what a stall costs.
  const before = sidecar.memory;
  stalls = true;
  await ask();
  const grown = (sidecar.memory ?? 0) - (before ?? 0);
  assert.ok(grown < MAY_GROW_MB, `the sidecar has grown by ${Math.round(grown)} MB`);
  assert.ok(readers.stalled.seq > 0 && readers.stalled.text.length < TOKENS / 10, `${readers.stalled.text.length} were on the way`);
  stalls = false;
  acknowledge("stalled");
  await until(() => readers.stalled.ended, "the reader that had stalled to be told everything");
  const whole = Array.from({ length: TOKENS }, (_, number) => token(number)).join("");
  assert.equal(readers.stalled.text.join(""), whole);
  assert.equal(readers.other.text.join(""), whole);
});
