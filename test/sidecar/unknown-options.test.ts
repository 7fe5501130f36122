// Options that do not exist, as a program in plain JavaScript can give them (here as JSON, so that no compiler sees them): each is refused by name, with the one that was meant.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createLlm, gather, Session, type GenerateOptions, type Llm } from "../../sidecar/library.ts";
import { ProviderError } from "../../sidecar/providers/provider.ts";
import { MemoryStore } from "../../sidecar/sessions/memory-store.ts";
import { startFake } from "../support/fake-at-hand.ts";

const fake = await startFake();
const address = { model: "m", baseUrl: fake.baseUrl("openai-chat") };

function checkInvalid(act: () => unknown, words: RegExp): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof ProviderError, String(error));
    assert.deepEqual([error.kind, error.providerCode], ["invalid-request", "invalid-parameter"]);
    assert.match(error.message, words);
    return true;
  });
}

const llm = (): Llm => createLlm("openai-compatible", address);

describe("An option that does not exist is refused by name, with the one that was meant,", () => {
  for (const [json, message] of [
    ['{"baseURL":"http://127.0.0.1:1"}', /no parameter "baseURL"\. Did you mean "baseUrl"\? Known are .*temperature.*apiKey/u],
    ['{"temprature":1}', /no parameter "temprature"\. Did you mean "temperature"\?/u],
    ['{"max_tokens":5}', /no parameter "max_tokens"\. Known are .*maxOutputTokens/u],
    ['{"timelimits":{}}', /Did you mean "timeLimits"\?/u],
    ['{"timeLimits":{"idleMS":5}}', /no time limit "idleMS"\. Did you mean "idleMs"\? Known are connectMs, firstTokenMs, idleMs\./u],
    ['{"concurrency":0}', /"concurrency" must be a whole number, 1 or more; it is 0/u],
    ['{"concurrency":"x"}', /"concurrency" must be a whole number, 1 or more; it is "x"/u],
    ['{"concurrency":2.5}', /"concurrency" must be a whole number/u],
    ['{"startConcurrency":-3}', /"startConcurrency" must be a whole number, 1 or more; it is -3/u],
    ['{"api":"completions"}', /"api" must be "responses" or "chat"/u],
    ['{"signal":"no"}', /"signal" must be an AbortSignal; it is "no"/u],
    ['{"providerOptions":{"opnai":{}}}', /no provider "opnai"\. Did you mean "openai"\? Known are .*anthropic/u],
    ['{"timeLimits":5}', /"timeLimits" must be an object that holds milliseconds \(connectMs, firstTokenMs, idleMs\); it is 5/u],
    ['{"timeLimits":null}', /"timeLimits" must be an object.*; it is null/u],
    ['{"timeLimits":[5]}', /"timeLimits" must be an object.*; it is \[5\]/u],
    ['{"timeLimits":{"idleMs":"5"}}', /"idleMs" must be milliseconds, 0 or more; it is "5"/u],
  ] as const) {
    test(`by createLlm: ${json}`, () => {
      checkInvalid(() => createLlm("openai-compatible", { ...address, ...JSON.parse(json) }), message);
    });
  }

  test("by createLlm: an address that is none, and a key that no header can carry, which is not repeated", () => {
    const made = (given: object) => (): Llm => createLlm("openai-compatible", { ...address, ...given });
    assert.throws(made({ concurrency: Number.NaN }), /"concurrency" must be a whole number, 1 or more; it is NaN/u);
    assert.throws(made({ baseUrl: "nonsense" }), /"nonsense" .* it must begin with http/u);
    assert.throws(made({ apiKey: "sk-secret\nmore" }), (error) => error instanceof ProviderError && !error.message.includes("secret"));
  });

  test("by stream and countTokens: a signal that is none, and extras for a provider that there is not", async () => {
    const noSignal: GenerateOptions = JSON.parse('{"signal":"no"}');
    const messages: string[] = [];
    for await (const { event } of llm().stream("Hi", noSignal)) if (event.type === "end") messages.push(event.error?.message ?? "none");
    assert.deepEqual(messages, ['The option "signal" must be an AbortSignal; it is "no".']);
    checkInvalid(() => gather([], JSON.parse('{"signal":"no"}')), /"signal" must be an AbortSignal/u);
    const extras: GenerateOptions = JSON.parse('{"providerOptions":{"opnai":{}}}');
    await assert.rejects(llm().generate("Hi", extras), /no provider "opnai"\. Did you mean "openai"\?/u);
    const count = async (json: string): Promise<unknown> => llm().countTokens?.("Hi", JSON.parse(json), new AbortController().signal);
    await assert.rejects(count('{"bogus":1}'), /no parameter "bogus"/u);
    await assert.rejects(count('{"providerOptions":{"opnai":{}}}'), /no provider "opnai"/u);
    assert.equal(fake.requests.length, 0);
  });

  test("by generate and stream, before anything is sent", async () => {
    const options: GenerateOptions = JSON.parse('{"top_p":1}');
    await assert.rejects(llm().generate("Hi", options), /no parameter "top_p"\. Did you mean "topP"\?/u);
    const kinds: string[] = [];
    for await (const { event } of llm().stream("Hi", options)) if (event.type === "end") kinds.push(event.error?.kind ?? "none");
    assert.deepEqual(kinds, ["invalid-request"]);
    assert.equal(fake.requests.length, 0);
  });

  test("by Session, for itself, its parameters and those who open one", async () => {
    const made = (json: string): Session => new Session(llm(), JSON.parse(json));
    checkInvalid(() => made('{"sytemPrompt":"Be brief."}'), /no option of a session "sytemPrompt"\. Did you mean "systemPrompt"\?/u);
    checkInvalid(() => made('{"parameters":{"temprature":1}}'), /no parameter "temprature"/u);
    const store = new MemoryStore();
    const kept = new Session(llm(), { store });
    fake.enqueue({ steps: [{ text: "Hello" }, { finish: "stop" }] });
    await kept.generate("Hi");
    await assert.rejects(
      Session.open(llm(), kept.id, store, JSON.parse('{"onSumary":1}')),
      /no option of a session "onSumary"\. Did you mean "onSummary"\?/u,
    );
  });

  test("by a turn of a session, and then nothing of it is kept", async () => {
    const session = new Session(llm());
    const options: GenerateOptions = JSON.parse('{"whenbusy":"refuse"}');
    await assert.rejects(session.generate("Hi", options), /no parameter "whenbusy"\. Did you mean "whenBusy"\?/u);
    await assert.rejects(session.generate("Hi", { temperature: 9 }), /"temperature" must be a number from 0 to 2/u);
    assert.deepEqual(await session.messages(), []);
  });

  test("by gather, before anything is started", () => {
    let started = 0;
    const tasks = [(): number => (started += 1)];
    checkInvalid(() => gather(tasks, JSON.parse('{"concurency":2}')), /no option of gather "concurency"\. Did you mean "concurrency"\?/u);
    checkInvalid(() => gather(tasks, JSON.parse('{"budget":{"token":2}}')), /budget has no "token"/u);
    for (const none of ["5", "[]", "null", '"5"']) {
      checkInvalid(() => gather(tasks, JSON.parse(`{"budget":${none}}`)), /A budget is an object with tokens, amount, requests/u);
    }
    assert.equal(started, 0);
  });
});

test("an option that is undefined is absent, and a provider's extras pass under its own name", async () => {
  const before = fake.requests.length;
  fake.enqueue({ steps: [{ text: "Hello" }, { finish: "stop" }] });
  const providerOptions = { "openai-compatible": { anything: { at: "all" } } };
  const session = new Session(llm(), { parameters: { providerOptions } });
  const options: GenerateOptions = Object.assign({ seed: 3 }, { temprature: undefined });
  assert.equal((await session.generate("Hi", options)).content, "Hello");
  const asked: unknown = JSON.parse(fake.requests[before]?.bodyText ?? "");
  assert.deepEqual(asked, { ...Object(asked), seed: 3, anything: { at: "all" } });
});
