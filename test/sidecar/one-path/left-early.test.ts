// A reader that leaves an answer early, wherever it is: it waits for nothing, and nothing is left behind.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Chunk } from "../../../sidecar/api.ts";
import { Gate, scriptedLlm } from "../scripted-provider.ts";
import { modelsOnWires } from "./models-on-wires.ts";

const { fake, llmOn } = await modelsOnWires();

type Stream = AsyncGenerator<Chunk, void, undefined>;

/** Ways to leave. */
const WAYS: Readonly<Record<string, (stream: Stream) => Promise<void>>> = {
  break: async (stream) => {
    for await (const _ of stream) break;
  },
  "an error in the loop": async (stream) => {
    const loop = async (): Promise<void> => {
      for await (const _ of stream) throw new Error("of the loop");
    };
    await assert.rejects(loop(), /of the loop/u);
  },
  return: async (stream) => void (await stream.return()),
  throw: (stream) => assert.rejects(stream.throw(new Error("of the caller")), /of the caller/u),
  "return beside a read": async (stream) => {
    const reading = stream.next();
    await stream.return();
    await reading;
  },
};

for (const [name, leave] of Object.entries(WAYS)) {
  describe(`An answer that is left by ${name}`, () => {
    for (const taken of [0, 1, 2, 3]) {
      test(`after ${taken} events gives its place back, and the next one is answered`, async () => {
        fake.respond(({ index }) => (index === 0 ? { steps: [{ text: "one" }, { text: "two" }, { gate: "never" }] } : { text: "next" }));
        const llm = llmOn("openai-chat", { concurrency: 1 });
        const stream = llm.stream("hi");
        for (let at = 0; at < taken; at += 1) await stream.next();
        await leave(stream);
        assert.deepEqual(await stream.next(), { done: true, value: undefined });
        if (fake.requests.length === 0) fake.respond({ text: "next" });
        assert.equal((await llm.generate("hi again")).content, "next");
        await fake.waitFor(({ openAnswers }) => openAnswers === 0, "the first answer to be closed");
      });
    }
  });
}

describe("A prompt that is never made", () => {
  test("holds up nobody who leaves, and keeps no place", async () => {
    const { llm, limiter, provider } = scriptedLlm({ size: 1 });
    const asked = new Gate();
    const stream = llm.stream(async (signal) => {
      void asked.pass(signal).catch(() => {});
      return new Promise<string>(() => {});
    });
    await stream.next();
    const reading = stream.next();
    await asked.reached;
    await stream.return();
    await reading;
    assert.deepEqual([limiter.active, provider.requests.length], [0, 0]);
  });

  test("is given up when the answer is cancelled", async () => {
    const { llm, limiter } = scriptedLlm({ size: 1 });
    const abort = new AbortController();
    const prompt = (): Promise<string> => {
      setImmediate(() => abort.abort());
      return new Promise<string>(() => {});
    };
    assert.equal((await llm.generate(prompt, { signal: abort.signal })).status, "cancelled");
    assert.equal(limiter.active, 0);
  });

  test("may fail afterwards, which nobody hears", async () => {
    const { llm } = scriptedLlm();
    const abort = new AbortController();
    const late = Promise.withResolvers<string>();
    const answer = llm.generate(
      () => {
        abort.abort();
        return late.promise;
      },
      { signal: abort.signal },
    );
    assert.equal((await answer).status, "cancelled");
    late.reject(new Error("too late"));
    // A rejection that nobody handles would end this process.
    await new Promise((resolve) => setImmediate(resolve));
  });
});
