import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox } from "../../../../sidecar/local/inference/outbox.ts";
import type { ProviderEvent } from "../../../../sidecar/providers/provider.ts";
import { until } from "../../../support/until.ts";

const text = (text: string): ProviderEvent => ({ type: "text-delta", text });
const reading = (progress: number): ProviderEvent => ({ type: "status", phase: "processing-prompt", progress });

test("the first event leaves by itself, and what gathers afterwards leaves together, in order, without another event", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const sent: (readonly ProviderEvent[])[] = [];
  const outbox = new Outbox(
    (events) => sent.push(events),
    () => {},
  );
  outbox.add(text("a"));
  while (sent.length < 1) await new Promise(setImmediate);
  outbox.add(text("b"));
  outbox.add(text("c"));
  context.mock.timers.tick(1000);
  while (sent.length < 2) await new Promise(setImmediate);
  assert.deepEqual(sent, [[text("a")], [text("b"), text("c")]]);
});

test("what was left to be worked out is worked out when it leaves", async () => {
  const sent: ProviderEvent[] = [];
  let written = "";
  const outbox: Outbox = new Outbox(
    (events) => sent.push(...events),
    () => {
      if (written !== "") outbox.add(text(written));
      written = "";
    },
  );
  written = "one";
  outbox.schedule();
  await until(() => sent.length === 1, "the first text");
  written = "two";
  outbox.flush();
  outbox.flush();
  assert.deepEqual(sent, [text("one"), text("two")]);
});

test("a status gives way to a newer one of its phase, and to no other event", () => {
  const sent: ProviderEvent[] = [];
  const outbox = new Outbox(
    (events) => sent.push(...events),
    () => {},
  );
  for (const event of [reading(0.1), reading(0.2), { type: "status", phase: "queued" } as const, reading(0.3), text("a"), reading(0.4)])
    outbox.add(event);
  outbox.flush();
  assert.deepEqual(sent, [reading(0.2), { type: "status", phase: "queued" }, reading(0.3), text("a"), reading(0.4)]);
});
