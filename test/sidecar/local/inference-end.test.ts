// How a program ends that used a local model: by itself, and only after the inference process is gone.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { writeDemoModel } from "../../../sidecar/local/demo/generate.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-inference-end-"));
const file = join(folder, "demo.gguf");
before(() => void writeDemoModel(file));
after(() => rmSync(folder, { recursive: true }));

const source = (path: string): string => JSON.stringify(new URL(`../../../sidecar/local/${path}`, import.meta.url).href);

/** Leaves an endless answer, does `meanwhile` to the inference process, closes, and says that it is gone. */
const program = (meanwhile: string): string => `
  import { InferenceClient } from ${source("inference-client.ts")};
  import { createLocalProvider } from ${source("local-provider.ts")};
  const inference = new InferenceClient();
  const messages = [{ role: "user", content: [{ type: "text", text: "^# for ever" }] }];
  const request = { model: ${JSON.stringify(file)}, messages, parameters: {} };
  const context = { signal: new AbortController().signal, timeLimits: {} };
  for await (const batch of createLocalProvider(inference).stream(request, context)) {
    if (batch.some(({ type }) => type === "text-delta")) break;
  }
  const { pid } = inference;
  ${meanwhile}
  await inference.close();
  try { process.kill(pid, 0); console.log("still there"); } catch { console.log("gone"); }
`;

function ends(meanwhile: string): readonly [number | null, string, string] {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program(meanwhile)], {
    encoding: "utf8",
    timeout: 120_000,
  });
  return [status, stdout, stderr];
}

describe("a program that used a local model", () => {
  it("ends by itself, after the inference process", () => {
    assert.deepEqual(ends(""), [0, "gone\n", ""]);
  });

  it("waits also for an inference process that has to be killed", { skip: process.platform === "win32" ? "no SIGSTOP" : false }, () => {
    assert.deepEqual(ends('process.kill(pid, "SIGSTOP");'), [0, "gone\n", ""]);
  });
});
