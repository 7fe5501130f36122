// docs/reliability.md says which tests hold which promise: the tests must be there, under the titles that it gives.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { inClone } from "../rig/places.ts";

const OF_THE_NETWORK: readonly number[] = [4, 5, 6, 7, 8, 9, 13, 14];

interface Row {
  readonly promise: number;
  readonly tests: readonly { readonly file: string; readonly titles: readonly string[] }[];
}

/** `| **4. …** … | `file`: *title*; *title*<br>`file`: … |` */
function rows(): readonly Row[] {
  const lines = readFileSync(inClone("docs/reliability.md"), "utf8").split("\n");
  return lines.flatMap((line) => {
    const [, number, held] = /^\| \*\*(\d+)\. .*? \| (`test\/.*) \|$/u.exec(line) ?? [];
    if (number === undefined || held === undefined) return [];
    const tests = held.split("<br>").map((part) => {
      const [, file = "", titles = ""] = /^`([^`]+)`: (.+)$/u.exec(part) ?? [];
      return { file, titles: [...titles.matchAll(/\*([^*]+)\*/gu)].map(([, title = ""]) => title) };
    });
    return [{ promise: Number(number), tests }];
  });
}

describe("docs/reliability.md", () => {
  const all = rows();

  test("has a row for each promise about streams, requests, readers and keys", () => {
    const named = new Set(all.map(({ promise }) => promise));
    assert.deepEqual(
      OF_THE_NETWORK.filter((promise) => !named.has(promise)),
      [],
    );
  });

  for (const { promise, tests } of all) {
    test(`names tests for promise ${promise} that are there`, () => {
      assert.ok(tests.length > 0);
      for (const { file, titles } of tests) {
        assert.ok(existsSync(inClone(file)), `there is no ${file}`);
        assert.ok(titles.length > 0, `no title after ${file}`);
        // Within a quotation, a quote of its own kind is escaped.
        const source = readFileSync(inClone(file), "utf8").replaceAll("\\", "");
        for (const title of titles) assert.ok(source.includes(title), `${file} has no test "${title}"`);
      }
    });
  }
});
