// Local inference with the real llama.cpp and the demo model that the build makes.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { InferenceClient } from "../../../sidecar/local/inference-client.ts";
import { createLocalProvider } from "../../../sidecar/local/local-provider.ts";
import { writeDemoModel } from "../../../sidecar/local/demo/generate.ts";
import { processExists } from "../../../sidecar/process-exists.ts";
import { ProviderError, type ProviderEvent } from "../../../sidecar/providers/provider.ts";
import type { GenerationParameters, Message } from "../../../sidecar/types.ts";
import { until } from "../../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-inference-"));
const file = join(folder, "demo.gguf");
const inference = new InferenceClient();
const local = createLocalProvider(inference);

before(() => void writeDemoModel(file));
after(async () => {
  await inference.close();
  rmSync(folder, { recursive: true });
});

const user = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
const assistant = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });

interface Asked {
  readonly model?: string;
  readonly parameters?: GenerationParameters;
  readonly signal?: AbortSignal;
  readonly onText?: (soFar: string) => void;
  readonly onEvents?: (events: readonly ProviderEvent[]) => void;
}

interface Answer {
  readonly text: string;
  readonly events: readonly ProviderEvent[];
  readonly error: unknown;
}

async function ask(messages: readonly Message[], { model = file, parameters = {}, signal, onText, onEvents }: Asked = {}): Promise<Answer> {
  const events: ProviderEvent[] = [];
  let text = "";
  try {
    const context = { signal: signal ?? new AbortController().signal, timeLimits: {} };
    for await (const batch of local.stream({ model, messages, parameters }, context)) {
      events.push(...batch);
      for (const event of batch) if (event.type === "text-delta") text += event.text;
      if (text !== "") onText?.(text);
      onEvents?.(batch);
    }
    return { text, events, error: undefined };
  } catch (error) {
    return { text, events, error };
  }
}

function checkCode(error: unknown, code: string): void {
  assert.ok(error instanceof ProviderError, `threw ${String(error)}`);
  assert.equal(error.providerCode, code, error.message);
}

const last = (answer: Answer): ProviderEvent | undefined => answer.events.at(-1);

describe("local inference", () => {
  it("answers with what the file's own template and tokens say, and counts tokens", async () => {
    const answer = await ask([user("^=Grüße, world")]);
    assert.equal(answer.text, "GRüßE, WORLD");
    assert.deepEqual(last(answer), { type: "finish", finishReason: "stop", rawFinishReason: "end-of-turn" });
    const usage = answer.events.find((event) => event.type === "usage");
    assert.ok(usage?.type === "usage" && usage.outputTokens > 0 && usage.inputTokens > usage.outputTokens);
    assert.equal(usage.estimated, undefined);
  });

  it("gives the model the history and the system prompt", async () => {
    const history = [user("the first question"), assistant("whatever"), user("^^")];
    assert.equal((await ask(history)).text, "THE FIRST QUESTION");
    assert.equal((await ask([user("^$")], { parameters: { system: "be brief" } })).text, "BE BRIEF");
  });

  it("answers three requests at once from one loaded model, interleaved, each with its own text", async () => {
    const order: number[] = [];
    const texts = ["alpha beta gamma delta", "one two three four", "red green blue white"];
    const long = Array.from({ length: 12 }, (_, index) => index);
    const answers = await Promise.all(
      texts.map((text, index) => ask([user(`^=${long.map((n) => `${text} ${n}`).join(", ")}`)], { onText: () => order.push(index) })),
    );
    for (const [index, answer] of answers.entries()) {
      assert.equal(answer.error, undefined);
      assert.equal(answer.text, long.map((n) => `${texts[index]} ${n}`.toUpperCase()).join(", "));
    }
    const firstEnd = Math.min(...[0, 1, 2].map((index) => order.lastIndexOf(index)));
    const begunBefore = new Set(order.slice(0, firstEnd));
    assert.equal(begunBefore.size, 3, "all three had begun before the first had ended");
  });

  it("lets a fifth and a sixth request wait and says so, then answers them", async () => {
    const holding = new AbortController();
    const begun: boolean[] = [];
    const endless = [0, 1, 2, 3].map((index) => ask([user("^#")], { signal: holding.signal, onText: () => (begun[index] = true) }));
    await until(() => begun.filter(Boolean).length === 4, "four answers at once");
    let queued = 0;
    const onEvents = (events: readonly ProviderEvent[]): void => {
      if (events.some((event) => event.type === "status" && event.phase === "queued")) queued += 1;
      if (queued === 2) holding.abort();
    };
    const answers = await Promise.all([5, 6].map((index) => ask([user(`^=number ${index}`)], { onEvents })));
    assert.deepEqual(
      answers.map(({ text }) => text),
      ["NUMBER 5", "NUMBER 6"],
    );
    await Promise.all(endless);
  });

  it("stops reading a long prompt when it is cancelled", async () => {
    const prompt = [user(`^=${"many words that are read in pieces ".repeat(120)}`)];
    const abort = new AbortController();
    const onEvents = (events: readonly ProviderEvent[]): void => {
      if (events.some((event) => event.type === "status" && event.phase === "processing-prompt")) abort.abort();
    };
    const cancelled = await ask(prompt, { signal: abort.signal, onEvents });
    assert.equal(cancelled.error, abort.signal.reason);
    const again = await ask(prompt, { parameters: { maxOutputTokens: 1 } });
    const usage = again.events.find((event) => event.type === "usage");
    assert.ok(usage?.type === "usage" && usage.inputTokens > 1000);
    assert.ok((usage.cachedTokens ?? 0) < usage.inputTokens - 1, "the cancelled request had not read all of it");
  });

  it("stops at the given number of tokens and at a stop text, and says which", async () => {
    const cut = await ask([user("^#")], { parameters: { maxOutputTokens: 20 } });
    assert.equal(cut.text, "abcdefghijklmnopqrst");
    assert.deepEqual(last(cut), { type: "finish", finishReason: "length", rawFinishReason: "max-output-tokens" });
    const stopped = await ask([user("^#")], { parameters: { stop: ["hij"] } });
    assert.equal(stopped.text, "abcdefg");
    assert.deepEqual(last(stopped), { type: "finish", finishReason: "stop", rawFinishReason: "stop-text" });
  });

  it("stops when the answer is cancelled, and answers the next request", async () => {
    const abort = new AbortController();
    const answer = await ask([user("^#")], { signal: abort.signal, onText: (text) => text.length > 50 && abort.abort() });
    assert.equal(answer.error, abort.signal.reason);
    assert.ok(answer.text.length > 50);
    assert.equal((await ask([user("^=next")])).text, "NEXT");
  });

  it("answers five endless requests that are cancelled one by one, so that no place is lost", async () => {
    for (let round = 0; round < 5; round++) {
      const abort = new AbortController();
      await ask([user("^#")], { signal: abort.signal, onText: () => abort.abort() });
    }
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => ask([user(`^=${n} more`)])));
    assert.deepEqual(
      answers.map(({ text }) => text),
      [1, 2, 3, 4, 5].map((n) => `${n} MORE`),
    );
  });

  it("reads only what is new of a conversation that goes on", async () => {
    const question = "^=a question that is long enough to be noticed when it has to be read again";
    const first = await ask([user(question)]);
    const second = await ask([user(question), assistant(first.text), user("^=and on")]);
    const [before, usage] = [first, second].map(({ events }) => events.find((event) => event.type === "usage"));
    assert.ok(before?.type === "usage" && usage?.type === "usage");
    assert.ok((usage.cachedTokens ?? 0) >= before.inputTokens - 1, JSON.stringify({ before, usage }));
  });

  it("keeps an answer to a JSON Schema", async () => {
    const responseSchema = { type: "object", properties: { answer: { enum: ["yes"] }, n: { const: 42 } } } as const;
    const { text, error } = await ask([user("anything")], { parameters: { responseSchema } });
    assert.equal(error, undefined);
    assert.deepEqual(JSON.parse(text), { answer: "yes", n: 42 });
  });

  it("refuses by name what it cannot do", async () => {
    const tools = await ask([user("x")], { parameters: { tools: [{ name: "t", parameters: { type: "object" } }] } });
    checkCode(tools.error, "unsupported-parameter");
    assert.match(String(tools.error), /`tools`/u);
    const image: Message = { role: "user", content: [{ type: "image", mediaType: "image/png", data: "AA==" }] };
    assert.match(String((await ask([image])).error), /`images`/u);
    assert.match(
      String((await ask([user("x")], { parameters: { providerOptions: { local: { mirostat: 2 } } } })).error),
      /local\.mirostat/u,
    );
  });

  it("says how many tokens a prompt has that is too long", async () => {
    const { error } = await ask([user(`^=${"0123456789".repeat(4000)}`)]);
    checkCode(error, "prompt-too-long");
    assert.match(String(error), /40\d{3} tokens/u);
  });
});

describe("a file that cannot be run", () => {
  it("is named where it is missing, a folder, or no absolute path", async () => {
    checkCode((await ask([user("x")], { model: join(folder, "none.gguf") })).error, "file-not-found");
    checkCode((await ask([user("x")], { model: folder })).error, "not-a-model");
    checkCode((await ask([user("x")], { model: "none.gguf" })).error, "file-not-found");
    checkCode((await ask([user("x")], { model: "C:\\models\\none.gguf" })).error, "file-not-found");
  });

  it("is refused where it is no GGUF file, or one that was cut, and the next request works", async () => {
    const whole = readFileSync(file);
    const bad: Record<string, Buffer> = {
      empty: Buffer.alloc(0),
      text: Buffer.from("just a text, and a little longer than a header"),
      "header only": whole.subarray(0, 40),
      "half a file": whole.subarray(0, whole.length / 2),
    };
    for (const [name, bytes] of Object.entries(bad)) {
      const path = join(folder, `${name}.gguf`);
      writeFileSync(path, bytes);
      checkCode((await ask([user("x")], { model: path })).error, "not-a-model");
    }
    assert.equal((await ask([user("^=still here")])).text, "STILL HERE");
  });
});

describe("the inference process", () => {
  it("may crash: what ran fails with what had come, and the next request starts a new one", async () => {
    const broken = await Promise.all(
      [1, 2].map(() => {
        let killed = false;
        return ask([user("^#")], {
          onText: (text) => {
            if (killed || text.length < 20 || inference.pid === undefined) return;
            killed = true;
            process.kill(inference.pid, "SIGSEGV");
          },
        });
      }),
    );
    for (const { text, error } of broken) {
      checkCode(error, "inference-crashed");
      assert.ok(error instanceof ProviderError && error.phase === (text === "" ? "before-first-token" : "mid-stream"));
    }
    assert.ok(broken.some(({ text }) => text.startsWith("abcdefghijklmnopqrst")));
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
