// What holds for the events of every answer, whatever made them.

import assert from "node:assert/strict";
import type { GenerateOptions, Llm, PromptSource } from "../../sidecar/api.ts";
import type { EndEvent, StreamEvent } from "../../sidecar/types.ts";

export async function eventsOf(llm: Llm, prompt: PromptSource = "hi", options: GenerateOptions = {}): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const batch of llm.streamBatches(prompt, options)) events.push(...batch);
  return events;
}

/** What holds for every answer, however it went; gives the end. */
export function checkOrder(events: readonly StreamEvent[]): EndEvent {
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
    "numbered from 1 without gaps",
  );
  assert.equal(events[0]?.type, "start");
  assert.equal(events.filter(({ type }) => type === "end").length, 1);
  const last = events.at(-1);
  assert.ok(last?.type === "end");
  return last;
}

/** The types in order, a status with its phase. */
export const kinds = (events: readonly StreamEvent[]): string[] =>
  events.map((event) => (event.type === "status" ? `status ${event.phase}` : event.type));
