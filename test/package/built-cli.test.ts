// The command line as it is built, with real local inference. Wants what `npm run build` leaves in `dist/`.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { jsonLines } from "../support/json-lines.ts";
import { parley, ParleyProcess, type ParleyOptions } from "../support/parley-process.ts";
import { noProcessTree, processTree } from "../support/process-tree.ts";
import { processExists } from "../../sidecar/process-exists.ts";

const inRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const program = inRoot("dist/cli.js");
const demoModel = inRoot("dist/models/demo.gguf");
/** Servers that may run on this machine must not be met. */
const nowhere = "http://127.0.0.1:9";
const env = {
  OLLAMA_BASE_URL: nowhere,
  LMSTUDIO_BASE_URL: nowhere,
  VLLM_BASE_URL: nowhere,
  LLAMA_SERVER_BASE_URL: nowhere,
  MLX_BASE_URL: nowhere,
};
const built = (args: readonly string[], options: ParleyOptions = {}): ReturnType<typeof parley> =>
  parley(args, { env, program, ...options });

let folder: string;
before(async () => {
  for (const file of [program, demoModel]) assert.ok(existsSync(file), `There is no ${file}: run npm run build first.`);
  folder = await mkdtemp(join(tmpdir(), "parley-cli-"));
});
after(() => rm(folder, { recursive: true }));

describe("the built command line", () => {
  it("answers by the echo in upper case, exactly, and ends by itself", async () => {
    const { status, stdout, stderr } = await built(["ask", "--model", "local/echo", "Hello"]);
    assert.deepEqual([status, stdout, stderr], [0, "HELLO\n", ""]);
  });

  it("runs a GGUF file by its path, from wherever the command runs", async () => {
    for (const path of [demoModel, relative(folder, demoModel)]) {
      const { status, stdout, stderr } = await built(["ask", "--model", `local/${path}`, "^=by its path"], { cwd: folder });
      assert.deepEqual([status, stdout, stderr], [0, "BY ITS PATH\n", ""]);
    }
  });

  it("takes the demo when there is nothing else, and says so", async () => {
    const { status, stdout, stderr } = await built(["ask", "What are you?"]);
    assert.equal(status, 0);
    assert.match(stdout, /demo/u);
    assert.ok(stdout.endsWith("What are you?\n"));
    assert.match(stderr, /the demo answers \(local\/demo\); it knows nothing/u);
  });

  it("lists the demo among the models", async () => {
    const { stdout } = await built(["models", "--provider", "local", "--json"]);
    const [demo] = jsonLines(stdout);
    assert.deepEqual([demo?.["ref"], demo?.["demo"]], ["local/demo", true]);
  });

  it("holds a local answer to a schema, and checks it with what lies beside it", async () => {
    const schema = join(folder, "schema.json");
    await writeFile(schema, '{"type":"object","properties":{"answer":{"enum":["yes"]}},"required":["answer"]}');
    const { status, stdout, stderr } = await built(["ask", "--model", "local/echo", "--schema", schema, "x"]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.deepEqual(JSON.parse(stdout), { answer: "yes" });
  });

  it("answers about many files and writes the report", async () => {
    const names = ["one.txt", "two.txt", "three.txt", "four.txt"];
    for (const name of names) await writeFile(join(folder, name), `this is ${name}\n`);
    const args = ["gather", "--model", "local/echo", "--prompt", "what is it?", "--report", "report.md", ...names];
    const { status, stdout, stderr } = await built(args, { cwd: folder });
    assert.deepEqual([status, stderr], [0, ""]);
    const sections = names.map(
      (name) => `## ${name}\n\nWHAT IS IT?\n\nFILE: ${name.toUpperCase()}\n\`\`\`TXT\nTHIS IS ${name.toUpperCase()}\n\`\`\`\n\n`,
    );
    assert.equal(stdout, sections.join(""));
    assert.match(
      await readFile(join(folder, "report.md"), "utf8"),
      /^# what is it\?\n\n## one\.txt\n[^]*4 of 4 complete; by local\/echo;/u,
    );
  });

  it("says what is wrong with a file that is no model", async () => {
    const text = join(folder, "text.gguf");
    await writeFile(text, "not a model at all");
    for (const [path, reason] of [
      [text, /no model that can be run/u],
      [join(folder, "missing.gguf"), /file is not there/u],
    ] as const) {
      const { status, stdout, stderr } = await built(["ask", "--model", `local/${path}`, "x"]);
      assert.deepEqual([status, stdout], [1, ""]);
      assert.match(stderr, reason);
    }
  });

  it("stops an endless local answer at Ctrl+C with 130, and leaves no process behind", { skip: noProcessTree }, async () => {
    const endless = new ParleyProcess(["ask", "--model", "local/demo", "--json", "^#"], { env, program });
    const started = Promise.withResolvers<void>();
    endless.child.stdout.on("data", (text: string) => (text.includes('"text-delta"') ? started.resolve() : undefined));
    await Promise.race([started.promise, endless.ended]);
    const pids = processTree(endless.child.pid ?? 0).map(({ pid }) => pid);
    endless.interrupt();
    const { status, stdout } = await endless.ended;
    assert.equal(status, 130);
    const last = jsonLines(stdout).at(-1);
    assert.deepEqual([last?.["type"], last?.["status"]], ["end", "cancelled"]);
    assert.ok(pids.length >= 2, "the inference process was running");
    assert.deepEqual(pids.filter(processExists), []);
  });
});
