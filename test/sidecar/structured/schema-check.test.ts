// What a value must be like to satisfy a schema, where libraries and models differ.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { schemaCheck } from "../../../sidecar/structured/schema-check.ts";
import type { JsonObject, JsonValue } from "../../../sidecar/types.ts";

const problems = (schema: JsonObject, value: JsonValue): readonly string[] => schemaCheck(JSON.stringify(schema), () => {})(value);

describe("multipleOf", () => {
  for (const [value, step] of [
    [19.99, 0.01],
    [1.1, 0.1],
    [-4.35, 0.05],
    [123456789012.34, 0.01],
    [0.0001, 1e-7],
    [7e21, 7e-3],
    [3e300, 3],
    [0, 0.3],
    [1.5, 1.5],
  ] as const) {
    test(`takes ${value} for a multiple of ${step}`, () => assert.deepEqual(problems({ multipleOf: step }, value), []));
  }
  for (const [value, step] of [
    [19.995, 0.01],
    [10_000_000.5, 10_000_000],
    [1e-300, 1],
    [7, 2],
  ] as const) {
    test(`takes ${value} for none of ${step}, and says so`, () =>
      assert.deepEqual(problems({ multipleOf: step }, value), [`the value must be multiple of ${step}`]));
  }
  test("says nothing about what is no number", () => assert.deepEqual(problems({ multipleOf: 2 }, "three"), []));
});
