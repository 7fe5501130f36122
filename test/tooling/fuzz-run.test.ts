import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { inClone } from "../rig/places.ts";

const program = inClone("test/fuzz/run.ts");

/** What it says before its first stage is done. It is ended then: the stages themselves have tests of their own. */
async function saidAtFirst(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const text of child.stdout.setEncoding("utf8")) {
    said += String(text);
    if (said.includes("→")) break;
  }
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return said;
}

test("the fuzzer says before it begins what it does beyond the seconds asked for, and names each stage as it begins", async () => {
  const said = await saidAtFirst(["--seconds", "20", "--seed", "7"]);
  assert.match(
    said,
    /^fuzz: --seed 7, 20 s of rounds; beyond them the heavy scenarios, and 10000 streams for their memory, .+minutes\n→ the heavy/u,
  );
  assert.doesNotMatch(await saidAtFirst(["--seconds", "20", "--streams", "0"]), /memory/u);
});

test("the fuzzer refuses a number that is none", () => {
  const { status, stderr } = spawnSync(process.execPath, [program, "--streams", "many"], { encoding: "utf8" });
  assert.notEqual(status, 0);
  assert.match(stderr, /--streams takes a whole number, not many/u);
});
