import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { test } from "node:test";
import { hasEnded, isDead, processStart } from "../../../sidecar/sessions/owner.ts";

const now = Date.now();
const here = hostname();
const hour = 3_600_000;

test("the start of a process tells it from another that has its number later", async (context) => {
  if (process.platform !== "linux") {
    context.skip("only Linux tells the start of a process without a program of its own");
    return;
  }
  const start = processStart(process.pid);
  assert.match(start ?? "", /^[\da-f-]{36} \d+$/);
  assert.equal(processStart(process.pid), start);
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const { pid = 0 } = child;
  const itsStart = processStart(pid);
  assert.ok(itsStart !== null && itsStart !== start);
  const owner = { pid, host: here, processStart: itsStart, signOfLifeAt: now - hour };
  assert.equal(isDead(owner, now), false);
  assert.equal(isDead({ ...owner, processStart: start }, now), true);
  assert.equal(hasEnded({ ...owner, processStart: start }, now), true);
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal(processStart(pid), null);
  assert.equal(isDead({ ...owner, signOfLifeAt: now }, now), true);
});

test("where the start of a process is not known, its signs of life decide about its answers", () => {
  const silent = { pid: process.pid, host: here, processStart: null, signOfLifeAt: now - 31_000 };
  assert.equal(isDead(silent, now), true);
  assert.equal(isDead({ ...silent, signOfLifeAt: now - 29_000 }, now), false);
  // One without answers gives none, and has not ended for that.
  assert.equal(hasEnded(silent, now), false);
});

test("of a process of another machine only its signs of life are known", () => {
  const elsewhere = { pid: 4_194_303, host: `not-${here}`, processStart: "some boot 1", signOfLifeAt: now - 1000 };
  assert.equal(isDead(elsewhere, now), false);
  assert.equal(isDead({ ...elsewhere, signOfLifeAt: now - 31_000 }, now), true);
  assert.equal(hasEnded({ ...elsewhere, signOfLifeAt: now - hour }, now), false);
  assert.equal(hasEnded({ ...elsewhere, signOfLifeAt: now - 25 * hour }, now), true);
});
