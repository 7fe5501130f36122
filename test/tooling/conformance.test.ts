// The table of what goes wrong on the wire and in libraries like this one: each row is held by tests and by mutants, or says
// why it cannot happen here. That the tests fail with the mutants is shown by `npm run test:mutants`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { transformSync } from "esbuild";
import { MUTANTS } from "../mutants/mutants.ts";
import { filesByRow } from "../mutants/row-tests.ts";
import { FAULTS, QUIRKS, ROWS } from "../mutants/rows.ts";
import { inClone } from "../rig/places.ts";

const titles = filesByRow();

test("the table has 42 quirks and 31 faults, numbered without gaps, each with its trouble", () => {
  assert.deepEqual(
    QUIRKS.map(({ name }) => name),
    Array.from({ length: 42 }, (_, index) => `quirk ${index + 1}`),
  );
  assert.deepEqual(
    FAULTS.map(({ name }) => name),
    Array.from({ length: 31 }, (_, index) => `fault ${index + 1}`),
  );
  for (const { name, trouble } of ROWS) assert.match(trouble, /^\w.{20,}$/u, name);
});

describe("A row", () => {
  for (const { name, notApplicable } of ROWS) {
    test(`of ${name} has a test whose title begins with it and a mutant, or else a reason`, () => {
      const tests = titles.get(name) ?? [];
      const mutants = MUTANTS.filter(({ row }) => row === name);
      if (notApplicable === undefined) {
        assert.ok(tests.length > 0, `no title in test/sidecar begins with "${name}: "`);
        assert.ok(mutants.length > 0, `test/mutants has no mutant for ${name}`);
      } else {
        assert.match(notApplicable, /\w+ \w+ \w+/u);
        assert.deepEqual([tests, mutants], [[], []], `${name} has a reason and what it says to be missing`);
      }
    });
  }
});

test("no title and no mutant names a row that does not exist", () => {
  const known = new Set(ROWS.map(({ name }) => name));
  const named = [...titles.keys(), ...MUTANTS.map(({ row }) => row)];
  assert.deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  );
});

test("what a mutant changes stands once in the sources, and becomes something else", () => {
  const wrong = MUTANTS.flatMap(({ row, edits }) =>
    edits.flatMap(({ file, from, to }) => {
      const places = readFileSync(inClone(file), "utf8").split(from).length - 1;
      return places === 1 && from !== to ? [] : [`${row}: in ${file} this stands ${places} times: ${from}`];
    }),
  );
  assert.deepEqual(wrong, []);
  assert.ok(MUTANTS.every(({ edits }) => edits.length > 0));
});

test("every mutant is still a program, so that tests fail by what it does", () => {
  for (const { row, edits } of MUTANTS) {
    for (const file of new Set(edits.map((edit) => edit.file))) {
      const own = edits.filter((edit) => edit.file === file);
      const source = own.reduce((text, { from, to }) => text.replace(from, () => to), readFileSync(inClone(file), "utf8"));
      assert.doesNotThrow(() => transformSync(source, { loader: "ts" }), `${row}: ${own[0]?.from}`);
    }
  }
});

test("no two mutants of a row are the same", () => {
  const seen = MUTANTS.map((mutant) => JSON.stringify(mutant));
  assert.equal(new Set(seen).size, seen.length);
});
