// Damaged and malicious streams, from a fixed seed: the short form of `npm run fuzz`.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { parseJson } from "../../../sidecar/providers/json-fields.ts";
import { HostileServer } from "../../fuzz/answers.ts";
import { readCorpus, WIRES } from "../../fuzz/corpus.ts";
import { mutate, VALUES } from "../../fuzz/mutations.ts";
import { checkHostileReading, checkMutatedReading } from "../../fuzz/readings.ts";
import { deepBody } from "../../fuzz/records.ts";
import type { Scenario } from "../../fuzz/scenario.ts";
import { SCENARIOS } from "../../fuzz/scenarios.ts";
import { sideBySide } from "../../fuzz/side-by-side.ts";
import { oneOf, seededRandom } from "../../support/seeded-random.ts";
import { ADAPTERS, wireTarget } from "../../support/wire-reading.ts";

const SEED = 20_261_122;
const DAMAGED_READINGS = 3000;
const DAMAGED_ANSWERS = 300;

const corpus = readCorpus(false);
const server = await HostileServer.start();
after(() => server.close());

const FIELDS: readonly string[] = [
  "choices",
  "delta",
  "message",
  "content",
  "content_block",
  "usage",
  "item",
  "response",
  "index",
  "type",
  "tool_calls",
  "output",
  "thinking",
  "reasoning_details",
  "error",
];

describe("Straight into the decoders,", () => {
  test(`${DAMAGED_READINGS} damaged streams of every wire end as they may`, () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < DAMAGED_READINGS; round += 1) checkMutatedReading(corpus, random);
  });

  for (const wire of WIRES) {
    const framed = (...records: readonly string[]): Buffer =>
      Buffer.from(records.map((record) => (ADAPTERS[wire].framing === "sse" ? `data: ${record}\n\n` : `${record}\n`)).join(""));

    test(`over ${wire}, a value of any type in any field is survived`, () => {
      for (const field of FIELDS) {
        for (const value of VALUES) {
          const record = `{"${field}":${value},"type":"content_block_start"}`;
          const nested = `{"choices":[{"${field}":${value},"delta":{"${field}":${value}}}],"message":{"${field}":${value}},"delta":{"${field}":${value}},"type":"content_block_delta"}`;
          checkHostileReading(wire, [framed(record, nested)]);
        }
      }
    });

    test(`over ${wire}, JSON of a hundred thousand levels is refused`, () => {
      checkHostileReading(wire, [Buffer.from(deepBody(wire, 100_000))]);
      checkHostileReading(wire, [framed(`{"choices":${"[".repeat(50_000)}${"]".repeat(50_000)}}`)]);
    });
  }

  test("JSON is read down to 500 levels, with brackets in its strings not counted", () => {
    const deep = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    assert.notEqual(parseJson(deep(500)), undefined);
    assert.equal(parseJson(deep(501)), undefined);
    assert.deepEqual(parseJson(`["${"[{".repeat(1000)}\\"${"[".repeat(1000)}"]`), [`${"[{".repeat(1000)}"${"[".repeat(1000)}`]);
    assert.deepEqual(
      parseJson(`[${"[],".repeat(1000)}[]]`),
      Array.from({ length: 1001 }, () => []),
    );
  });
});

test("a list of models of any shape gives a list or none", () => {
  for (const wire of WIRES) {
    for (const value of VALUES) {
      for (const text of [
        value,
        `{"data":${value}}`,
        `{"models":${value}}`,
        `{"data":[${value}]}`,
        `{"models":[${value}]}`,
        `{"data":[{"id":${value}}]}`,
      ]) {
        const list = ADAPTERS[wire].readModels(JSON.parse(text), wireTarget("openai"));
        for (const model of list?.models ?? []) assert.ok(typeof model.model === "string" && model.model !== "");
      }
    }
  }
});

describe("Through the whole library, over real sockets,", () => {
  const [plain = assert.fail()] = SCENARIOS;

  const checkScenario = async (scenario: Scenario, wires: typeof WIRES): Promise<void> => {
    const random = seededRandom(SEED + SCENARIOS.indexOf(scenario));
    await Promise.all(wires.map((wire) => server.check(scenario, { wire, bytes: oneOf(random, corpus[wire]), random })));
  };

  // Side by side, because some wait for time limits and for retries.
  describe("an answer ends with exactly one end, in time, when it is", { concurrency: 6 }, () => {
    for (const scenario of SCENARIOS.filter(({ weight }) => weight === undefined))
      test(scenario.name, () => checkScenario(scenario, WIRES));
  });

  describe("an answer ends with exactly one end, the limit named, when it is", () => {
    for (const scenario of SCENARIOS.filter(({ weight }) => weight === "heavy"))
      test(scenario.name, () => checkScenario(scenario, ["openai-chat"]));
  });

  test(`${DAMAGED_ANSWERS} damaged streams end with exactly one end each, in time`, async () => {
    const scenarios = SCENARIOS.filter(({ weight, limits }) => weight === undefined && limits === undefined);
    await sideBySide(DAMAGED_ANSWERS, 100, (index) => {
      const random = seededRandom(SEED + index);
      const wire = oneOf(random, WIRES);
      const scenario = index % 4 === 0 ? oneOf(random, scenarios) : plain;
      return server.check(scenario, { wire, bytes: mutate(oneOf(random, corpus[wire]), random).bytes, random });
    });
  });

  test("no socket is left at the server after all of them", () => server.checkNoSocketLeft());
});
