import assert from "node:assert/strict";
import { existsSync, writeFileSync, readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Part } from "../rig/parts.ts";
import { runPart } from "../rig/run-part.ts";
import { until } from "../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-part-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function part(kind: Part["kind"], source: string, limitMs = 60_000): Part {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(file, source);
  return { name: "part under test", kind, command: process.execPath, args: (results) => [file, results], limitMs };
}
const run = (one: Part, signal = new AbortController().signal): ReturnType<typeof runPart> => runPart(one, [], signal);
const writeResults = (lines: string): string =>
  `import { writeFileSync } from "node:fs"; writeFileSync(process.argv[2], ${JSON.stringify(lines)});`;
const passed = '{"file":"f","title":"t","outcome":"passed","ms":1}\n';

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a check counts once, by its status", async () => {
  const [good, bad] = [await run(part("check", "")), await run(part("check", "console.log('why'); process.exit(3);"))];
  assert.deepEqual([good.passed, good.failed], [1, 0]);
  assert.deepEqual([bad.passed, bad.failed], [0, 1]);
  assert.match(bad.output, /why/);
});
test("tests are counted from what the reporter wrote", async () => {
  const result = await run(part("tests", writeResults(`${passed}${passed}{"finished":true}\n`)));
  assert.deepEqual([result.passed, result.failed, result.skipped], [2, 0, 0]);
});
test("a status of failure fails the part even where every test that was recorded passed", async () => {
  const result = await run(part("tests", `${writeResults(`${passed}{"finished":true}\n`)} process.exit(1);`));
  assert.deepEqual([result.passed, result.failed], [1, 1]);
  assert.deepEqual(result.complaints, ["part under test: ended with status 1."]);
});
test("a runner that dies in the middle fails the part, also with the status of success", async () => {
  const result = await run(part("tests", writeResults(passed)));
  assert.deepEqual([result.passed, result.failed], [1, 1]);
});
test("results of an earlier run are not taken for this one's", async () => {
  await run(part("tests", writeResults(`${passed}{"finished":true}\n`)));
  assert.equal((await run(part("tests", ""))).failed, 1);
});
test("a part that cannot be started has failed", async () => {
  const result = await run({ ...part("check", ""), command: join(folder, "no-such-program") });
  assert.match(result.complaints[0] ?? "", /could not be started/);
});

const parentOfSleeper = `
  import { spawn } from "node:child_process";
  import { writeFileSync } from "node:fs";
  const child = spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6)"], { stdio: "inherit" });
  process.on("SIGTERM", () => process.exit(0));
  writeFileSync(process.argv[2] + ".pid", String(child.pid));
  setInterval(() => {}, 1e6);`;

test(
  "a part out of time is ended with all that it started",
  { skip: process.platform === "win32" ? "groups of processes" : false },
  async (context) => {
    const slow = part("check", parentOfSleeper, 1_500);
    const pidFile = join(folder, "slow.pid");
    // Its time is over when it has started what it starts, however long that takes here.
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const running = run({ ...slow, graceMs: 300, args: (results) => [...slow.args(results).slice(0, 1), join(folder, "slow")] });
    const childPid = (): number => (existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0);
    while (childPid() === 0) await new Promise((resolve) => setImmediate(resolve));
    context.mock.timers.tick(1_500);
    context.mock.timers.reset();
    const result = await running;
    assert.match(result.complaints[0] ?? "", /not done after 1\.5 s/);
    await until(() => !isAlive(childPid()), "the end of the part's child");
  },
);
