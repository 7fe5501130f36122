// Local inference with the real llama.cpp and the demo model that the build makes.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { InferenceClient } from "../../../sidecar/local/inference-client.ts";
import { createLocalProvider } from "../../../sidecar/local/local-provider.ts";
import { writeDemoModel } from "../../../sidecar/local/demo/generate.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import type { Message } from "../../../sidecar/types.ts";
import { until } from "../../support/until.ts";
import { InferenceHold } from "./inference-hold.ts";
import { type Answer, type Asked, askModel, assistant, checkCode, user } from "./local-answer.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-inference-"));
const file = join(folder, "demo.gguf");
const inference = new InferenceClient();
const local = createLocalProvider(inference);

before(() => void writeDemoModel(file));
after(async () => {
  await inference.close();
  rmSync(folder, { recursive: true });
});

const ask = (messages: readonly Message[], asked: Asked = {}): Promise<Answer> => askModel(local, { model: file, ...asked }, messages);
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
    const holding = new AbortController();
    const lengths = [0, 0];
    // Two that never end, however late the third begins.
    const endless = [0, 1].map((index) =>
      ask([user("^#")], { signal: holding.signal, onText: ({ length }) => void (lengths[index] = length) }),
    );
    await until(() => lengths.every((length) => length > 0), "two answers at once");
    const before = [...lengths];
    const long = Array.from({ length: 48 }, (_, index) => `one two three four ${index}`).join(", ");
    const third = await ask([user(`^=${long}`)]);
    const after = [...lengths];
    holding.abort();
    assert.equal(third.error, undefined);
    assert.equal(third.text, long.toUpperCase());
    for (const [index, { text }] of (await Promise.all(endless)).entries()) {
      assert.match(text, /^abcdef/u);
      assert.ok((after[index] ?? 0) > (before[index] ?? 0), "it went on while the third was answered");
    }
  });

  it("never gives one of several answers at once a token of another, however often they are asked", async () => {
    const texts = ["alpha beta gamma delta", "one two three four", "red green blue white", "north east south west"];
    const long = (text: string): string => Array.from({ length: 12 }, (_, index) => `${text} ${index}`).join(", ");
    for (let round = 0; round < 8; round += 1) {
      const answers = await Promise.all(texts.map((text) => ask([user(`^=${long(text)}`)])));
      assert.deepEqual(
        answers.map(({ text }) => text),
        texts.map((text) => long(text).toUpperCase()),
      );
    }
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

  it("stops reading a long prompt when it is cancelled", async (context) => {
    const prompt = [user(`^=${"many words that are read in pieces ".repeat(120)}`)];
    const abort = new AbortController();
    const onEvents = (events: readonly ProviderEvent[]): void => {
      if (events.some((event) => event.type === "status" && event.phase === "processing-prompt")) abort.abort();
    };
    const hold = new InferenceHold(join(folder, "hold"));
    const client = new InferenceClient(hold.options);
    context.after(() => client.close());
    const provider = createLocalProvider(client);
    const cancelled = await hold.during("processing-prompt", () =>
      askModel(provider, { model: file, signal: abort.signal, onEvents }, prompt),
    );
    assert.equal(cancelled.error, abort.signal.reason);
    const again = await askModel(provider, { model: file, parameters: { maxOutputTokens: 1 } }, prompt);
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

  it("ends when the JSON has ended, though a model would go on with line breaks for ever", async () => {
    const responseSchema = { type: "object", properties: { answer: { enum: ["yes"] } } } as const;
    const { text, error, events } = await ask([user("^#")], { parameters: { responseSchema, maxOutputTokens: 300 } });
    assert.equal(error, undefined);
    assert.deepEqual(JSON.parse(text), { answer: "yes" });
    const end = events.at(-1);
    assert.deepEqual([end?.type, end?.type === "finish" && end.finishReason], ["finish", "stop"]);
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

  it("counts the tokens of a prompt before the model is loaded and after it, as the answer then says", async () => {
    const copy = join(folder, "counted.gguf");
    writeDemoModel(copy);
    const messages = [user("What is Grüße?"), assistant("A word."), user("^=And 茶?")];
    const parameters = { system: "be brief" };
    const { signal } = new AbortController();
    const count = () => local.countTokens?.({ model: copy, messages, parameters }, signal);
    const before = await count();
    const answer = await ask(messages, { model: copy, parameters });
    const usage = answer.events.find((event) => event.type === "usage");
    assert.ok(usage?.type === "usage");
    assert.deepEqual([before, await count()], [usage.inputTokens, usage.inputTokens]);
    assert.equal(answer.text, "AND 茶?");
    await assert.rejects(local.countTokens?.({ model: join(folder, "none.gguf"), messages, parameters }, signal) ?? Promise.resolve(), {
      providerCode: "file-not-found",
    });
  });

  it("puts no model out of memory in order to count with another", async () => {
    const [second, third] = [join(folder, "second.gguf"), join(folder, "third.gguf")];
    for (const copy of [second, third]) writeDemoModel(copy);
    const models = [file, second];
    for (const model of models) await ask([user("^=once")], { model });
    const { signal } = new AbortController();
    const counted = await local.countTokens?.({ model: third, messages: [user("many")], parameters: {} }, signal);
    assert.ok(counted !== undefined && counted > 0);
    for (const model of models) {
      const { events } = await ask([user("^=twice")], { model });
      assert.ok(!events.some((event) => event.type === "status" && event.phase === "loading-model"), `${model} was loaded anew`);
    }
  });
});

describe("a file that cannot be run", () => {
  it("is named where it is missing, a folder, or no absolute path", async () => {
    checkCode((await ask([user("x")], { model: join(folder, "none.gguf") })).error, "file-not-found");
    checkCode((await ask([user("x")], { model: folder })).error, "not-a-model");
    checkCode((await ask([user("x")], { model: "none.gguf" })).error, "file-not-found");
    checkCode((await ask([user("x")], { model: "C:\\models\\none.gguf" })).error, "file-not-found");
  });

  it("is refused where it is no GGUF file, and the next request works", async () => {
    const bad: readonly (readonly [string, RegExp])[] = [
      ["", /is empty \(0 bytes\), so it is no GGUF file/u],
      ["a", /has only 1 byte, so/u],
      ["GGU", /has only 3 bytes, so/u],
      ["just a text, and a little longer than a header", /is no GGUF file that can be read/u],
    ];
    const path = join(folder, "no model.gguf");
    for (const [text, words] of bad) {
      writeFileSync(path, text);
      const { error } = await ask([user("x")], { model: path });
      checkCode(error, "not-a-model");
      assert.match(String(error), words);
    }
    assert.equal((await ask([user("^=still here")])).text, "STILL HERE");
  });

  it("is called incomplete where it was cut, with what it has and what it should have, and the next request works", async () => {
    const whole = readFileSync(file);
    const vocabulary = whole.indexOf("tokenizer.ggml.tokens");
    const cuts: readonly (readonly [number, RegExp])[] = [
      [40, /its 40 bytes end within its header/u],
      [vocabulary + 2000, /end within its header/u],
      [whole.indexOf("blk.2.ffn_down.weight") + 3, /end within its header/u],
      [Math.floor(whole.length / 2), /it has 1\.7 MB, and its header tells of more than 3\.\d MB/u],
    ];
    for (const [bytes, words] of cuts) {
      const path = join(folder, `cut at ${bytes}.gguf`);
      writeFileSync(path, whole.subarray(0, bytes));
      const { error } = await ask([user("x")], { model: path });
      checkCode(error, "model-incomplete");
      assert.match(String(error), words);
    }
    assert.equal((await ask([user("^=still here")])).text, "STILL HERE");
  });

  it("is called damaged, at once, where its header counts more than there can be", async () => {
    const header = readFileSync(file).subarray(0, 24);
    const entries = Buffer.from(header);
    entries.writeBigUInt64LE(2n ** 60n, 16);
    // One entry without a name: an array of 70 million bytes.
    const array = Buffer.concat([header, Buffer.alloc(24)]);
    array.writeUInt32LE(9, 32);
    array.writeBigUInt64LE(70n * 1024n * 1024n, 40);
    for (const [bytes, words] of [
      [entries, /is damaged: its header counts more parts than any model has/u],
      [array, /is damaged: its header is larger than that of any model/u],
    ] as const) {
      const path = join(folder, "absurd.gguf");
      writeFileSync(path, bytes);
      // Zeros up to here, which take no room on the disk.
      truncateSync(path, 80 * 1024 * 1024);
      const { error } = await ask([user("x")], { model: path });
      checkCode(error, "not-a-model");
      assert.match(String(error), words);
    }
  });
});
