// Where Anthropic's prompt cache is told to keep what it has read.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { Llm } from "../../../../sidecar/api.ts";
import { defaultSettings, Engine } from "../../../../sidecar/engine.ts";
import { gather } from "../../../../sidecar/gather.ts";
import { KeyRing } from "../../../../sidecar/keys.ts";
import { withCacheMarks } from "../../../../sidecar/providers/anthropic/cache-marks.ts";
import { asList, asObject, asText } from "../../../../sidecar/providers/json-fields.ts";
import { askAboutFile, fileAsText } from "../../../../sidecar/prompt-text.ts";
import { Session } from "../../../../sidecar/sessions/session.ts";
import type { FilePart, GenerationParameters, JsonObject, JsonValue, Message, ToolDefinition } from "../../../../sidecar/types.ts";
import { fakeAtHand } from "../../../support/fake-at-hand.ts";
import { ScriptedProvider } from "../../scripted-provider.ts";
import { userMessage } from "../../../support/provider-calls.ts";

const { fake } = await fakeAtHand();
const MARK = { type: "ephemeral" };
const TOOLS: readonly ToolDefinition[] = ["one", "two"].map((name) => ({ name, parameters: { type: "object", properties: {} } }));

function llm(): Llm {
  const settings = { ...defaultSettings, providers: { anthropic: { baseUrl: fake.origin } } };
  const engine = new Engine({ settings, keys: new KeyRing(), local: new ScriptedProvider() });
  after(() => engine.close());
  return engine.llm("anthropic/claude-haiku-4-5");
}

async function bodyOf(messages: readonly Message[], parameters: GenerationParameters = {}): Promise<JsonObject> {
  await llm().generate(messages, parameters);
  return fake.requests.at(-1)?.body ?? assert.fail("nothing was sent");
}

/** The places of all marks in a body, as paths. */
function marksOf(value: JsonValue | undefined, path = ""): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === "cache_control" ? [path.slice(1)] : marksOf(inner, `${path}.${key}`)));
}

const said = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });

describe("the marks for Anthropic's cache", () => {
  it("stand at the end of the tools, of the system prompt and of the last turn", async () => {
    const body = await bodyOf([userMessage("hi")], { system: "Be brief.", tools: TOOLS });
    assert.deepEqual(marksOf(body), ["tools.1", "system.0", "messages.0.content.0"]);
    assert.deepEqual(body["system"], [{ type: "text", text: "Be brief.", cache_control: MARK }]);
  });

  it("are never more than four: of a long conversation the last two turns of the user have one", async () => {
    const turns = [1, 2, 3, 4].flatMap((turn) => [userMessage(`question ${turn}`), said(`answer ${turn}`)]);
    const body = await bodyOf([...turns, userMessage("question 5")], { system: "S", tools: TOOLS });
    assert.deepEqual(marksOf(body), ["tools.1", "system.0", "messages.6.content.0", "messages.8.content.0"]);
  });

  it("stand at the results of tools, and at the last block of a turn that can have one", async () => {
    const call: Message = { role: "assistant", content: [{ type: "tool-call", id: "c1", name: "one", arguments: "{}" }] };
    const results: Message = { role: "tool", content: [{ type: "tool-result", id: "c1", content: "" }] };
    const body = await bodyOf([userMessage("hi"), call, results], { tools: TOOLS });
    assert.deepEqual(marksOf(body), ["tools.1", "messages.0.content.0", "messages.2.content.0"]);
    const empty = { type: "text", text: " " };
    const image = { type: "image", source: {} };
    const marked = withCacheMarks({ messages: [{ role: "user", content: [image, empty, { type: "thinking" }] }] }, undefined);
    assert.deepEqual(marksOf(marked), ["messages.0.content.0"]);
    assert.deepEqual(marksOf(withCacheMarks({ system: " ", messages: [{ role: "user", content: [empty] }] }, undefined)), []);
  });

  it("are absent where nothing can have one", async () => {
    assert.deepEqual(marksOf(await bodyOf([userMessage("hi")])), ["messages.0.content.0"]);
  });

  it("are the caller's to change and to switch off, and the option itself is not sent", async () => {
    const hour = { type: "ephemeral", ttl: "1h" };
    const changed = await bodyOf([userMessage("hi")], { system: "S", providerOptions: { anthropic: { cache_control: hour } } });
    assert.deepEqual(changed["system"], [{ type: "text", text: "S", cache_control: hour }]);
    assert.equal("cache_control" in changed, false);
    for (const off of [null, false]) {
      const body = await bodyOf([userMessage("hi")], { system: "S", tools: TOOLS, providerOptions: { anthropic: { cache_control: off } } });
      assert.deepEqual(marksOf(body), []);
      assert.equal("cache_control" in body, false);
    }
  });

  it("leave alone what the caller has marked by hand, and count it", async () => {
    const system = ["a", "b", "c"].map((text) => ({ type: "text", text, cache_control: MARK }));
    const body = await bodyOf([userMessage("hi"), said("ho"), userMessage("hm")], { providerOptions: { anthropic: { system } } });
    assert.deepEqual(body["system"], system);
    assert.deepEqual(marksOf(body), ["system.0", "system.1", "system.2", "messages.2.content.0"]);
  });

  for (const [status, refused] of [
    [400, { error: { type: "invalid_request_error", message: "cache_control: Extra inputs" } }],
    [422, { detail: [{ type: "extra_forbidden", loc: ["body", "system", 0, "cache_control"], msg: "Extra inputs are not permitted" }] }],
    [400, { error: { type: "invalid_request_error", message: "system: Input should be a valid string" } }],
    [422, { detail: [{ type: "string_type", loc: ["body", "system"], msg: "Input should be a valid string" }] }],
  ] as const) {
    it(`are left out for good after a server has refused them: ${JSON.stringify(refused)}`, async () => {
      fake.enqueue({ status, body: { type: "error", ...refused } });
      const one = llm();
      await one.generate("hi", { system: "S" });
      await one.generate("again", { system: "S" });
      assert.deepEqual(
        fake.requests.map(({ body }) => [marksOf(body).length, typeof body?.["system"]]),
        [
          [2, "object"],
          [0, "string"],
          [0, "string"],
        ],
      );
    });
  }

  for (const words of [
    "system.0.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.",
    "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    "system.0: cache_control cannot be set for empty text blocks",
    "unknown parameter system.cache_control.scope",
  ]) {
    it(`go on where what the caller has marked by hand was refused: ${words}`, async () => {
      fake.enqueue({ status: 400, body: { type: "error", error: { type: "invalid_request_error", message: words } } });
      const one = llm();
      await assert.rejects(one.generate("hi", { system: "S" }), (error: Error) => error.message.includes(words));
      await one.generate("again", { system: "S" });
      assert.deepEqual(
        fake.requests.map(({ body }) => marksOf(body).length),
        [2, 2],
      );
    });
  }

  it("do not stand at the one turn of a question in a run over many, which would pay for writing what nobody reads", async () => {
    const asked = llm();
    await gather([() => asked.generate("first file", { system: "S" }), () => asked.generate("second file", { system: "S" })]);
    assert.deepEqual(
      fake.requests.map(({ body }) => marksOf(body)),
      [["system.0"], ["system.0"]],
    );
  });

  it("stand in the first turn of a conversation also inside a run over many", async () => {
    const asked = llm();
    await gather([
      async () => {
        const session = new Session(asked, { systemPrompt: "S" });
        for (const question of ["first", "second"]) await session.generate(question);
      },
    ]);
    assert.deepEqual(
      fake.requests.map(({ body }) => marksOf(body)),
      [
        ["system.0", "messages.0.content.0"],
        ["system.0", "messages.0.content.0", "messages.2.content.0"],
      ],
    );
  });

  it("stand in a run over many files at the end of the prompt that all of them have in common, which is a block of its own", async () => {
    const asked = llm();
    const rules = "Follow this rule with care, and tell of each line that breaks it. ".repeat(100);
    const files = ["a.txt", "b.txt"].map((name): FilePart => ({ type: "file", uri: `file:///${name}`, name, text: `This is ${name}.` }));
    for (const prompt of [rules, "Summarize."]) await gather(files.map((file) => () => asked.generate([askAboutFile(prompt, file)])));
    assert.deepEqual(
      fake.requests.map(({ body }) => marksOf(body)),
      [["messages.0.content.0"], ["messages.0.content.0"], [], []],
    );
    const contents = fake.requests.map(({ body }) => asList(asObject(asList(body?.["messages"])?.[0])?.["content"]) ?? []);
    assert.deepEqual(contents[0]?.[0], contents[1]?.[0]);
    assert.deepEqual(
      contents
        .slice(0, 2)
        .map((blocks) => blocks.map((block) => asText(asObject(block)?.["text"]) ?? "").join(""))
        .toSorted(),
      files.map((file) => `${rules}\n\n${fileAsText(file)}`),
    );
  });
});
