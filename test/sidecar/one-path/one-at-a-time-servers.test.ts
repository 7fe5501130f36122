// Servers that queue in silence instead of refusing are given no more than they work on, and what waits here does not use up
// the time that the server is given.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { kinds } from "../answer-events.ts";
import type { StreamEvent } from "../../../sidecar/types.ts";
import { until } from "../../support/until.ts";
import { modelsOnWires } from "./models-on-wires.ts";

const { fake, llmOn } = await modelsOnWires();

describe("Of ten questions to Ollama", () => {
  test("quirk 42: two are with the server at once, and the others are shown as waiting here", async () => {
    fake.respond({ steps: [{ text: "y" }, { gate: "one by one" }, { text: "es" }, { finish: "stop" }] });
    const llm = llmOn("ollama");
    const seen: string[][] = Array.from({ length: 10 }, () => []);
    const answers = seen.map(async (events) => {
      for await (const { event } of llm.stream("hi")) events.push(...kinds([event]));
    });
    await until(() => seen.filter((events) => events.includes("text-delta")).length === 2, "two answers to be under way");
    // A server of which nothing is known would be asked for more then, before this one is.
    fake.enqueue({ route: "openai-chat", text: "yes" });
    await llmOn("openai-chat").generate("hi");
    assert.equal(fake.state().waitingAt.length, 2);
    assert.equal(seen.filter((events) => events.includes("status waiting-for-limit")).length, 8);
    fake.gate("one by one").open();
    await Promise.all(answers);
    assert.equal(fake.requests.length, 11);
  });

  test("quirk 42: one that waits here has all of its time for the first token once it is sent", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    fake.respond(({ bodyText }) => (bodyText.includes("held") ? { steps: [{ gate: "held" }, { finish: "stop" }] } : { text: "yes" }));
    const llm = llmOn("ollama");
    const holders = [llm.generate("held"), llm.generate("held")];
    await fake.waitFor(({ waitingAt }) => waitingAt.length === 2, "both places to be taken");
    const events: StreamEvent[] = [];
    const waits = (async () => {
      for await (const { event } of llm.stream("hi", { timeLimits: { firstTokenMs: 2000 } })) events.push(event);
    })();
    await until(() => kinds(events).includes("status waiting-for-limit"), "the third to wait");
    // Another server's answer is late by the same limit: when it has failed, that much time is over.
    fake.enqueue({ route: "openai-chat", holdHeaders: "late" });
    const late = llmOn("openai-chat").generate("hi", { timeLimits: { firstTokenMs: 2000 } });
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("late"), "the other server to be asked");
    context.mock.timers.tick(2000);
    await assert.rejects(
      late,
      (error) => error instanceof Error && "providerCode" in error && error.providerCode === "first-token-timeout",
    );
    assert.equal(kinds(events).at(-1), "status waiting-for-limit");
    fake.gate("held").open();
    await Promise.all([...holders, waits]);
    assert.deepEqual(kinds(events).slice(-3), ["text-delta", "usage", "end"]);
  });
});
