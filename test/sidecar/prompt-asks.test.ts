// A prompt whose function asks a model first: to summarize what the question is about, to translate it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Llm, PromptSource } from "../../sidecar/api.ts";
import { gather, type GatherResult } from "../../sidecar/gather.ts";
import type { EndpointLimiter } from "../../sidecar/limits/endpoint-limiter.ts";
import { until } from "../support/until.ts";
import { acquire } from "./limits/acquire.ts";
import { answers, fails, finish, Gate, inTurn, scriptedLlm, text, waitsAt } from "./scripted-provider.ts";

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** Two steps, the first of which goes to the other model where one is given. */
const twoSteps =
  (llm: Llm, first: Llm = llm) =>
  async (): Promise<string> =>
    (await llm.generate(async () => (await first.generate("first")).content)).content;

function checkAllComplete(results: readonly GatherResult<unknown>[], count: number): void {
  assert.deepEqual(
    results.map(({ status }) => status),
    numbers(count).map(() => "complete"),
  );
}

function checkNothingLeft(...limiters: readonly EndpointLimiter[]): void {
  for (const { active, parked, waiting } of limiters) assert.deepEqual({ active, parked, waiting }, { active: 0, parked: 0, waiting: 0 });
}

describe("a prompt function that asks the same server first", () => {
  for (const size of [1, 2, 4]) {
    it(`gets its answer where ${size} may run at once, alone and one of many, and no more run than may`, async () => {
      const { llm, provider, limiter } = scriptedLlm({ size });
      assert.equal(await twoSteps(llm)(), "ok");
      assert.deepEqual(await Promise.all(numbers(9).map(twoSteps(llm))), Array(9).fill("ok"));
      checkAllComplete(await gather(numbers(9).map(() => twoSteps(llm))), 9);
      assert.deepEqual([provider.requests.length, provider.mostOpen], [38, size]);
      checkNothingLeft(limiter);
    });
  }

  it("may be asked for by another such function, however deep", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 1 });
    const nested = (depth: number): PromptSource => {
      return depth === 0 ? "the innermost" : async () => (await llm.generate(nested(depth - 1))).content;
    };
    checkAllComplete(await gather(numbers(3).map(() => () => llm.generate(nested(5)))), 3);
    assert.deepEqual([provider.requests.length, provider.mostOpen], [18, 1]);
    checkNothingLeft(limiter);
  });

  it("may ask several things at once, for which all places are used that there are", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 3 });
    const gate = new Gate();
    provider.enqueue(...numbers(3).map(() => inTurn(waitsAt(gate), answers("a part"))));
    const prompt = async (): Promise<string> => {
      const parts = await gather(numbers(7).map(() => twoSteps(llm)));
      const more = await Promise.all(numbers(7).map(() => llm.generate("a part")));
      return [...parts, ...more].map(({ content }) => content).join(" ");
    };
    const run = gather([() => llm.generate(prompt)]);
    await until(() => gate.waiting === 3, "three parts to be asked for at once");
    gate.open();
    assert.deepEqual(
      (await run).map(({ status }) => status),
      ["complete"],
    );
    assert.deepEqual([provider.requests.length, provider.mostOpen], [22, 3]);
    checkNothingLeft(limiter);
  });

  it("waits for nobody at two servers of one place each whose prompts ask the other one", async () => {
    const one = scriptedLlm({ size: 1 });
    const other = scriptedLlm({ size: 1 });
    const results = await gather(
      numbers(12).map((index) => (index % 2 === 0 ? twoSteps(one.llm, other.llm) : twoSteps(other.llm, one.llm))),
    );
    checkAllComplete(results, 12);
    assert.deepEqual([one.provider.mostOpen, other.provider.mostOpen], [1, 1]);
    checkNothingLeft(one.limiter, other.limiter);
  });

  it("is begun for no more items than may run at once, since the others' prompts are not to be in memory", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 3 });
    let inMemory = 0;
    let most = 0;
    provider.otherwise(async function* ({ messages }) {
      yield [text("an answer"), finish];
      if (messages.some(({ content }) => JSON.stringify(content).includes("second"))) inMemory--;
    });
    const prompt = async (): Promise<string> => {
      most = Math.max(most, ++inMemory);
      await llm.generate("first");
      return "second";
    };
    checkAllComplete(await gather(numbers(30).map(() => () => llm.generate(prompt))), 30);
    assert.deepEqual([most, inMemory], [3, 0]);
    checkNothingLeft(limiter);
  });

  it("lets a request that nobody waits for in it go its own way", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 1 });
    const gate = new Gate();
    provider.enqueue(inTurn(waitsAt(gate), answers("aside")));
    let aside: Promise<{ readonly content: string }> | undefined;
    const asked = llm.generate(async () => {
      aside = llm.generate("aside");
      await until(() => gate.waiting === 1, "the request aside");
      return "hi";
    });
    await until(() => limiter.waiting === 1, "the prompt to be made");
    gate.open();
    assert.equal((await asked).content, "ok");
    assert.equal((await aside)?.content, "aside");
    checkNothingLeft(limiter);
  });

  it("keeps no chat from beginning that a batch may not keep from it", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 1 });
    const gate = new Gate();
    provider.enqueue(inTurn(waitsAt(gate), answers("first")), answers("to the chat"));
    const run = gather([twoSteps(llm), twoSteps(llm)]);
    await until(() => gate.waiting === 1, "the first step of the first item");
    assert.deepEqual([limiter.active, limiter.parked], [1, 1]);
    assert.equal((await llm.generate("a chat")).content, "to the chat");
    gate.open();
    checkAllComplete(await run, 2);
    checkNothingLeft(limiter);
  });
});

describe("a prompt for which a model was asked", () => {
  it("is kept while its request is sent again, and so is one that was only read", async () => {
    const { llm, provider } = scriptedLlm({ size: 1 });
    const refusal = fails({ kind: "overloaded", retryable: true });
    let made = 0;
    provider.enqueue(answers("first"), refusal, refusal, answers("second"));
    const prompt = async (): Promise<string> => {
      made++;
      return (await llm.generate("what first")).content;
    };
    assert.equal((await llm.generate(prompt)).content, "second");
    assert.deepEqual([made, provider.requests.length], [1, 4]);
    const row = ["one", "two", "three"];
    provider.enqueue(refusal, refusal);
    await Promise.all(row.map(() => llm.generate(() => Promise.resolve(row.shift() ?? "nothing left"))));
    const asked = provider.requests.slice(4).map(({ messages }) => JSON.stringify(messages));
    assert.deepEqual(
      ["one", "two", "three", "nothing"].map((word) => asked.some((messages) => messages.includes(word))),
      [true, true, true, false],
    );
  });

  it("is made no more when its answer is cancelled: what it asked ends too, and no place is kept", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 1 });
    provider.otherwise(waitsAt(new Gate()));
    for (const place of ["at the server", "in the line"]) {
      const held = place === "in the line" ? await acquire(limiter, "foreground") : undefined;
      const abort = new AbortController();
      let inner: Promise<{ readonly status: string }> | undefined;
      const prompt = async (): Promise<string> => {
        inner = llm.generate("first");
        await inner;
        return "second";
      };
      const asked = provider.requests.length;
      const answer = llm.generate(prompt, { signal: abort.signal });
      if (held === undefined) await until(() => provider.requests.length > asked, "the inner request");
      else await until(() => limiter.waiting === 1, "a request to wait");
      abort.abort();
      assert.equal((await answer).status, "cancelled");
      if (held === undefined) assert.equal((await inner)?.status, "cancelled");
      held?.release();
      checkNothingLeft(limiter);
    }
  });

  it("counts for the budget of its run, which nobody waits for who keeps room from it", async () => {
    for (const size of [1, 2, 5]) {
      for (const [requests, complete] of [
        [16, 8],
        [9, 4],
      ] as const) {
        const { llm, provider, limiter } = scriptedLlm({ size });
        const results = await gather(
          numbers(8).map(() => twoSteps(llm)),
          { budget: { requests, tokens: 40 * requests } },
        );
        const ended = results.filter(({ status }) => status === "complete").length;
        assert.ok(ended <= complete && (requests < 16 || ended === 8), `${ended} of 8 with ${requests} requests at ${size} places`);
        assert.ok(provider.requests.length <= requests);
        checkNothingLeft(limiter);
      }
    }
  });

  it("waits without its place for room in the budget, and with what was made", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 1 });
    const gate = new Gate();
    let made = 0;
    const long = scriptedLlm({ size: 1 });
    long.provider.enqueue(inTurn(waitsAt(gate), answers("long")));
    const prompt = async (): Promise<string> => {
      made++;
      await llm.generate("first", { maxOutputTokens: 5 });
      return "x".repeat(400);
    };
    const run = gather([() => long.llm.generate("hi", { maxOutputTokens: 100 }), () => llm.generate(prompt, { maxOutputTokens: 5 })], {
      budget: { tokens: 150 },
    });
    await until(() => gate.waiting === 1 && made === 1 && limiter.active + limiter.parked === 0, "the wait for room");
    gate.open();
    checkAllComplete(await run, 2);
    assert.deepEqual([made, provider.requests.length], [1, 2]);
    checkNothingLeft(limiter, long.limiter);
  });
});
