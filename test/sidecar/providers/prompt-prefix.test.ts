// Providers cache the common beginning of requests, byte by byte of what the model reads. So what was sent once stays as it
// was, from turn to turn of a conversation and from file to file of a run. Compared are the bytes of the bodies as they came
// over the socket.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { Llm } from "../../../sidecar/api.ts";
import { defaultSettings, Engine } from "../../../sidecar/engine.ts";
import { gather } from "../../../sidecar/gather.ts";
import { KeyRing } from "../../../sidecar/keys.ts";
import { askAboutFile } from "../../../sidecar/prompt-text.ts";
import { Session } from "../../../sidecar/sessions/session.ts";
import type { ProviderSettings } from "../../../sidecar/settings.ts";
import { fakeAtHand } from "../../support/fake-at-hand.ts";
import type { FakeAnswer, FakeWire } from "../../support/fake-provider-script.ts";
import { WEATHER } from "../../support/wire-requests.ts";
import { ScriptedProvider } from "../scripted-provider.ts";

const { fake } = await fakeAtHand();

interface Wire {
  readonly wire: FakeWire;
  readonly provider: string;
  readonly model: string;
  /** The field that the conversation stands in. */
  readonly field: "messages" | "input";
  readonly settings?: ProviderSettings;
  /** A refusal of temperature, in this wire's words. */
  readonly refusal: FakeAnswer;
}

const refusal = { status: 400, body: { error: { message: "Unsupported parameter: 'temperature'", param: "temperature" } } } as const;
const WIRES: readonly Wire[] = [
  { wire: "openai-chat", provider: "openai", model: "gpt-5-mini", field: "messages", refusal },
  { wire: "openai-chat", provider: "openrouter", model: "anthropic/claude-sonnet-4.5", field: "messages", refusal },
  { wire: "openai-responses", provider: "openai", model: "gpt-5-mini", field: "input", settings: { api: "responses" }, refusal },
  {
    wire: "anthropic",
    provider: "anthropic",
    model: "claude-haiku-4-5",
    field: "messages",
    refusal: { status: 400, body: { type: "error", error: { type: "invalid_request_error", message: "temperature is deprecated" } } },
  },
  { wire: "ollama", provider: "ollama", model: "qwen3", field: "messages", refusal },
];

function llmOf({ wire, provider, model, settings }: Wire): Llm {
  const providers = { [provider]: { baseUrl: fake.baseUrl(wire), ...settings } };
  const engine = new Engine({ settings: { ...defaultSettings, providers }, keys: new KeyRing(), local: new ScriptedProvider() });
  after(() => engine.close());
  return engine.llm(`${provider}/${model}`, { tools: [WEATHER], temperature: 1, maxOutputTokens: 500 });
}

/** Anthropic's marks move with the conversation. They say where to cache, and are no part of what is cached. */
function unmarked(bodyText: string): string {
  return bodyText.replaceAll(/,"cache_control":\{[^}]*\}/gu, "");
}

/** All up to the end of the last message: what follows is the list's end and the body's. */
function prefixOf(bodyText: string): string {
  return bodyText.slice(0, bodyText.lastIndexOf("]"));
}

function checkPrefix(before: string | undefined, next: string | undefined, field: string): void {
  assert.ok(before !== undefined && next !== undefined);
  assert.ok(prefixOf(before).includes(`"${field}":[{`), `no ${field} before the end of ${before}`);
  assert.ok(next.startsWith(prefixOf(before)), `${before}\n\nis not the beginning of\n\n${next}`);
  assert.ok(next.length > before.length);
}

describe("The bytes of one turn are the beginning of the next one's:", () => {
  for (const wire of WIRES) {
    test(`${wire.wire} of ${wire.provider}, over four turns with a system prompt, tools, reasoning and a call`, async () => {
      const session = new Session(llmOf(wire), { systemPrompt: "Be brief." });
      const call = { id: "call_1", name: "weather", arguments: '{"city":"Zürich"}' };
      fake.enqueue(
        { steps: [{ reasoning: "Hm." }, { text: "One 🙂" }, { usage: { inputTokens: 1, outputTokens: 1 } }, { finish: "stop" }] },
        { steps: [{ text: "Let me see." }, { toolCall: call }, { usage: { inputTokens: 1, outputTokens: 1 } }, { finish: "tool-calls" }] },
      );
      for (const question of ["First?", "Second?", 'Third "quoted", of half an emoji \ud83d?', "Fourth?"]) await session.generate(question);
      const bodies = fake.requests.map(({ bodyText }) => bodyText);
      assert.equal(bodies.length, 4);
      // The second turn begins with the first one's bytes as they were, marks and all.
      checkPrefix(bodies[0], bodies[1], wire.field);
      const plain = bodies.map(unmarked);
      for (const turn of [1, 2, 3]) checkPrefix(plain[turn - 1], plain[turn], wire.field);
    });

    test(`${wire.wire} of ${wire.provider}, also after the model has taught which parameter it does not take`, async () => {
      const session = new Session(llmOf(wire), { systemPrompt: "Be brief." });
      if (wire.wire !== "ollama") fake.enqueue(wire.refusal);
      for (const question of ["First?", "Second?", "Third?"]) await session.generate(question);
      const bodies = fake.requests.filter(({ state }) => state === "answered").map(({ bodyText }) => unmarked(bodyText));
      const answered = bodies.slice(wire.wire === "ollama" ? 0 : 1);
      if (wire.wire !== "ollama") assert.ok(!answered.some((body) => body.includes("temperature")));
      assert.equal(answered.length, 3);
      checkPrefix(answered[0], answered[1], wire.field);
      checkPrefix(answered[1], answered[2], wire.field);
    });

    test(`${wire.wire} of ${wire.provider}: two requests for the same thing have the same bytes`, async () => {
      const llm = llmOf(wire);
      await llm.generate("Same?", { system: "S" });
      await llm.generate("Same?", { system: "S" });
      assert.equal(fake.requests[0]?.bodyText, fake.requests[1]?.bodyText);
    });
  }
});

describe("The bytes of a run's requests are the same up to the file:", () => {
  const file = (name: string, text: string) => ({ type: "file", uri: `file:///${name}`, name, languageId: "typescript", text }) as const;

  for (const wire of WIRES) {
    test(`${wire.wire} of ${wire.provider}`, async () => {
      const llm = llmOf(wire);
      const prompt = "Summarize this file in a few sentences: what it is for, and what matters in it.";
      const files = [file("alpha.ts", "export const a = 1;\n"), file("beta.ts", "export const b = 2;\n")];
      await gather(files.map((one) => () => llm.generate([askAboutFile(prompt, one)], { system: "Be brief." })));
      const [first = "", second = ""] = fake.requests.map(({ bodyText }) => bodyText);
      let common = 0;
      while (common < first.length && first[common] === second[common]) common += 1;
      assert.ok(first.slice(0, common).endsWith("File: "), `what differs begins before the file: ${first.slice(0, common)}`);
      assert.ok(first.slice(0, common).includes(prompt));
    });
  }
});
