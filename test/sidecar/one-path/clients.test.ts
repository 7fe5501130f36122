// What a client costs the others and the process: nothing before its first request, no turn of the event loop that others
// need, and nothing that breaks elsewhere when it is changed or closed.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { gather } from "../../../sidecar/gather.ts";
import { Session } from "../../../sidecar/sessions/session.ts";
import { FakeProvider } from "../../support/fake-provider.ts";
import { ALL_WIRES, modelsOnWires } from "./models-on-wires.ts";

const { fake, settingsOn, engineOn, llmOn } = await modelsOnWires();

describe("Making a client", () => {
  for (const wire of ALL_WIRES) {
    test(`fault 7: on ${wire} calls nobody: no socket is opened before the first question`, async () => {
      const before = fake.state().sockets;
      const engine = engineOn(wire);
      const [info] = engine.listProviders().filter(({ baseUrl }) => baseUrl?.startsWith(fake.origin) === true);
      const session = new Session(engine.llm(`${info?.id}/m`));
      engine.updateSettings(settingsOn(wire, { concurrency: 2 }));
      for (let turn = 0; turn < 50; turn += 1) await turnOfTheLoop();
      assert.equal(fake.state().sockets, before);
      await session.generate("now");
      assert.ok(fake.state().sockets > before);
    });
  }
});

describe("While an answer streams,", () => {
  test("fault 6: other work has its turns while one is read that is sent as fast as it can be", async () => {
    const record = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "word ".repeat(20) } }] })}\n\n`;
    fake.enqueue({ steps: [{ raw: record.repeat(40_000) }, { finish: "stop" }] });
    const turns = { all: 0, atFirst: -1, atLast: -1 };
    const counting = new AbortController();
    const count = (): void => {
      turns.all += 1;
      if (!counting.signal.aborted) setImmediate(count);
    };
    setImmediate(count);
    let chunks = 0;
    for await (const { event } of llmOn("openai-chat").stream("hi")) {
      if (event.type !== "text-delta") continue;
      if (chunks === 0) turns.atFirst = turns.all;
      turns.atLast = turns.all;
      chunks += 1;
    }
    counting.abort();
    assert.equal(chunks, 40_000);
    assert.ok(turns.atLast > turns.atFirst, "the event loop has turned between the first chunk and the last");
  });

  test("fault 6: another one begins and ends while the first waits for its next token", async () => {
    fake.enqueue({ steps: [{ text: "one" }, { gate: "more" }, { text: " two" }, { finish: "stop" }] }, { text: "other" });
    const llm = llmOn("openai-chat");
    let content = "";
    for await (const chunk of llm.stream("first")) {
      content += chunk.content;
      if (chunk.content !== "one") continue;
      assert.equal((await llm.generate("second")).content, "other");
      fake.gate("more").open();
    }
    assert.equal(content, "one two");
  });

  test("fault 8: closing another client leaves it alone", async () => {
    fake.enqueue({ steps: [{ text: "one" }, { gate: "more" }, { text: " two" }, { finish: "stop" }] }, { text: "other" });
    const other = engineOn("openai-chat");
    const answer = llmOn("openai-chat").generate("first");
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("more"), "the first answer to be under way");
    await other.llm("openai-compatible/m").generate("second");
    await other.close();
    fake.gate("more").open();
    assert.equal((await answer).content, "one two");
  });

  test("fault 8: changed settings, time limits and network hold for the next one, and leave it alone", async () => {
    fake.enqueue({ steps: [{ text: "one" }, { gate: "more" }, { text: " two" }, { finish: "stop" }] });
    const engine = engineOn("openai-chat");
    const answer = engine.llm("openai-compatible/m").generate("first");
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("more"), "the first answer to be under way");
    engine.updateSettings({ ...settingsOn("openai-chat", { timeLimits: { idleMs: 1 } }), network: { useSystemCertificates: false } });
    await engine.listModels({ provider: "openai-compatible", refresh: true }, new AbortController().signal);
    fake.gate("more").open();
    assert.equal((await answer).content, "one two");
  });
});

describe("A server that is down", () => {
  test("fault 24: is told as a failure where its models are asked for, and so is one that is down by now", async () => {
    const server = await FakeProvider.start();
    const engine = engineOn("openai-chat", { baseUrl: server.baseUrl("openai-chat") });
    const list = () => engine.listModels({ refresh: true }, new AbortController().signal);
    assert.deepEqual((await list()).models.filter(({ provider }) => provider === "openai-compatible").length, 1);
    await server.close();
    const { models, failures } = await list();
    assert.deepEqual(models.filter(({ provider }) => provider === "openai-compatible").length, 0);
    const failure = failures.find(({ provider }) => provider === "openai-compatible");
    assert.deepEqual([failure?.error.kind, failure?.error.providerCode], ["network", "ECONNREFUSED"]);
  });
});

describe("A fan-out", () => {
  test("fault 31: runs as many answers at once as it may, and not one after the other", async () => {
    fake.respond({ steps: [{ text: "x" }, { gate: "all" }, { finish: "stop" }] });
    const llm = llmOn("openai-chat", { concurrency: 6 });
    const results = gather(Array.from({ length: 4 }, () => () => llm.generate("hi")));
    await fake.waitFor(({ openAnswers }) => openAnswers === 4, "all answers to be under way at once");
    fake.gate("all").open();
    for (const { status } of await results) assert.equal(status, "complete");
    assert.equal(fake.state().peakAnswers, 4);
  });
});
