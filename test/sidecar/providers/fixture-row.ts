// What a hand-written stream must be read as, and whether it is.

import assert from "node:assert/strict";
import type { ErrorPayload } from "../../../sidecar/providers/error-payload.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import type { FakeWire } from "../../support/fake-provider-script.ts";
import { foldEvents, readPieces } from "../../support/wire-reading.ts";

export interface Row {
  readonly title: string;
  readonly file: string;
  readonly text?: string;
  readonly reasoning?: string;
  /** All events beside text and reasoning, in order. */
  readonly events?: readonly ProviderEvent[];
  readonly failure?: Partial<ErrorPayload>;
}

/** Reads the pieces and compares; `how` they were cut stands in what fails. */
export function checkRow(wire: FakeWire, row: Row, pieces: Iterable<Buffer>, how: string): readonly ProviderEvent[] {
  const { events, failure } = readPieces(wire, pieces);
  const folded = foldEvents(events);
  assert.equal(folded.text, row.text ?? "", `text, ${how}`);
  assert.equal(folded.reasoning, row.reasoning ?? "", `reasoning, ${how}`);
  if (row.failure === undefined) {
    assert.equal(failure, null, how);
  } else {
    assert.ok(failure !== null, `an error inside the stream, ${how}`);
    assert.deepEqual({ ...failure.payload, ...row.failure }, failure.payload, how);
  }
  const others = events.filter((event) => event.type !== "text-delta" && event.type !== "reasoning-delta");
  assert.deepEqual(JSON.parse(JSON.stringify(others)), row.events ?? [], how);
  return events;
}
