// Where chat completions are marked for Anthropic's prompt cache: of models that are cached nowhere without.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { Llm } from "../../../sidecar/api.ts";
import { defaultSettings, Engine } from "../../../sidecar/engine.ts";
import { gather } from "../../../sidecar/gather.ts";
import { KeyRing } from "../../../sidecar/keys.ts";
import { askAboutFile } from "../../../sidecar/prompt-text.ts";
import type { FilePart, GenerationParameters, JsonObject, JsonValue } from "../../../sidecar/types.ts";
import { fakeAtHand } from "../../support/fake-at-hand.ts";
import { userMessage } from "../../support/provider-calls.ts";
import { assistant, body, image, result, toolRound, WEATHER, type Asked } from "../../support/wire-requests.ts";
import { ScriptedProvider } from "../scripted-provider.ts";

const { fake } = await fakeAtHand();
const MARK = { type: "ephemeral" };
const CLAUDE = "anthropic/claude-sonnet-4.5";
const marked = (text: string): JsonValue => [{ type: "text", text, cache_control: MARK }];
const plain = (text: string): JsonValue => [{ type: "text", text }];
const said = (text: string) => assistant({ type: "text", text });

const sent = (asked: Omit<Asked, "provider">, provider = "openrouter"): JsonObject => body({ model: CLAUDE, ...asked, provider });
const marksIn = (json: JsonValue | undefined): number => JSON.stringify(json).split('"cache_control"').length - 1;
const optionOf = (cache_control: JsonValue): GenerationParameters => ({ system: "S", providerOptions: { openrouter: { cache_control } } });

function llm(): Llm {
  const settings = { ...defaultSettings, providers: { openrouter: { baseUrl: fake.baseUrl("openai-chat") } } };
  const engine = new Engine({ settings, keys: new KeyRing(), local: new ScriptedProvider() });
  after(() => engine.close());
  return engine.llm(`openrouter/${CLAUDE}`);
}

describe("a conversation with Claude through OpenRouter", () => {
  it("is marked at the end of the system prompt, and of the last two turns of the user", () => {
    const turns = [1, 2].flatMap((turn) => [userMessage(`question ${turn}`), said(`answer ${turn}`)]);
    assert.deepEqual(sent({ parameters: { system: "S", tools: [WEATHER] }, messages: [...turns, userMessage("question 3")] })["messages"], [
      { role: "system", content: marked("S") },
      { role: "user", content: plain("question 1") },
      { role: "assistant", content: "answer 1" },
      { role: "user", content: marked("question 2") },
      { role: "assistant", content: "answer 2" },
      { role: "user", content: marked("question 3") },
    ]);
  });

  it("is marked in the text of a tool's result, never in the message around it, and once for what is one turn", () => {
    const asked = sent({ parameters: { tools: [WEATHER] }, messages: [...toolRound, userMessage("And tomorrow?")] });
    const messages = JSON.parse(JSON.stringify(asked["messages"]));
    assert.deepEqual(messages[2], { role: "tool", tool_call_id: "call_1", content: plain("Sunny") });
    assert.deepEqual(messages[3], { role: "user", content: marked("And tomorrow?") });
    assert.equal(marksIn(messages), 2);
    const loop = sent({ parameters: { tools: [WEATHER] }, messages: toolRound });
    assert.deepEqual(JSON.parse(JSON.stringify(loop["messages"])).at(-1), {
      role: "tool",
      tool_call_id: "call_1",
      content: marked("Sunny"),
    });
  });

  it("keeps its marks from what is no text, and from texts of nothing", () => {
    const call = assistant({ type: "tool-call", id: "c1", name: "weather", arguments: "{}" });
    const asked = sent({ messages: [image, call, result("c1", "")] });
    const parts = JSON.stringify(asked["messages"]);
    assert.equal(marksIn(asked["messages"]), 1);
    assert.match(parts, /"type":"text","text":"[^"]+","cache_control"/u);
    assert.match(parts, /"content":""/u);
  });

  it("is marked as the caller says, or not at all, and the option itself is not sent", () => {
    const hour = { type: "ephemeral", ttl: "1h" };
    const asked = sent({ parameters: optionOf(hour) });
    assert.deepEqual(JSON.parse(JSON.stringify(asked["messages"]))[0].content[0].cache_control, hour);
    assert.equal("cache_control" in asked, false);
    for (const off of [false, null]) {
      const unmarked = sent({ parameters: optionOf(off) });
      assert.equal(marksIn(unmarked), 0);
      assert.deepEqual(unmarked["messages"], [
        { role: "system", content: "S" },
        { role: "user", content: "Hi" },
      ]);
    }
  });

  it("has no more than four marks with those that the caller has put at tools", () => {
    const tools = ["a", "b", "c"].map((name) => ({ type: "function", function: { name }, cache_control: MARK }));
    const asked = sent({ parameters: { system: "S", providerOptions: { openrouter: { tools } } } });
    assert.equal(marksIn(asked["tools"]), 3);
    assert.deepEqual(asked["messages"], [
      { role: "system", content: marked("S") },
      { role: "user", content: plain("Hi") },
    ]);
  });

  for (const words of [
    "messages.0.content.0.cache_control: Extra inputs are not permitted",
    "messages.2.content: Input should be a valid string",
    "Invalid type for 'messages[2].content': expected a string, but got an array instead.",
    "The content of a tool message must be a string",
    "json: cannot unmarshal array into Go struct field Message.messages.content of type string",
    "Failed to deserialize the JSON body into the target type: messages[2]: invalid type: sequence, expected a string at line 1 column 90",
  ]) {
    it(`is asked without marks for good after a server has refused them, or the parts that they stand in: ${words}`, async () => {
      fake.enqueue({ status: 400, body: { error: { message: words } } });
      const one = llm();
      for (const question of ["hi", "again"]) await one.generate(question, { system: "S" });
      assert.deepEqual(
        fake.requests.map(({ body: asked }) => marksIn(asked)),
        [2, 0, 0],
      );
      assert.deepEqual(fake.requests.at(-1)?.body?.["messages"], [
        { role: "system", content: "S" },
        { role: "user", content: "again" },
      ]);
    });
  }

  it("keeps its marks where the same is refused without them", async () => {
    const refused = { status: 400, body: { error: { message: "messages.2.content: Input should be a valid string" } } };
    fake.enqueue(refused, refused);
    const one = llm();
    await assert.rejects(one.generate("hi", { system: "S" }));
    await one.generate("again", { system: "S" });
    assert.deepEqual(
      fake.requests.map(({ body: asked }) => marksIn(asked)),
      [2, 0, 2],
    );
  });

  it("is marked in a run over many files at the end of what all of them have in common", async () => {
    const rules = "Follow this rule with care, and tell of each line that breaks it. ".repeat(100);
    const files = ["a.txt", "b.txt"].map((name): FilePart => ({ type: "file", uri: `file:///${name}`, name, text: `This is ${name}.` }));
    const asked = llm();
    await gather(files.map((file) => () => asked.generate([askAboutFile(rules, file)], { system: "S" })));
    for (const { body: one } of fake.requests) {
      const [system, question] = JSON.parse(JSON.stringify(one?.["messages"]));
      assert.deepEqual(system.content, marked("S"));
      assert.deepEqual(
        [question.content[0], question.content.length, marksIn(one)],
        [{ ...question.content[0], cache_control: MARK }, 2, 2],
      );
      assert.ok(question.content[0].text.startsWith(rules));
    }
    assert.equal(fake.requests.length, 2);
  });
});

describe("chat completions", () => {
  for (const model of [
    "~anthropic/claude-sonnet-latest",
    "qwen/qwen3-max",
    "qwen/qwen3.6-flash",
    "qwen/qwen3-coder-plus",
    "qwen/qwen-plus",
  ]) {
    it(`are marked for ${model} through OpenRouter`, () => assert.equal(marksIn(sent({ model })), 1));
  }

  for (const model of ["openai/gpt-5", "google/gemini-3-pro", "qwen/qwen3-235b-a22b", "qwen/qwen3-coder", "deepseek/deepseek-chat"]) {
    it(`have no marks, and texts that are texts, for ${model}, whose servers cache by themselves`, () => {
      assert.deepEqual(sent({ model })["messages"], [{ role: "user", content: "Hi" }]);
      assert.equal("cache_control" in sent({ model, parameters: optionOf(false) }), false);
      assert.deepEqual(sent({ model, parameters: optionOf(MARK) })["cache_control"], MARK);
    });
  }

  for (const provider of ["openai-compatible", "portkey"]) {
    it(`have none at ${provider}, which may not know them`, () => {
      assert.deepEqual(sent({ model: "claude-sonnet-4-5" }, provider)["messages"], [{ role: "user", content: "Hi" }]);
    });
  }
});
