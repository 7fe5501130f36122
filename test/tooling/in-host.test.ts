// The two traps of running tests inside the editor: a failure there must fail the run, and so must an extension host that dies,
// which the editor itself reports as a success.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ensureEditor } from "../rig/install.ts";
import { runInHost } from "../rig/in-host.ts";
import { inClone } from "../rig/places.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-in-host-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function entry(name: string, source: string): string {
  const path = join(folder, `${name}.cjs`);
  writeFileSync(path, source);
  return path;
}

describe("the runner inside the host", () => {
  function run(testsPath: string): { readonly status: number | null; readonly mark: string; readonly output: string } {
    const [output, mark] = [join(folder, "output.txt"), join(folder, "mark.txt")];
    rmSync(output, { force: true });
    rmSync(mark, { force: true });
    const call = `require(${JSON.stringify(inClone("out/rig/host-runner.cjs"))}).run().then(() => process.exit(0), () => process.exit(1));`;
    const env = { ...process.env, PARLEY_RIG_OUTPUT: output, PARLEY_RIG_MARK: mark, PARLEY_RIG_ENTRY: testsPath };
    const { status } = spawnSync(process.execPath, ["--eval", call], { env });
    return {
      status,
      mark: existsSync(mark) ? readFileSync(mark, "utf8") : "none",
      output: existsSync(output) ? readFileSync(output, "utf8") : "",
    };
  }

  test("tests that come to a good end leave the mark, and what they print is kept", () => {
    const result = run(entry("good", 'exports.run = async () => { console.log("printed", 1); process.stdout.write("written\\n"); };'));
    assert.deepEqual(result, { status: 0, mark: "passed", output: "printed 1\nwritten\n" });
  });
  test("tests that fail leave another mark and fail", () => {
    const { status, mark } = run(entry("bad", 'exports.run = async () => { throw new Error("1 test failed."); };'));
    assert.deepEqual([status, mark], [1, "failed"]);
  });
  test("a module that is no entry fails", () => {
    assert.equal(run(entry("empty", "")).mark, "failed");
  });
  test("a process that ends in the middle leaves no mark, whatever its status", () => {
    const { status, mark } = run(entry("gone", "exports.run = async () => process.exit(0);"));
    assert.deepEqual([status, mark], [0, "none"]);
  });
});

test("an extension host that dies in the middle of its tests fails the run inside the real editor", async () => {
  await ensureEditor();
  const extension = join(folder, "extension");
  mkdirSync(extension);
  writeFileSync(
    join(extension, "package.json"),
    '{"name":"nothing","publisher":"parley","version":"0.0.1","engines":{"vscode":"^1.125.0"}}',
  );
  const testsPath = entry("dies", 'exports.run = async () => { console.log("about to die"); process.exit(0); };');
  let printed = "";
  const print = (text: string): void => void (printed += text);
  const status = await runInHost({ developmentPaths: [extension], testsPath, limitMs: 120_000, print });
  assert.equal(status, 1);
  assert.match(printed, /^about to die\nVS Code reported success, but the tests did not come to their end \(mark: nothing\)/);
});
