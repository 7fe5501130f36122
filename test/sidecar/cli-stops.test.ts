// How `parley ask` ends when it is told to stop, and when nobody or nothing takes its output.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { FakeProvider } from "../support/fake-provider.ts";
import { jsonLines } from "../support/json-lines.ts";
import { parleyBundle, ParleyProcess } from "../support/parley-process.ts";
import { createSession, exchange, newFolder, openStore } from "./sessions/store-kinds.ts";

let fake: FakeProvider;
before(async () => {
  fake = await FakeProvider.start();
});
afterEach(() => fake.reset());
after(() => fake.close());

const onWindows = process.platform === "win32";
const model = ["--model", "openai-compatible/fake-model"];
const env = (): { readonly [name: string]: string } => ({ OPENAI_COMPATIBLE_BASE_URL: fake.baseUrl("openai-chat") });

describe("parley ask, stopped from outside,", () => {
  it("is interrupted by Ctrl+C: the socket closes, what had come stays, the status is 130", async () => {
    fake.enqueue({ steps: [{ text: "so far" }, { gate: "more" }] });
    const process = new ParleyProcess(["ask", ...model, "--json", "x"], { env: env() });
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("more"), "the answer to be under way");
    process.interrupt();
    const { status, stdout } = await process.ended;
    assert.equal(status, 130);
    await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the provider to see the socket closed");
    const last = jsonLines(stdout).at(-1);
    assert.deepEqual([last?.["type"], last?.["status"]], ["end", "cancelled"]);
  });

  it(
    "is stopped by SIGTERM: the socket closes, what had come stays, one line says so, the status is 143",
    { skip: onWindows ? "no SIGTERM for a child" : false },
    async () => {
      fake.enqueue({ steps: [{ text: "so far" }, { gate: "more" }] });
      const process = new ParleyProcess(["ask", ...model, "x"], { env: env() });
      await once(process.child.stdout, "data");
      process.terminate();
      assert.deepEqual(await process.ended, {
        status: 143,
        signal: null,
        stdout: "so far\n",
        stderr: "parley: stopped by SIGTERM before it was done.\n",
      });
      await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the provider to see the socket closed");
    },
  );

  it("is interrupted while it waits for the headers", async () => {
    fake.enqueue({ holdHeaders: "headers" });
    const process = new ParleyProcess(["ask", ...model, "x"], { env: env() });
    await fake.waitFor(({ waitingAt }) => waitingAt.includes("headers"), "the request to arrive");
    process.interrupt();
    assert.deepEqual(await process.ended.then(({ status, stderr }) => [status, stderr]), [130, ""]);
    await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the provider to see the socket closed");
  });

  it(
    "reads a named pipe, and is interrupted while nobody writes to it",
    { skip: onWindows ? "no named pipes in folders" : false },
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "parley-ask-"));
      const pipe = join(folder, "pipe.md");
      spawnSync("sh", ["-c", 'mkfifo "$0"', pipe]);
      const asked = (): ParleyProcess => new ParleyProcess(["ask", ...model, "--json", "--file", pipe, "x"], { env: env() });
      const waiting = asked();
      await once(waiting.child.stdout, "data");
      waiting.interrupt();
      assert.equal((await waiting.ended).status, 130);
      const served = asked();
      await writeFile(pipe, "from the other side\n");
      assert.equal((await served.ended).status, 0);
      assert.match(JSON.stringify(fake.requests.at(-1)?.body?.["messages"]), /```md\\nfrom the other side\\n```/u);
      await rm(folder, { recursive: true });
    },
  );

  it("ends quietly, and stops the provider, when nobody reads its output any more", async () => {
    fake.respond({
      steps: [{ text: "first" }, { gate: "read" }, ...Array.from({ length: 200 }, () => ({ text: "x".repeat(2000) })), { gate: "never" }],
    });
    const process = new ParleyProcess(["ask", ...model, "x"], { env: env() });
    process.child.stdout.once("data", () => {
      process.child.stdout.destroy();
      fake.gate("read").open();
    });
    const { status, stderr } = await process.ended;
    assert.deepEqual([status, stderr], [0, ""]);
    await fake.waitFor(({ clientClosed }) => clientClosed === 1, "the provider to see the socket closed");
  });
});

describe("parley, whose output cannot be written,", { skip: process.platform !== "linux" ? "no full device" : false }, () => {
  for (const args of ["--help", "models --provider local", "ask --model local/nothing --json x"]) {
    it(`fails and says why: parley ${args}`, () => {
      const command = `exec "${process.execPath}" "${parleyBundle}" ${args} > /dev/full`;
      const { status, stderr } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
      assert.deepEqual([status, stderr], [1, "parley: The output could not be written: ENOSPC: no space left on device, write\n"]);
    });
  }

  it("fails and says why where it is broken off for that: parley sessions export", async (context) => {
    const folder = await newFolder(context);
    const store = await openStore(folder);
    const { id } = await createSession(store);
    await exchange(store, id, null, ["Is it written?", "No."]);
    await store.close();
    // The sources, since the store's thread is a file beside the program.
    const program = fileURLToPath(new URL("../../sidecar/cli.ts", import.meta.url));
    const command = `exec "${process.execPath}" "${program}" sessions export ${id} --store "${folder}" > /dev/full`;
    const { status, stderr } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
    assert.deepEqual([status, stderr], [1, "parley: The output could not be written: ENOSPC: no space left on device, write\n"]);
  });
});
