// Tools over several rounds on every wire, over real sockets, and one conversation that every provider continues in turn.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { GenerateResult } from "../../sidecar/api.ts";
import { defaultSettings, type Engine, type EngineOptions } from "../../sidecar/engine.ts";
import type { Message, ToolCallPart, ToolDefinition } from "../../sidecar/types.ts";
import { startFake } from "../support/fake-at-hand.ts";
import type { FakeStep } from "../support/fake-provider-script.ts";
import { engineMaker } from "./engines.ts";

const fake = await startFake();
const engineWith = engineMaker();
let engine: Engine;
const options: Partial<EngineOptions> = {
  settings: {
    ...defaultSettings,
    providers: {
      chat: { preset: "openai-compatible", baseUrl: fake.baseUrl("openai-chat") },
      responses: { preset: "openai", baseUrl: fake.baseUrl("openai-responses"), api: "responses" },
      claude: { preset: "anthropic", baseUrl: fake.baseUrl("anthropic") },
      llama: { preset: "ollama", baseUrl: fake.baseUrl("ollama") },
      mistral: { baseUrl: fake.baseUrl("openai-chat") },
      deepseek: { baseUrl: fake.baseUrl("openai-chat") },
    },
  },
  environment: { MISTRAL_API_KEY: "k", DEEPSEEK_API_KEY: "k" },
};
beforeEach(() => {
  engine = engineWith(options);
});

const tools: readonly ToolDefinition[] = [
  {
    name: "weather",
    description: "Tells the weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
];
const question: Message = { role: "user", content: [{ type: "text", text: "Is it warmer in Bern or in Zürich?" }] };
const result = ({ id, name }: ToolCallPart, content: string): Message => ({
  role: "tool",
  content: [{ type: "tool-result", id, name, content }],
});
const calls = (id: string, city: string): readonly FakeStep[] => [
  { toolCall: { id, name: "weather", arguments: JSON.stringify({ city }) } },
  { finish: "tool-calls" },
];

/** The bodies of the requests that asked for an answer. */
const asked = (): readonly string[] =>
  fake.requests.filter(({ route }) => route !== "models" && route !== "other").map(({ bodyText }) => bodyText);

async function answer(ref: string, messages: readonly Message[], steps: readonly FakeStep[]): Promise<GenerateResult> {
  const route = ref.startsWith("claude")
    ? "anthropic"
    : ref.startsWith("llama")
      ? "ollama"
      : ref.startsWith("responses")
        ? "openai-responses"
        : "openai-chat";
  fake.enqueue({ route, steps });
  return engine.llm(ref).generate(messages, { tools, ...(ref.startsWith("claude") ? { maxOutputTokens: 100 } : {}) });
}

describe("tools", () => {
  for (const ref of [
    "chat/m",
    "responses/gpt-5",
    "claude/claude-sonnet-5",
    "llama/qwen3",
    "mistral/mistral-small",
    "deepseek/deepseek-chat",
  ]) {
    it(`are defined, called and answered over several rounds by ${ref}`, async () => {
      const messages: Message[] = [question];
      for (const [id, city, degrees] of [
        ["call_a", "Bern", "19"],
        ["call_b", "Zürich", "21"],
      ] as const) {
        const round = await answer(ref, messages, calls(id, city));
        assert.equal(round.finishReason, "tool-calls");
        const [call] = round.toolCalls;
        assert.ok(call !== undefined);
        assert.deepEqual([call.name, JSON.parse(call.arguments)], ["weather", { city }]);
        messages.push(round.message, result(call, degrees));
      }
      const last = await answer(ref, messages, [{ text: "Zürich." }, { finish: "stop" }]);
      assert.equal(last.content, "Zürich.");
      const sent = asked();
      assert.equal(sent.length, 3);
      for (const body of sent) assert.match(body, /Tells the weather/u);
      // Both calls and both results, in their order.
      assert.match(sent[2] ?? "", /Bern.*19.*Zürich.*21/su);
    });
  }

  it("whose name comes in pieces is called by the name under which it was offered", async () => {
    const piece = (called: object) => ({
      raw: `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: called }] } }] })}\n\n`,
    });
    const pieces = [
      piece({ name: "wea" }),
      piece({ name: "ther" }),
      piece({ arguments: '{"city":"Bern"}' }),
      { finish: "tool-calls" },
    ] as const;
    const { toolCalls } = await answer("chat/m", [question], pieces);
    assert.deepEqual(
      toolCalls.map(({ name, arguments: given }) => [name, given]),
      [["weather", '{"city":"Bern"}']],
    );
  });

  it("and answers go from provider to provider, each reading the calls and results of all before it", async () => {
    const messages: Message[] = [question];
    const cities = ["Aarau", "Basel", "Chur", "Davos", "Erlen", "Fully"];
    const refs = ["claude/claude-sonnet-5", "mistral/mistral-small", "responses/gpt-5", "llama/qwen3", "deepseek/deepseek-chat", "chat/m"];
    for (const [index, ref] of refs.entries()) {
      const city = cities[index] ?? "";
      const id = index === 2 ? `call.with:odd-${"x".repeat(80)}` : `call_${city}`;
      const round = await answer(ref, messages, [{ reasoning: `thought of ${ref}` }, ...calls(id, city)]);
      const [call] = round.toolCalls;
      assert.ok(call !== undefined);
      messages.push(round.message, result(call, `${index} degrees`));
    }
    const sent = asked();
    assert.equal(sent.length, refs.length);
    for (const [index, body] of sent.entries()) {
      for (const before of cities.slice(0, index)) assert.ok(body.includes(before), `${refs[index]} reads the call about ${before}`);
      for (let result = 0; result < index; result += 1)
        assert.ok(body.includes(`${result} degrees`), `${refs[index]} reads result ${result}`);
    }
    // What one has thought, no other is told.
    for (const [index, body] of sent.entries()) {
      for (const other of refs.slice(0, index)) {
        if (refs[index]?.startsWith("llama") === true || refs[index]?.startsWith("deepseek") === true) continue;
        assert.ok(!body.includes(`thought of ${other}`), `${refs[index]} is told what ${other} thought`);
      }
    }
    assert.match(sent[1] ?? "", /"id":"call00000"/u, "Mistral's nine letters and digits");
    const long = /"tool_call_id":"([^"]{41,})"/u.exec(sent[5] ?? "");
    assert.equal(long, null, "no id longer than chat completions allow");
  });
});
