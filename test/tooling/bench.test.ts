// The paper about performance: its figures are those of a run of the benchmark, of the very clients that are installed for it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { BY_HAND, CONTESTANTS, PARLEY } from "../bench/contestants.ts";
import { figuresOf, paperFile, readFigures } from "../bench/paper.ts";
import { renderReport } from "../bench/report.ts";
import type { BenchReport } from "../bench/results.ts";
import { targetLines } from "../bench/targets.ts";
import { inClone } from "../rig/places.ts";

const { dependencies }: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(inClone("test/bench/package.json"), "utf8"),
);

describe("docs/performance.md", () => {
  const figures = figuresOf(readFileSync(paperFile, "utf8"));

  test("its figures are those that the benchmark wrote beside it, and nobody typed any", () => {
    assert.equal(figures, renderReport(readFigures()).trim());
  });
  test("it names the version of every client that the benchmark installs", () => {
    const missing = Object.entries(dependencies).filter(([name, version]) => !figures.includes(` ${name} ${version}`));
    assert.deepEqual(missing, [], "after a change of test/bench/package.json: npm run bench -- --write");
  });
  test("it has a row for everybody who is measured, and every target", () => {
    assert.deepEqual(
      CONTESTANTS.filter(({ name }) => !figures.includes(`\n| ${name} | `)).map(({ name }) => name),
      [],
    );
    assert.equal(targetLines(readFigures()).length, 16);
  });
});

test("what the benchmark's clients need is pinned to exact versions, and every contestant's packages are among it", () => {
  assert.deepEqual(
    Object.entries(dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
    [],
  );
  const named = new Set(CONTESTANTS.flatMap(({ packages }) => packages));
  assert.deepEqual(Array.from(named).toSorted(), Object.keys(dependencies).toSorted());
});

test("undici is measured at the version that Parley is built with", () => {
  const { devDependencies }: { readonly devDependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(join(inClone(), "package.json"), "utf8"),
  );
  assert.equal(dependencies["undici"], devDependencies["undici"]);
});

describe("the targets", () => {
  const report = (cpuMsPer1000: number): BenchReport => ({
    date: "2026-01-01",
    machine: { cpu: "c", cores: 2, memoryGb: 1, system: "s", node: "24.0.0" },
    load: 0,
    versions: {},
    rounds: 1,
    clients: [{ id: PARLEY, name: "Parley", cpuMsPer1000, concurrent: {} }],
    failures: [],
  });

  test("one that is met and one that is missed are told apart; what was not measured is left out", () => {
    const lines = [2, 2.01].map((cpu) => targetLines(report(cpu)).map(({ measured, met }) => [measured, met]));
    assert.deepEqual(lines, [[["2 ms", true]], [["2.01 ms", false]]]);
  });

  test("what depends on the machine is told beside undici with a parser in the same run, as far as both were measured", () => {
    const streams = (cpuS: number): BenchReport["clients"][number]["concurrent"] => ({ "1000": { wallOverIdeal: 1.1, cpuS, rssMb: 200 } });
    const clients = (cpuS: number): BenchReport["clients"] => [
      { id: PARLEY, name: "Parley", firstTokenOverFloorMs: 0.3, concurrent: streams(cpuS) },
      { id: BY_HAND, name: "by hand", concurrent: streams(4) },
    ];
    const lines = [4, 5].map((cpuS) =>
      targetLines({ ...report(2), clients: clients(cpuS) }).filter(({ what }) => what.includes("beside undici")),
    );
    assert.deepEqual(
      lines.map((some) => some.map(({ measured, met }) => [measured, met])),
      [
        [
          ["1 times", true],
          ["1 times", true],
          ["1 times", true],
        ],
        [
          ["1 times", true],
          ["1.25 times", false],
          ["1 times", true],
        ],
      ],
    );
  });
});
