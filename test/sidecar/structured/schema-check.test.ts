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

describe("uniqueItems", () => {
  for (const [same, other] of [
    [1, 1],
    [
      { a: 1, b: [2, { c: null }] },
      { b: [2, { c: null }], a: 1 },
    ],
    [[], []],
  ] as const) {
    test(`takes ${JSON.stringify(same)} and ${JSON.stringify(other)} for the same`, () =>
      assert.deepEqual(problems({ properties: { list: { uniqueItems: true } } }, { list: ["x", same, other] }), [
        "/list must NOT have duplicate items (items ## 1 and 2 are identical)",
      ]));
  }
  test("tells apart what only looks alike, and says nothing where it is not asked or there is no list", () => {
    const different: JsonValue = [1, "1", [1], ["1"], [[1]], { 1: 1 }, { 1: "1" }, "[1]", null, "null", false, {}, [], "", { "": null }];
    assert.deepEqual(problems({ uniqueItems: true }, different), []);
    assert.deepEqual(problems({ uniqueItems: false }, [1, 1]), []);
    assert.deepEqual(problems({ uniqueItems: true }, "aa"), []);
  });
  test("looks at each of many objects once", () => {
    const many = (length: number): JsonValue => Array.from({ length }, (_, id) => ({ id }));
    // Each with each other would be five billion comparisons.
    assert.deepEqual(problems({ uniqueItems: true, items: { type: "object" } }, many(100_000)), []);
  });
});

describe("The problems of a value", () => {
  test("are so many that they help, each once", () => {
    const wrong = problems(
      { items: { enum: Array.from({ length: 1000 }, (_, at) => at) } },
      Array.from({ length: 100_000 }, () => "x"),
    );
    assert.equal(wrong.length, 8);
    assert.equal(new Set(wrong).size, 8);
  });
});

describe("A schema", () => {
  const person = {
    anyOf: [{ type: "string" }, { $ref: "#/$defs/p" }],
    nullable: true,
    $defs: { p: { type: "object", required: ["name"] } },
  };
  for (const [title, schema, right, wrong] of [
    [
      "of draft 4 has limits that exclude themselves",
      { $schema: "http://json-schema.org/draft-04/schema#", id: "http://example.com/s", minimum: 0, exclusiveMinimum: true },
      [0.5],
      [0, -1],
    ],
    ["may say that its limits are included", { maximum: 9, exclusiveMaximum: false }, [9], [10]],
    [
      "keeps what is new in it beside limits of an old form",
      { properties: { a: { minimum: 0, exclusiveMinimum: true, const: 5 } } },
      [{ a: 5 }],
      [{ a: 0 }, { a: 6 }],
    ],
    ["may allow null beside anyOf", person, [null, "x", { name: 1 }], [5]],
    [
      "may allow null beside a reference",
      { properties: { a: { $ref: "#/$defs/n", nullable: true } }, $defs: { n: { type: "number" } } },
      [{ a: null }, { a: 1 }],
      [{ a: "x" }],
    ],
    ["may say that null is not allowed", { anyOf: [{ type: "string" }], nullable: false }, ["x"], [null]],
    [
      "may have properties that are called like what is read otherwise",
      { properties: { nullable: true, id: { type: "string" } }, required: ["id"] },
      [{ id: "x", nullable: 1 }],
      [{}, { id: 1 }],
    ],
    [
      "may have values that look like what is read otherwise",
      { enum: [{ nullable: true }, { minimum: 1, exclusiveMinimum: true }] },
      [{ nullable: true }, { minimum: 1, exclusiveMinimum: true }],
      [{}],
    ],
    [
      "may have a list of items without a word of its draft",
      { items: [{ type: "string" }, { type: "number" }], additionalItems: false },
      [["a", 1]],
      [
        ["a", "b"],
        ["a", 1, 2],
      ],
    ],
    [
      "of draft 2019-09 may have one too",
      { $schema: "https://json-schema.org/draft/2019-09/schema", items: [{ type: "string" }] },
      [["a"]],
      [[1]],
    ],
    ["may have a pattern that needs to be read without the flag u", { pattern: String.raw`^[\w-\.]+\@x\_$` }, ["b.c-d@x_"], ["b@y_"]],
    ["has patterns that read characters, not halves of them", { pattern: "^.$" }, ["\u{1F600}"], ["ab"]],
  ] as const) {
    test(title, () => {
      const values: readonly JsonValue[] = [...right, ...wrong];
      const fitting = values.filter((value) => problems(schema, value).length === 0);
      assert.deepEqual(fitting, right);
    });
  }

  for (const [title, schema, why] of [
    ["with the escapes of another language's patterns", { pattern: String.raw`\Aabc\Z` }, /Invalid escape/u],
    ["with a pattern that would mean something else without the flag u", { pattern: String.raw`[\p{L}-\.]` }, /Invalid character class/u],
    ["with flags in a pattern", { pattern: "(?i)^abc$" }, /Invalid group/u],
    ["that excludes a limit which it does not have", { exclusiveMinimum: true }, /exclusiveMinimum must be number/u],
    ["that no draft has, with what the newest says", { items: [{ type: "text" }] }, /items must be object,boolean/u],
  ] as const) {
    test(`${title} is refused by name`, () => assert.throws(() => problems(schema, "x"), why));
  }

  test("with the names of another is itself, and no other is found by them", () => {
    const named = (type: string): JsonObject => ({
      $id: "https://example.com/a",
      properties: { b: { $id: "https://example.com/b", type } },
    });
    assert.deepEqual(problems(named("string"), { b: 1 }), ["/b must be string"]);
    assert.deepEqual(problems(named("number"), { b: 1 }), []);
    assert.throws(() => problems({ $ref: "https://example.com/b" }, 1), /can't resolve reference/u);
  });
});
