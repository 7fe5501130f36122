import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { distanceFromEnd, followsAfter, isAtEnd } from "../../../media/state/follow.ts";
import type { ScrollPosition } from "../../../media/state/follow.ts";
import { FrameLoop } from "../../../media/state/frame-loop.ts";
import { guessHeight } from "../../../media/state/height-guess.ts";
import type { CostSource } from "../../../sidecar/types.ts";
import { costFigure, costLabel, duration, figureLines, modelName, shortNumber, timeLeft, tokenLabel } from "../../../media/state/labels.ts";

const at = (top: number, height = 1_000, viewport = 300): ScrollPosition => ({ top, height, viewport });

describe("Following the end of the conversation", () => {
  test("goes on while the content grows under it", () => {
    assert.equal(followsAfter(true, at(700), at(700, 1_200), false), true);
  });

  test("ends with any movement upwards, however small", () => {
    assert.equal(followsAfter(true, at(700), at(699), false), false);
    assert.equal(followsAfter(true, at(700), at(100), false), false);
  });

  test("does not begin again while the reader reads on, away from the end", () => {
    assert.equal(followsAfter(false, at(100), at(400), false), false);
  });

  test("begins again when the reader comes back to the end", () => {
    assert.equal(followsAfter(false, at(400), at(700), false), true);
    assert.equal(followsAfter(false, at(400), at(690), false), true);
  });

  test("takes content that shrinks and a view that grows for no movement of the reader's", () => {
    assert.equal(followsAfter(true, at(700), at(500, 800), false), true);
    assert.equal(followsAfter(true, at(700, 1_000, 300), at(600, 1_000, 400), false), true);
    assert.equal(followsAfter(true, at(700), at(300, 800), true), false, "further up than the content's end is the reader's doing");
  });

  test("outlasts messages that find their heights, unless the reader moves meanwhile", () => {
    assert.equal(followsAfter(true, at(700), at(200, 1_400), false), true);
    assert.equal(followsAfter(true, at(700), at(690, 1_400), true), false);
    assert.equal(followsAfter(false, at(500), at(200, 1_400), false), false);
  });

  test("measures the distance from the end, which is none beyond it", () => {
    assert.deepEqual([distanceFromEnd(at(600)), distanceFromEnd(at(800)), isAtEnd(at(680)), isAtEnd(at(600))], [100, 0, true, false]);
  });
});

describe("Frames", () => {
  /** A clock by hand: work takes time only where a job says so. */
  function byHand() {
    let now = 0;
    const frames: (() => void)[] = [];
    const errors: unknown[] = [];
    const loop = new FrameLoop({
      now: () => now,
      nextFrame: (callback) => {
        frames.push(callback);
      },
      report: (error) => void errors.push(error),
    });
    return {
      loop,
      errors,
      frames,
      work: (ms: number) => {
        now += ms;
      },
      frame: () => frames.shift()?.(),
    };
  }

  test("run a job until it is done, one frame after the other, and then no more", () => {
    const { loop, frames, frame } = byHand();
    let runs = 0;
    loop.add(() => {
      runs += 1;
      return runs < 3;
    });
    for (let index = 0; index < 10; index += 1) frame();
    assert.deepEqual([runs, frames.length], [3, 0]);
  });

  test("ask for one frame, however many jobs are added", () => {
    const { loop, frames } = byHand();
    for (let index = 0; index < 5; index += 1) loop.add(() => false);
    assert.equal(frames.length, 1);
  });

  test("apply what arrived before they render it, in the same frame", () => {
    const { loop, frame } = byHand();
    const order: string[] = [];
    const render = (): boolean => order.push("render") === 0;
    loop.add(() => order.push("other") === 0);
    loop.addUrgent(() => {
      order.push("apply");
      loop.add(render);
      return false;
    });
    frame();
    assert.deepEqual(order, ["apply", "render", "other"]);
  });

  test("leave for the next frame what the time does not suffice for: the latest job first, then each in its turn", () => {
    const { loop, frame, work } = byHand();
    const order: string[] = [];
    for (const name of ["a", "b", "c"]) {
      let left = 2;
      loop.add(() => {
        order.push(name);
        work(20);
        left -= 1;
        return left > 0;
      });
    }
    for (let index = 0; index < 6; index += 1) frame();
    assert.deepEqual(order, ["c", "b", "a", "c", "b", "a"]);
  });

  test("go on with the other jobs when one fails, and its error is told", () => {
    const { loop, frame, errors } = byHand();
    let runs = 0;
    loop.add(() => {
      throw new Error("This job fails.");
    });
    loop.add(() => {
      runs += 1;
      return runs < 2;
    });
    for (let index = 0; index < 3; index += 1) frame();
    assert.equal(runs, 2);
    assert.deepEqual(errors.map(String), ["Error: This job fails."]);
  });

  test("forget a job that is taken away", () => {
    const { loop, frame } = byHand();
    const job = (): boolean => assert.fail("It was taken away.");
    loop.add(job);
    loop.remove(job);
    frame();
  });
});

describe("Labels", () => {
  test("name an answer's model as the picker does, else by the provider's own id", () => {
    const chosen = { ref: "openai/gpt-5-mini", name: "GPT-5 mini", providerName: "OpenAI", demo: false };
    assert.equal(modelName("openai/gpt-5-mini", chosen), "GPT-5 mini");
    assert.equal(modelName("openrouter/openai/gpt-5-mini", chosen), "openai/gpt-5-mini");
    assert.equal(modelName("local//home/me/models/qwen3-4b.gguf", null), "qwen3-4b.gguf");
    assert.equal(modelName("local/C:\\models\\qwen3-4b.gguf", null), "qwen3-4b.gguf");
    assert.equal(modelName(undefined, chosen), "");
  });

  test("tell times as short as they can be told", () => {
    assert.deepEqual([38, 312, 6_240, 9_949, 9_950, 59_400, 61_000, 600_000].map(duration), [
      "38 ms",
      "0.3 s",
      "6.2 s",
      "9.9 s",
      "10 s",
      "59 s",
      "1 min 1 s",
      "10 min 0 s",
    ]);
  });

  test("count down to a moment, and say nothing when it has come", () => {
    assert.deepEqual(
      [timeLeft(13_500, 1_000), timeLeft(91_000, 1_000), timeLeft(1_000, 1_000), timeLeft(undefined, 1)],
      ["13 s", "1 min 30 s", undefined, undefined],
    );
  });

  test("shorten numbers in the page's language", () => {
    assert.deepEqual(
      [950, 1_284, 1_500_000].map((value) => shortNumber(value, "en")),
      ["950", "1.3K", "1.5M"],
    );
  });

  test("mark figures that are estimates", () => {
    const usage = { inputTokens: 10, outputTokens: 20 };
    assert.equal(tokenLabel(usage, "en"), "10 → 20 tokens");
    assert.equal(tokenLabel({ ...usage, estimated: true }, "en"), "about 10 → 20 tokens");
    assert.ok(figureLines({ usage: { ...usage, estimated: true } }, "en").some((line) => line.includes("estimates")));
  });

  test("tell a small cost with the digits that count", () => {
    assert.deepEqual(
      [0.0012, 0.000_034_5, 0.5, 12].map((amount) => costLabel(amount, "en")),
      ["$0.0012", "$0.000035", "$0.50", "$12.00"],
    );
  });

  test("tell all figures in full on a line each", () => {
    const usage = { inputTokens: 1_284, outputTokens: 412, cachedTokens: 1_024, cacheWriteTokens: 200, reasoningTokens: 128 };
    const cost = { amount: 0.0012, currency: "USD", source: "bundled" } as const;
    assert.deepEqual(figureLines({ usage, cost, timings: { firstTokenMs: 640, totalMs: 1 } }, "en"), [
      "Input: 1,284 tokens, 1,024 of them cached",
      "Written into the provider's cache: 200 tokens",
      "Output: 412 tokens, 128 of them reasoning",
      "Cost: about $0.0012, by published prices",
      "First words after 0.6 s",
    ]);
  });

  test("tell whose word a cost is, and show none for a model that runs here", () => {
    const cost = (source: CostSource) => ({ amount: source === "local" ? 0 : 0.25, currency: "USD", source }) as const;
    const line = (source: CostSource) => figureLines({ cost: cost(source) }, "en")[0];
    assert.equal(line("charged"), "Cost: $0.25, as the provider says");
    assert.equal(line("setting"), "Cost: $0.25, by the price in your settings");
    assert.equal(line("live"), "Cost: about $0.25, by the provider's price list");
    assert.equal(line("local"), "Cost: nothing, since the model runs on this machine");
    assert.deepEqual([costFigure(cost("charged"), "en"), costFigure(cost("local"), "en"), costFigure(undefined, "en")], ["$0.25", "", ""]);
  });
});

describe("The guessed height of a message", () => {
  test("grows with its lines, wrapped at the width of the column", () => {
    const line = "word ".repeat(40);
    assert.ok(guessHeight(line, 300) > 2 * guessHeight(line, 800) - 36);
    assert.equal(guessHeight(`${line}\n${line}`, 800) - 36, 2 * (guessHeight(line, 800) - 36));
  });

  test("takes blank lines, rules and fences for less than a line", () => {
    assert.equal(guessHeight("a\n\nb\n\n```ts\nc\n```", 500), 36 + 3 * 20 + 4 * 9);
  });
});
