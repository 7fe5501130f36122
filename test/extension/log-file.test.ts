import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { LogFile } from "../../extension/log-file.ts";

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-log-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "logs", "of this window");
}

/** Oldest first. */
function linesOf(log: LogFile): string[] {
  const present = log.files.toReversed().filter((file) => existsSync(file));
  return present.flatMap((file) => readFileSync(file, "utf8").trimEnd().split("\n"));
}

test("lines come into the file in their order, and nothing exists before the first", async (t) => {
  const folder = newFolder(t);
  const log = new LogFile({ folder });
  assert.equal(existsSync(folder), false);
  const lines = Array.from({ length: 1000 }, (_, index) => `line ${index} é 漢`);
  for (const line of lines) log.write(line);
  await log.flushed();
  assert.deepEqual(linesOf(log), lines);
});

test("a full file is put aside, five are kept, none is larger than its limit, and the newest lines are the ones that stay", async (t) => {
  const folder = newFolder(t);
  const maxBytes = 10_000;
  const log = new LogFile({ folder, maxBytes });
  const lines = Array.from({ length: 2000 }, (_, index) => `${index} ${"x".repeat(60)}`);
  for (const [index, line] of lines.entries()) {
    log.write(line);
    // In bursts of all sizes, as a sidecar talks.
    if (index % 37 === 0) await log.flushed();
  }
  await log.flushed();
  assert.equal(readdirSync(folder).length, 5);
  for (const file of log.files) assert.ok(statSync(file).size <= maxBytes, `${file} has ${statSync(file).size} bytes`);
  const kept = linesOf(log);
  assert.deepEqual(kept, lines.slice(-kept.length));
  assert.ok(kept.length > 500, `${kept.length} lines were kept`);
});

test("one burst of many files' size is spread over them", async (t) => {
  const log = new LogFile({ folder: newFolder(t), maxBytes: 4000 });
  const lines = Array.from({ length: 400 }, (_, index) => `${index} ${"y".repeat(50)}`);
  for (const line of lines) log.write(line);
  await log.flushed();
  for (const file of log.files) assert.ok(statSync(file).size <= 4000);
  const kept = linesOf(log);
  assert.deepEqual(kept, lines.slice(-kept.length));
});

test("what another run of the window has left is gone on with", async (t) => {
  const folder = newFolder(t);
  const before = new LogFile({ folder });
  before.write("from before");
  await before.flushed();
  const log = new LogFile({ folder });
  log.write("from now");
  await log.flushed();
  assert.deepEqual(linesOf(log), ["from before", "from now"]);
});

test("what waits when it is ended is in the file when the end returns", (t) => {
  const log = new LogFile({ folder: newFolder(t) });
  log.write("the last words");
  log.dispose();
  assert.deepEqual(linesOf(log), ["the last words"]);
});

test("lines that the disk does not take in time are dropped and counted, not kept in memory", async (t) => {
  const log = new LogFile({ folder: newFolder(t) });
  const line = "z".repeat(1000);
  for (let index = 0; index < 3000; index += 1) log.write(line);
  await log.flushed();
  const kept = linesOf(log);
  assert.ok(kept.length < 1100, `${kept.length} lines were kept`);
  assert.equal(kept.at(-1), `… ${3000 - (kept.length - 1)} lines were left out, since the disk did not take them in time.`);
});

test("a folder that cannot be made costs the files and nothing else", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "parley-log-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "a file");
  writeFileSync(file, "");
  const log = new LogFile({ folder: join(file, "logs") });
  log.write("nowhere");
  await log.flushed();
  log.write("nowhere");
  log.dispose();
  assert.equal(readFileSync(file, "utf8"), "");
});
