import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AnswerError } from "../../sidecar/answers/answer-error.ts";
import type { Llm } from "../../sidecar/api.ts";
import { gather, type GatherResult, type GatherTask } from "../../sidecar/gather.ts";
import { EndpointLimiter } from "../../sidecar/limits/endpoint-limiter.ts";
import { createLlmAt } from "../../sidecar/llm.ts";
import { flatQuote, type PriceQuote } from "../../sidecar/prices/price-quote.ts";
import { ProviderError } from "../../sidecar/providers/provider.ts";
import { fakeAtHand, providerAt } from "../support/fake-at-hand.ts";
import { answers, fails, finish, Gate, quickRetries, ScriptedProvider, text, type Script } from "./scripted-provider.ts";

const here = await fakeAtHand();

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The prompt "hi" is estimated at five tokens. */
const PROMPT_TOKENS = 5;

interface Priced {
  readonly llm: Llm;
  readonly provider: ScriptedProvider;
  readonly limiter: EndpointLimiter;
}

function llmWith(price?: PriceQuote): Priced {
  const provider = new ScriptedProvider();
  const limiter = new EndpointLimiter(8, { start: 8 });
  const endpoint = () => ({ provider, limiter, timeLimits: {}, retry: quickRetries });
  const target = { ref: "scripted/m", provider: "scripted", model: "m", endpoint, price: () => Promise.resolve(price) };
  return { llm: createLlmAt(target), provider, limiter };
}

/** An answer that takes so many tokens in and out. */
function taking(inputTokens: number, outputTokens: number): Script {
  return async function* () {
    yield [text("an answer")];
    yield [{ type: "usage", inputTokens, outputTokens }, finish];
  };
}

function codeOf(result: GatherResult<unknown> | undefined): string | undefined {
  return result?.error instanceof ProviderError ? result.error.providerCode : undefined;
}

const many = <T>(count: number, task: GatherTask<T>): readonly GatherTask<T>[] => Array.from({ length: count }, () => task);

describe("a budget of tokens", () => {
  it("stops a run cleanly: what runs ends as it would, what has not begun ends with its own code and is not sent", async () => {
    const { llm, provider } = llmWith();
    provider.otherwise(taking(PROMPT_TOKENS, 45));
    const results = await gather(
      many(20, () => llm.generate("hi", { maxOutputTokens: 45 })),
      { budget: { tokens: 250 } },
    );
    const complete = results.filter(({ status }) => status === "complete");
    assert.equal(provider.requests.length, complete.length);
    assert.equal(complete.length, 5, "five answers of fifty tokens are all of it");
    const others = results.filter(({ status }) => status !== "complete");
    assert.ok(others.every((result) => result.status === "error" && codeOf(result) === "budget-exhausted" && result.content === ""));
    assert.equal(others.length, 15);
  });

  it("is never exceeded by requests that are under way together and name their longest answer", async () => {
    const { llm, provider } = llmWith();
    const gate = new Gate();
    provider.otherwise(async function* (request, context) {
      await gate.pass(context.signal);
      yield* taking(PROMPT_TOKENS, 95)(request, context);
    });
    const run = gather(
      many(20, () => llm.generate("hi", { maxOutputTokens: 95 })),
      { budget: { tokens: 350 } },
    );
    while (gate.waiting < 3) await turn();
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.equal(provider.mostOpen, 3, "three of a hundred tokens fit into what is left, a fourth does not");
    gate.open();
    const results = await run;
    const used = results.reduce((sum, { value }) => sum + (value?.usage?.inputTokens ?? 0) + (value?.usage?.outputTokens ?? 0), 0);
    assert.equal(used, 300);
  });

  it("counts what was really used in place of what was reserved, so that short answers leave room for more", async () => {
    const { llm, provider } = llmWith();
    provider.otherwise(taking(5, 5));
    const results = await gather(
      many(20, () => llm.generate("hi", { maxOutputTokens: 90 })),
      { budget: { tokens: 200 } },
    );
    assert.equal(provider.requests.length, 11, "a hundred and five are left after the tenth, then one more fits");
    assert.equal(results.filter(({ status }) => status === "complete").length, 11);
  });

  it("learns from the answers how much to reserve where no longest one is named", async () => {
    const { llm, provider } = llmWith();
    provider.otherwise(taking(5, 20));
    await gather(
      many(40, () => llm.generate("hi")),
      { budget: { tokens: 250 } },
    );
    assert.equal(provider.requests.length, 10);
    assert.ok(provider.mostOpen > 1, "after the first answer several run at once");
  });

  it("is given back by an answer that was cancelled, refused or never sent", async () => {
    const { llm, provider } = llmWith();
    provider.enqueue(fails({ kind: "auth", status: 401 }));
    provider.otherwise(taking(5, 95));
    const cancelled = new AbortController();
    cancelled.abort();
    const results = await gather(
      [
        () => llm.generate("hi", { maxOutputTokens: 95 }),
        () => llm.generate("hi", { maxOutputTokens: 95, signal: cancelled.signal }),
        () => llm.generate("", { maxOutputTokens: 95 }),
        async () => {
          for await (const { event } of llm.stream("hi", { maxOutputTokens: 95 })) if (event.type === "status") break;
          return null;
        },
        () => llm.generate("hi", { maxOutputTokens: 95 }),
      ],
      { concurrency: 1, budget: { tokens: 205 } },
    );
    assert.deepEqual(
      results.map(({ status }) => status),
      ["error", "cancelled", "error", "complete", "complete"],
    );
    assert.equal(codeOf(results[2]), "empty-prompt");
  });

  it("sends what fits beside a prompt that is larger than all of it, in whatever order they come", async () => {
    const { llm, provider } = llmWith();
    provider.otherwise(taking(PROMPT_TOKENS, 3));
    const small = (): Promise<unknown> => llm.generate("hi", { maxOutputTokens: 3 });
    const results = await gather([() => llm.generate("x".repeat(40_000)), small, small, small], { budget: { tokens: 24 } });
    assert.deepEqual(
      results.map((result) => codeOf(result) ?? result.status),
      ["larger-than-budget", "complete", "complete", "complete"],
    );
  });

  it("counts what was told of an answer of which no word came and that is asked for again", async () => {
    const { llm, provider } = llmWith();
    const told: Script = async function* () {
      yield [{ type: "usage", inputTokens: PROMPT_TOKENS, outputTokens: 95 }];
    };
    provider.enqueue(told, taking(PROMPT_TOKENS, 45));
    const results = await gather(
      many(2, () => llm.generate("hi", { maxOutputTokens: 45 })),
      { concurrency: 1, budget: { tokens: 160 } },
    );
    assert.deepEqual([results[0]?.value?.usage?.outputTokens, results[0]?.status], [140, "complete"]);
    assert.deepEqual([codeOf(results[1]), provider.requests.length], ["budget-exhausted", 2]);
  });
});

describe("a budget of requests", () => {
  it("counts every request that is sent, those sent again included", async () => {
    const { llm, provider } = llmWith();
    provider.enqueue(answers("one"), fails({ kind: "server", status: 500, retryable: true }));
    const results = await gather(
      many(9, () => llm.generate("hi")),
      { concurrency: 1, budget: { requests: 4 } },
    );
    assert.equal(provider.requests.length, 4);
    assert.equal(results.filter(({ status }) => status === "complete").length, 3);
  });

  it("leaves what was sent its own error where there is no room for sending it again", async () => {
    const { llm, provider } = llmWith();
    provider.otherwise(fails({ kind: "server", status: 500, retryable: true, providerCode: "out-of-order", requestId: "req-1" }));
    const results = await gather(
      many(6, () => llm.generate("hi")),
      { budget: { requests: 4 } },
    );
    assert.equal(provider.requests.length, 4);
    assert.deepEqual(results.map(codeOf), [...Array(4).fill("out-of-order"), "budget-exhausted", "budget-exhausted"]);
    assert.ok(results[0]?.error instanceof ProviderError);
    assert.deepEqual([results[0].error.status, results[0].error.requestId], [500, "req-1"]);
    const told = llmWith();
    told.provider.enqueue(async function* () {
      yield [{ type: "usage", inputTokens: PROMPT_TOKENS, outputTokens: 7 }];
    });
    const [cut] = await gather([() => told.llm.generate("hi")], { budget: { requests: 1 } });
    assert.equal(codeOf(cut), "stream-cut", "of which no word came either");
    assert.ok(cut?.error instanceof AnswerError);
    assert.equal(cut.error.partial.usage?.outputTokens, 7);
  });

  it("leaves an answer that does not satisfy its schema that error where there is no room for asking again", async () => {
    const { llm, provider } = llmWith();
    provider.otherwise(answers("I would rather not."));
    const responseSchema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const results = await gather(
      many(3, () => llm.generate("hi", { responseSchema })),
      { budget: { requests: 2 } },
    );
    assert.deepEqual([results.map(codeOf), provider.requests.length], [["schema-mismatch", "schema-mismatch", "budget-exhausted"], 2]);
    const error = results[0]?.error;
    assert.ok(error instanceof AnswerError);
    assert.equal(error.info.rejectedText, "I would rather not.");
    assert.equal(
      error.message,
      "The answer does not satisfy the schema: it is no JSON. The budget of this run did not let it be asked for again.",
    );
    assert.deepEqual([error.partial.content, error.partial.usage?.outputTokens], ["", 2]);
  });

  it("calls what waited for a server to load its model not sent, where others have used the budget up meanwhile", async () => {
    const { llm, provider } = llmWith();
    provider.enqueue(fails({ kind: "overloaded", status: 503, retryable: true, providerCode: "loading-model" }));
    const results = await gather([() => llm.generate("hi"), () => llm.generate("hi")], { budget: { requests: 1 } });
    assert.deepEqual(new Set(results.map(codeOf)), new Set(["budget-exhausted", undefined]));
  });

  for (const [why, answer] of [
    [
      "without a field that the model refuses",
      { status: 400, body: { error: { message: "Unsupported parameter: 'seed'", param: "seed" } } },
    ],
    ["where a redirect leads", { status: 307, headers: { location: "/moved/v1/chat/completions" }, body: "" }],
  ] as const) {
    it(`counts a request that is sent again ${why}, and does not send it where no other is left`, async () => {
      // Another provider each time: one that has learned asks no more than once.
      const endpoint = () => ({ provider: providerAt(here, "openai-compatible"), limiter: new EndpointLimiter(8), timeLimits: {} });
      const llm = createLlmAt({ ref: "openai-compatible/m", provider: "openai-compatible", model: "m", endpoint }, { seed: 1 });
      const one = async (requests: number): Promise<readonly unknown[]> => {
        here.fake.enqueue(answer);
        const [result] = await gather([() => llm.generate("hi")], { budget: { requests } });
        const sent = here.fake.requests.length;
        here.fake.reset();
        return [sent, codeOf(result) ?? result?.status];
      };
      assert.deepEqual(await one(1), [1, "budget-exhausted"]);
      assert.deepEqual(await one(2), [2, "complete"]);
      here.fake.enqueue(answer);
      const results = await gather(
        many(3, () => llm.generate("hi")),
        { concurrency: 1, budget: { requests: 3 } },
      );
      assert.deepEqual(
        results.map((result) => codeOf(result) ?? result.status),
        ["complete", "complete", "budget-exhausted"],
        "of three requests the first answer took two",
      );
    });
  }

  it("does not count the questions to a server that is loading its model", async () => {
    const { llm, provider } = llmWith();
    const loading = fails({ kind: "overloaded", status: 503, retryable: true, providerCode: "loading-model" });
    provider.enqueue(loading, loading, loading, answers("loaded"));
    const [result] = await gather([() => llm.generate("hi")], { budget: { requests: 1 } });
    assert.equal(result?.content, "loaded");
  });

  it("holds for bare functions, for a gather inside, and for the outer one where both have a budget", async () => {
    const { llm, provider } = llmWith();
    const inner = async (): Promise<number> => {
      const results = await gather(
        many(4, () => llm.generate("hi")),
        { budget: { requests: 3 } },
      );
      return results.filter(({ status }) => status === "complete").length;
    };
    const bare = (): Promise<number> => Promise.all([llm.generate("hi"), llm.generate("hi")]).then(({ length }) => length);
    const results = await gather([inner, inner, bare], { concurrency: 1, budget: { requests: 5 } });
    assert.equal(provider.requests.length, 5);
    assert.deepEqual([results[0]?.value, results[1]?.value], [3, 2]);
    assert.equal(codeOf(results[2]), "budget-exhausted");
  });

  it("asks a lazy source for no more, closes it, and ends", async () => {
    const { llm, provider } = llmWith();
    let asked = 0;
    let closed = false;
    function* endless(): Generator<GatherTask<unknown>> {
      try {
        for (;;) {
          asked++;
          yield () => llm.generate("hi");
        }
      } finally {
        closed = true;
      }
    }
    const seen: string[] = [];
    for await (const result of gather(endless(), { concurrency: 2, budget: { requests: 3 } })) seen.push(codeOf(result) ?? result.status);
    assert.equal(provider.requests.length, 3);
    assert.deepEqual(seen.slice(0, 3), ["complete", "complete", "complete"]);
    assert.ok(seen.length <= 5 && seen.slice(3).every((code) => code === "budget-exhausted"), seen.join());
    assert.ok(asked <= 5, `${asked} were asked for`);
    assert.equal(closed, true);
  });

  it("waits no longer for a lazy source that has not answered when it is used up, and closes it", async () => {
    const { llm } = llmWith();
    let closed = false;
    const tasks = [() => llm.generate("hi"), () => llm.generate("hi")][Symbol.iterator]();
    const hangs: AsyncIterator<GatherTask<unknown>> = {
      next: () => {
        const next = tasks.next();
        return next.done === true ? new Promise(() => undefined) : Promise.resolve(next);
      },
      return: () => {
        closed = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    const results = await gather({ [Symbol.asyncIterator]: () => hangs }, { budget: { requests: 1 } });
    assert.deepEqual(results.map((result) => codeOf(result) ?? result.status).toSorted(), ["budget-exhausted", "complete"]);
    assert.equal(closed, true);
  });

  it("lets go of those who wait for room when the run is cancelled", async () => {
    const { llm, provider, limiter } = llmWith();
    const gate = new Gate();
    provider.otherwise(async function* (_request, { signal }) {
      yield [text("so far")];
      await gate.pass(signal);
    });
    const abort = new AbortController();
    const run = gather(
      many(6, () => llm.generate("hi")),
      { signal: abort.signal, budget: { requests: 1 } },
    );
    await gate.reached;
    while (limiter.active > 1 || limiter.waiting > 0) await turn();
    assert.equal((await llm.generate("a chat", { signal: AbortSignal.abort() })).status, "cancelled");
    abort.abort();
    assert.ok((await run).every(({ status }) => status === "cancelled"));
    assert.deepEqual([provider.requests.length, limiter.active, limiter.waiting], [1, 0, 0]);
  });
});

describe("a budget of money", () => {
  const dollars = flatQuote({ input: 1_000_000, output: 2_000_000 }, "setting");

  it("counts by the model's price", async () => {
    const { llm, provider } = llmWith(dollars);
    provider.otherwise(taking(5, 10));
    const results = await gather(
      many(10, () => llm.generate("hi", { maxOutputTokens: 10 })),
      { budget: { amount: 80 } },
    );
    assert.equal(provider.requests.length, 3, "twenty-five dollars each");
    assert.equal(results.filter((result) => codeOf(result) === "budget-exhausted").length, 7);
  });

  it("sends nothing to a model whose price nobody knows", async () => {
    const { llm, provider } = llmWith();
    const results = await gather<unknown>([() => llm.generate("hi"), () => "no request at all"], { budget: { amount: 1 } });
    assert.deepEqual([results[0]?.status, codeOf(results[0])], ["error", "price-unknown"]);
    assert.equal(results[1]?.content, "no request at all");
    assert.equal(provider.requests.length, 0);
  });

  it("asks an endless source for no more where nothing that it gives has a price", async () => {
    const { llm, provider } = llmWith();
    let asked = 0;
    function* endless(): Generator<GatherTask<unknown>> {
      while (asked++ < 10_000) yield () => llm.generate("hi");
    }
    const codes = (await gather(endless(), { budget: { amount: 1 } })).map(codeOf);
    assert.deepEqual(new Set(codes), new Set(["price-unknown"]));
    assert.ok(asked <= 100, `${asked} were asked for`);
    assert.equal(provider.requests.length, 0);
  });

  it("sends as much as it likes to a model that costs nothing", async () => {
    const { llm, provider } = llmWith(flatQuote({ input: 0, output: 0 }, "local"));
    await gather(
      many(10, () => llm.generate("hi")),
      { budget: { amount: 0 } },
    );
    assert.equal(provider.requests.length, 10);
  });
});

it("a budget that is none is refused before anything begins", () => {
  let begun = false;
  const task = (): void => void (begun = true);
  assert.throws(() => gather([task], { budget: { tokens: -5 } }), { providerCode: "invalid-parameter", message: /"tokens"/u });
  assert.equal(begun, false);
});
