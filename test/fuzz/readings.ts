// Damaged streams straight into the decoders and adapters: whatever comes, a reading ends in one of the ways that its engine
// knows, with events that hold what they promise and can be written out again.

import assert from "node:assert/strict";
import { RecordTooLongError } from "../../sidecar/http/records.ts";
import type { ProviderEvent } from "../../sidecar/providers/provider.ts";
import { AnswerTooLarge, MalformedRecord } from "../../sidecar/providers/wire-adapter.ts";
import type { FakeWire } from "../support/fake-provider-script.ts";
import { below, oneOf, randomCuts, type Random } from "../support/seeded-random.ts";
import { cutAt, readPieces } from "../support/wire-reading.ts";
import { WIRES, type Corpus } from "./corpus.ts";
import { mutate } from "./mutations.ts";

function checkEvent(event: ProviderEvent): void {
  if (event.type === "text-delta" || event.type === "reasoning-delta") assert.ok(typeof event.text === "string" && event.text !== "");
  else if (event.type === "tool-call") assert.ok([event.id, event.name, event.arguments].every((field) => typeof field === "string"));
  else if (event.type === "usage")
    assert.ok([event.inputTokens, event.outputTokens].every((count) => Number.isSafeInteger(count) && count >= 0));
  else if (event.type === "finish") {
    assert.ok(typeof event.finishReason === "string");
    assert.ok(event.rawFinishReason === null || typeof event.rawFinishReason === "string");
  } else if (event.type === "opaque") assert.ok(typeof event.provider === "string");
  // Events are kept and sent on, to other threads too.
  JSON.stringify(event);
  structuredClone(event);
}

/** Fails unless the reading ends as it may. */
export function checkHostileReading(wire: FakeWire, pieces: Iterable<Buffer>): void {
  let events: readonly ProviderEvent[] = [];
  try {
    events = readPieces(wire, pieces).events;
  } catch (error) {
    const known = [MalformedRecord, RecordTooLongError, AnswerTooLarge].some((kind) => error instanceof kind);
    assert.ok(known, String(error));
  }
  for (const event of events) checkEvent(event);
  assert.ok(events.filter((event) => event.type === "finish").length <= 1, "more than one end");
  assert.ok(!("polluted" in {}), "a stream has changed what all objects have");
}

/** One damaged stream of some wire; sometimes read by another wire's adapter. What fails says what was done to which bytes. */
export function checkMutatedReading(corpus: Corpus, random: Random): void {
  const wire = oneOf(random, WIRES);
  const reader = random() < 0.05 ? oneOf(random, WIRES) : wire;
  const original = oneOf(random, corpus[wire]);
  const { name, bytes } = mutate(original, random);
  const cuts = randomCuts(random, bytes.length, below(random, 8));
  try {
    checkHostileReading(reader, cutAt(bytes, cuts));
  } catch (error) {
    throw new Error(
      `${wire} read as ${reader}, ${name}, cut at ${cuts.join()}: ${JSON.stringify(bytes.toString("latin1").slice(0, 4000))}`,
      {
        cause: error,
      },
    );
  }
}
