// Functions of a run that wait in the line of an endpoint, and those that could go on at another one meanwhile.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gather, type GatherTask } from "../../sidecar/gather.ts";
import { until } from "../support/until.ts";
import { answers, Gate, inTurn, scriptedLlm, waitsAt } from "./scripted-provider.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets everything that can happen without the outside happen. */
async function quiet(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await turn();
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

describe("a line at one endpoint", () => {
  it("keeps no other endpoint idle: a thousand in it and more, of an array, begin and are not counted", async () => {
    const hanging = scriptedLlm({ size: 2 });
    hanging.provider.otherwise(waitsAt(new Gate()));
    const good = scriptedLlm();
    const abort = new AbortController();
    let done = 0;
    const asks = async (): Promise<void> => {
      await good.llm.generate("x");
      done++;
    };
    const tasks = [
      ...times(1000, () => () => hanging.llm.generate("x")),
      ...times(200, () => asks),
      ...times(500, () => () => hanging.llm.generate("x")),
    ];
    const run = gather<unknown>(tasks, { signal: abort.signal });
    await until(() => done === 200 && hanging.limiter.waiting >= 1024, "the good server to have answered, and the line to be full");
    await quiet();
    assert.deepEqual([hanging.limiter.active, hanging.limiter.waiting], [2, 1024]);
    abort.abort();
    assert.equal((await run).filter(({ status }) => status === "complete").length, 200);
    assert.equal(hanging.limiter.waiting, 0);
  });

  it("holds up what is told how many run at once, and what reads its functions from a source", async () => {
    function* source(): Generator<GatherTask<unknown>> {
      for (;;) yield () => llm.generate("x");
    }
    const { llm, limiter, provider } = scriptedLlm({ size: 2 });
    provider.otherwise(waitsAt(new Gate()));
    for (const [tasks, options, most] of [
      [times(100, () => () => llm.generate("x")), { concurrency: 64 }, 64],
      [source(), {}, 64],
    ] as const) {
      const abort = new AbortController();
      const run = gather<unknown>(tasks, { ...options, signal: abort.signal });
      while (limiter.waiting < most - 2) await turn();
      await quiet();
      assert.equal(limiter.waiting, most - 2);
      abort.abort();
      await run;
    }
  });

  it("counts a function again that has left it, and none that has ended while requests of its own were still in it", async () => {
    const { llm, limiter, provider } = scriptedLlm({ size: 1 });
    const gate = new Gate();
    provider.otherwise(inTurn(waitsAt(gate), answers("ok")));
    const held = llm.generate("x");
    const begun: Gate[] = [];
    let left = 0;
    const stays = async (signal: AbortSignal): Promise<void> => {
      const own = new Gate();
      begun.push(own);
      await own.pass(signal);
    };
    const leavesBehind = (): void => void Promise.allSettled([llm.generate("x"), llm.generate("y")]);
    const asksAndStays = async (signal: AbortSignal): Promise<void> => {
      await Promise.all([llm.generate("x"), llm.generate("y")]);
      left++;
      await stays(signal);
    };
    const abort = new AbortController();
    const run = gather([...times(10, () => leavesBehind), ...times(30, () => asksAndStays), ...times(200, () => stays)], {
      signal: abort.signal,
    });
    while (begun.length < 64 || limiter.waiting < 80) await turn();
    await quiet();
    assert.equal(begun.length, 64);
    gate.open();
    await held;
    await until(() => left === 30, "thirty to have left the line");
    for (const own of begun.slice(0, 20)) own.open();
    await quiet();
    assert.equal(begun.length, 64 + 30, "seventy-four still run");
    abort.abort();
    assert.equal((await run).filter(({ status }) => status === "complete").length, 30);
  });
});
