// Time limits of an answer whose reader, or whose setting, is unlike others.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import { pulledFrom, whenReady } from "../../../sidecar/pulled.ts";
import { ClientReads } from "../../support/client-reads.ts";
import { fakeAtHand, providerOnWire } from "../../support/fake-at-hand.ts";
import { call, modelRequest } from "../../support/provider-calls.ts";
import { foldEvents } from "../../support/wire-reading.ts";

const here = await fakeAtHand();
const { fake } = here;
afterEach(() => fake.waitFor((state) => state.openAnswers === 0, "the answers of the test to be over"));

const record = (delta: object, reason: string | null = null): string =>
  `data: ${JSON.stringify({ object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;

describe("A reader that takes its time", () => {
  const [one, two, three] = ["one", " two", " three"].map((content) => record({ content }));
  const finish = record({}, "stop");
  const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 3 } })}\n\n`;
  const stages = {
    "before the first word": { read: [], unread: [one, two, three] },
    "in the middle": { read: [one], unread: [two, three] },
    "after the finish reason": { read: [one, two, three, finish], unread: [] },
  } as const;

  for (const [name, { read, unread }] of Object.entries(stages)) {
    test(`${name} is not taken for a silent server, and loses nothing`, async (context) => {
      const reads = new ClientReads();
      context.after(() => reads.close());
      context.mock.timers.enable({ apis: ["setTimeout"] });
      const opening = record({ role: "assistant" });
      const last = unread.length === 0 ? "" : finish;
      const rest = `${unread.join("")}${last}${usage}`;
      fake.enqueue({
        steps: [{ raw: opening + read.join("") }, { gate: "rest" }, { raw: rest }, { gate: "end" }, { raw: "data: [DONE]\n\n" }],
      });
      const limits = { timeLimits: { firstTokenMs: 1000, idleMs: 1000 }, signal: new AbortController().signal };
      const batches = providerOnWire(here, "openai-chat").stream(modelRequest(), limits);
      const pulled = pulledFrom(batches);
      const events: ProviderEvent[] = [];
      const words = read.filter((text) => text !== finish).map((_, index) => ["one", " two", " three"][index]);
      // The first that can be taken is the head, before anything of the body.
      do {
        await whenReady(pulled);
        events.push(...(pulled.take() ?? []));
      } while (foldEvents(events).text !== words.join(""));
      fake.gate("rest").open();
      await reads.read(Buffer.byteLength(opening + read.join("") + rest));
      // Three times each limit, the one after the finish among them.
      for (let time = 0; time < 3; time += 1) context.mock.timers.tick(6000);
      fake.gate("end").open();
      for await (const batch of batches) events.push(...batch);
      const answer = foldEvents(events);
      assert.deepEqual([answer.text, answer.finish?.finishReason, answer.usage?.outputTokens], ["one two three", "stop", 3]);
    });
  }
});

describe("A time limit longer than a timer can wait", () => {
  test("is waited for as long as one can, which is not at all shorter", async (context) => {
    const warnings: string[] = [];
    const warn = (warning: Error): void => void warnings.push(warning.name);
    process.on("warning", warn);
    context.after(() => process.off("warning", warn));
    const years = 1e11;
    fake.enqueue({ holdHeaders: "head", steps: [{ text: "one" }, { gate: "rest" }, { text: " two" }, { finish: "stop" }] });
    const outcome = call(providerOnWire(here, "openai-chat"), { timeLimits: { connectMs: years, firstTokenMs: years, idleMs: years } });
    await fake.waitFor((state) => state.waitingAt.includes("head"), "the request to arrive");
    fake.gate("head").open();
    await fake.waitFor((state) => state.waitingAt.includes("rest"), "the first token to be sent");
    fake.gate("rest").open();
    const { events, thrown } = await outcome;
    assert.deepEqual([thrown, foldEvents(events).text, warnings], [null, "one two", []]);
  });
});
