import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { inClone } from "../rig/places.ts";
import { readResults, tally, type TestRecord } from "../rig/results.ts";

const record = (outcome: TestRecord["outcome"], title = "a test"): TestRecord => ({ file: "test/a.test.ts", title, outcome, ms: 1 });
const complaintsOf = (records: readonly TestRecord[], allowed: Parameters<typeof tally>[2] = [], finished = true): readonly string[] =>
  tally("suite", { records, finished }, allowed).complaints;

describe("what must not pass for a success", () => {
  test("a suite in which every test passed gives no complaint", () => {
    assert.deepEqual(complaintsOf([record("passed")]), []);
  });
  test("a suite that ran nothing is complained of", () => {
    assert.deepEqual(complaintsOf([]), ["suite: no test ran."]);
    assert.match(complaintsOf([record("skipped")])[0] ?? "", /no test ran/);
  });
  test("a run without its last record is complained of, however many tests passed", () => {
    assert.deepEqual(complaintsOf([record("passed")], [], false), ["suite: the run did not come to its end."]);
  });
  test("a skip needs leave by file and title, and the leave a reason", () => {
    const records = [record("passed"), record("skipped", "needs Windows")];
    const leave = { file: "test/a.test.ts", title: "needs Windows", reason: "only Windows has it" };
    assert.deepEqual(complaintsOf(records, [leave]), []);
    assert.match(complaintsOf(records)[0] ?? "", /"needs Windows" in test\/a\.test\.ts was skipped/);
    assert.equal(complaintsOf(records, [{ ...leave, reason: "" }]).length, 1);
    assert.equal(complaintsOf(records, [{ ...leave, file: "test/b.test.ts" }]).length, 1);
  });
});

describe("the reporter for node:test", () => {
  const folder = mkdtempSync(join(tmpdir(), "parley-reporter-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  function run(source: string): ReturnType<typeof readResults> {
    const file = join(folder, "case.test.mjs");
    const results = join(folder, "results.jsonl");
    writeFileSync(file, source);
    const reporter = ["--test-reporter", inClone("test/rig/node-test-results.ts"), "--test-reporter-destination", results];
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NODE_TEST_")));
    spawnSync(process.execPath, ["--test", ...reporter, file], { env });
    return readResults(results);
  }

  test("it tells passed, failed and skipped tests apart and keeps what a failed one threw", () => {
    const { records, finished } = run(`
      import test, { describe } from "node:test";
      describe("suite", () => {
        test("passes", () => {});
        test("fails", () => { throw new Error("the reason"); });
        test.skip("is skipped", () => {});
        test("is put off", { todo: "later" }, () => {});
      });`);
    assert.deepEqual(
      records.map(({ title, outcome }) => [title, outcome]),
      [
        ["passes", "passed"],
        ["fails", "failed"],
        ["is skipped", "skipped"],
        ["is put off", "skipped"],
      ],
    );
    assert.match(records[1]?.error ?? "", /the reason/);
    assert.equal(finished, true);
  });
  test("a file without a test counts as none", () => {
    assert.deepEqual(run("export {};"), { records: [], finished: true });
  });
  test("a file that cannot be loaded is a failure", () => {
    const outcomes = run('throw new Error("at load");').records.map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ["failed"]);
  });
  test("a suite that is skipped is a skip, though none of its tests is heard of", () => {
    const { records } = run('import test, { describe } from "node:test"; describe.skip("s", () => { test("t", () => {}); });');
    assert.deepEqual(
      records.map(({ title, outcome }) => [title, outcome]),
      [["s", "skipped"]],
    );
  });
  test("a hook that fails is a failure", () => {
    const source =
      'import test, { before, describe } from "node:test"; describe("s", () => { before(() => { throw new Error("x"); }); test("t", () => {}); });';
    assert.ok(run(source).records.some(({ title, outcome }) => title === "s" && outcome === "failed"));
  });
});
