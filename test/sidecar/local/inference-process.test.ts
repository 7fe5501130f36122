// What becomes of answers when the inference process crashes or is ended, with the real process and the demo model.

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { InferenceClient } from "../../../sidecar/local/inference-client.ts";
import { createLocalProvider } from "../../../sidecar/local/local-provider.ts";
import { writeDemoModel } from "../../../sidecar/local/demo/generate.ts";
import { processExists } from "../../../sidecar/process-exists.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import type { Message, StatusPhase } from "../../../sidecar/types.ts";
import { until } from "../../support/until.ts";
import { InferenceHold } from "./inference-hold.ts";
import { type Answer, type Asked, askModel, checkCode, user } from "./local-answer.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-inference-process-"));
const file = join(folder, "demo.gguf");
const hold = new InferenceHold(join(folder, "hold"));
const inference = new InferenceClient(hold.options);
const local = createLocalProvider(inference);

before(() => void writeDemoModel(file));
after(async () => {
  await inference.close();
  rmSync(folder, { recursive: true });
});

const ask = (messages: readonly Message[], asked: Asked = {}): Promise<Answer> => askModel(local, { model: file, ...asked }, messages);

/** Asks once or more at a time, and lets the process crash in this phase, in which it is held. */
function askUntil(phase: StatusPhase, texts: readonly string[], model = file): Promise<readonly Answer[]> {
  const onEvents = (events: readonly ProviderEvent[]): void => {
    if (events.some((event) => event.type === "status" && event.phase === phase)) crash();
  };
  return hold.during(phase, () => Promise.all(texts.map((text) => ask([user(text)], { model, onEvents }))));
}

function crash(): void {
  assert.ok(inference.pid !== undefined);
  process.kill(inference.pid, "SIGSEGV");
}

function checkCrashed({ text, error }: Answer): void {
  checkCode(error, "inference-crashed");
  assert.match(error.message, /The process that runs local models was ended by SIGSEGV/u);
  assert.equal(error.phase, text === "" ? "before-first-token" : "mid-stream");
}

describe("the inference process", () => {
  it("may crash: what ran fails with what had come, and the next request starts a new one", async () => {
    let crashed = false;
    const onText = (text: string): void => {
      if (crashed || text.length < 20) return;
      crashed = true;
      crash();
    };
    const broken = await Promise.all([1, 2].map(() => ask([user("^#")], { onText })));
    broken.forEach(checkCrashed);
    assert.ok(broken.some(({ text }) => text.startsWith("abcdefghijklmnopqrst")));
    assert.equal((await ask([user("^=again")])).text, "AGAIN");
  });

  it("may crash while it loads a model: all that wait for the model fail, and the next request loads it", async () => {
    const other = join(folder, "another.gguf");
    copyFileSync(file, other);
    const broken = await askUntil("loading-model", ["^=x", "^=y"], other);
    broken.forEach(checkCrashed);
    assert.deepEqual(
      broken.map(({ text }) => text),
      ["", ""],
    );
    assert.equal((await ask([user("^=again")], { model: other })).text, "AGAIN");
  });

  it("may crash while it reads a prompt", async () => {
    const [broken] = await askUntil("processing-prompt", [`^=${"many words that are read in pieces ".repeat(120)}`]);
    assert.ok(broken !== undefined);
    checkCrashed(broken);
    assert.equal(broken.text, "");
    assert.equal((await ask([user("^=again")])).text, "AGAIN");
  });

  it("may crash while a request waits for a place: it fails like those that it waited for", async () => {
    const begun: boolean[] = [];
    const running = [0, 1, 2, 3].map((index) => ask([user("^#")], { onText: () => (begun[index] = true) }));
    await until(() => begun.filter(Boolean).length === 4, "four answers at once");
    const [queued] = await askUntil("queued", ["^=x"]);
    assert.ok(queued !== undefined);
    checkCrashed(queued);
    assert.equal(queued.text, "");
    for (const broken of await Promise.all(running)) {
      checkCrashed(broken);
      assert.match(broken.text, /^a/u);
    }
    assert.equal((await ask([user("^=again")])).text, "AGAIN");
  });

  it("is gone when the client is closed, and what ran has failed", async () => {
    const client = new InferenceClient();
    const provider = createLocalProvider(client);
    const stream = provider.stream(
      { model: file, messages: [user("^#")], parameters: {} },
      { signal: new AbortController().signal, timeLimits: {} },
    );
    await stream.next();
    const { pid } = client;
    assert.ok(pid !== undefined && processExists(pid));
    const failed = assert.rejects(async () => {
      for await (const _ of stream);
    });
    await client.close();
    await failed;
    await until(() => !processExists(pid), "the end of the inference process");
  });

  it("gets no key and no option of Node's own from the environment", async () => {
    const client = new InferenceClient({ environment: { ...process.env, OPENAI_API_KEY: "canary-1", NODE_OPTIONS: "--no-warnings" } });
    const provider = createLocalProvider(client);
    const context = { signal: new AbortController().signal, timeLimits: {} };
    for await (const _ of provider.stream({ model: file, messages: [user("^=x")], parameters: {} }, context));
    const environment = readFileSync(`/proc/${client.pid}/environ`, "utf8");
    await client.close();
    assert.match(environment, /PATH=/u);
    assert.doesNotMatch(environment, /canary-1|NODE_OPTIONS/u);
  });
});
