// Models that take no message of the system: what it says is the beginning of the first question, from the refusal on; over real
// sockets.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asList, asObject, asText } from "../../../sidecar/providers/json-fields.ts";
import type { Provider } from "../../../sidecar/providers/provider.ts";
import type { JsonObject, JsonValue, Message } from "../../../sidecar/types.ts";
import { fakeAtHand, providerAt, providerOnWire } from "../../support/fake-at-hand.ts";
import { call, callError, modelRequest, userMessage } from "../../support/provider-calls.ts";
import { assistant, body, image, SCHEMA, toolRound } from "../../support/wire-requests.ts";

const here = await fakeAtHand();
const { fake } = here;

const refusal = (message: string, status = 400): { status: number; body: JsonValue } => ({
  status,
  body: { error: { message, type: status === 400 ? "invalid_request_error" : "server_error" } },
});
const rolesOf = (sent: JsonObject | null | undefined): string =>
  (asList(sent?.["messages"]) ?? []).map((message) => asText(asObject(message)?.["role"]) ?? "").join(" ");
const sentRoles = (): readonly string[] => fake.requests.map((one) => rolesOf(one.body));
const ALTERNATE = "Conversation roles must alternate user/assistant/user/assistant/...";

describe("A model that takes no message of the system", () => {
  for (const [whose, id, status, words] of [
    ["Gemma's chat template at vLLM", "vllm", 400, "System role not supported"],
    [
      "Gemma's chat template at llama.cpp's server",
      "llama-server",
      500,
      "\n------------\nError: Jinja Exception: System role not supported",
    ],
    ["Gemini for Gemma", "gemini", 400, "Developer instruction is not enabled for models/gemma-3-27b-it"],
    ["OpenAI for o1-mini", "openai-compatible", 400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."],
    ["Bedrock for Titan", "openai-compatible", 400, "This model doesn't support system messages. Try again without a system message."],
    ["MLC", "openai-compatible", 400, "Only user and assistant roles are supported!"],
    ["Mistral's first chat template", "vllm", 400, ALTERNATE],
  ] as const) {
    test(`is given its words with the first question, from then on, and that is told: ${whose}`, async () => {
      const provider = providerAt(here, id);
      const request = modelRequest("Why?", { system: "Be brief." });
      fake.enqueue(refusal(words, status));
      const { events, thrown } = await call(provider, { request });
      assert.equal(thrown, null);
      await call(provider, { request });
      assert.deepEqual(sentRoles(), ["system user", "user", "user"]);
      assert.deepEqual(fake.requests[2]?.body?.["messages"], [{ role: "user", content: "Be brief.\n\nWhy?" }]);
      assert.deepEqual(
        events.filter((event) => event.type === "warning").map(({ code, parameter }) => [code, parameter]),
        [["parameter-mapped", "system"]],
      );
    });
  }

  const LEARNED = { provider: "openai", wire: "openai-chat", learned: ["system"] } as const;
  const messagesOf = (system: string | undefined, messages: readonly Message[]): JsonValue | undefined =>
    body({ ...LEARNED, messages, parameters: system === undefined ? {} : { system } })["messages"];

  test("has them in a turn of their own where the conversation begins with an answer, and before pictures", () => {
    const begun = messagesOf("Be brief.", [assistant({ type: "text", text: "Hello." }), userMessage("Why?")]);
    assert.deepEqual(begun, [
      { role: "user", content: "Be brief." },
      { role: "assistant", content: "Hello." },
      { role: "user", content: "Why?" },
    ]);
    const [seen] = asList(messagesOf("Be brief.", [image])) ?? [];
    assert.deepEqual(asList(asObject(seen)?.["content"])?.slice(0, 2), [
      { type: "text", text: "Be brief." },
      { type: "text", text: "What is this?" },
    ]);
  });

  test("has what the system says later in the user's turns as well, which stay as they are from turn to turn", () => {
    const later: Message = { role: "system", content: [{ type: "text", text: "Now in French." }] };
    const turns = [userMessage("Why?"), later, assistant({ type: "text", text: "Ainsi." }), userMessage("And?")];
    const first = JSON.stringify(messagesOf("Be brief.", turns.slice(0, 2)));
    const second = JSON.stringify(messagesOf("Be brief.", turns));
    assert.equal(first, JSON.stringify([{ role: "user", content: "Be brief.\n\nWhy?\n\nNow in French." }]));
    assert.ok(second.startsWith(first.slice(0, -1)), second);
  });

  test("is asked for a schema in words there, where it takes neither the schema nor the system's words", async () => {
    const provider = providerAt(here, "gemini");
    fake.respond(({ body: sent }) => {
      if (sent?.["response_format"] !== undefined) return refusal("JSON mode is not enabled for models/gemma-3-27b-it");
      if (rolesOf(sent).startsWith("system")) return refusal("Developer instruction is not enabled for models/gemma-3-27b-it");
      return { steps: [{ text: "{}" }, { finish: "stop" }] };
    });
    const request = modelRequest("Why?", { responseSchema: SCHEMA });
    assert.equal((await call(provider, { request })).thrown, null);
    assert.equal((await call(provider, { request })).thrown, null);
    assert.deepEqual(sentRoles(), ["user", "system user", "user", "user"]);
    assert.match(fake.requests[3]?.bodyText ?? "", /JSON Schema below.*Why\?/u);
  });
});

describe("A message of the system stays where it is", () => {
  const checkStays = async (provider: Provider, words: string, status = 400): Promise<void> => {
    fake.reset();
    fake.respond(refusal(words, status));
    await callError(provider, { request: modelRequest("x", { system: "Be brief." }) });
    assert.deepEqual(sentRoles(), ["system user"], words);
  };

  test("where something else is refused, in whatever words", async () => {
    for (const words of [
      "The system prompt is not allowed to have more than 4096 tokens.",
      "System message must be at the beginning.",
      "Only user, system and assistant roles are supported!",
      "After the optional system message, conversation roles must alternate user/assistant/user/assistant/...",
      "Unexpected role 'tool' after role 'system'",
      "The system prompt contains words that are not allowed.",
      "The system message is not permitted by our usage policy.",
      "A system message whose content is a list is not supported.",
      `[{'type': 'literal_error', 'loc': ('body', 'messages', 1, 'role'), 'msg': "Input should be 'system'", 'input': 'user'}, {'type': 'extra_forbidden', 'loc': ('body', 'messages', 1, 'x'), 'msg': 'Extra inputs are not permitted', 'input': 'The system role is not supported.'}]`,
    ]) {
      await checkStays(providerAt(here, "openai-compatible"), words);
      await checkStays(providerAt(here, "openai-compatible"), words, 422);
    }
  });

  test("where a server fails", async () => {
    await checkStays(providerOnWire(here, "openai-chat"), "The system message could not be read: not supported now", 500);
  });

  test("where it is the turns that are refused: sent without it, they are refused again, and the next request has it", async () => {
    const provider = providerAt(here, "vllm");
    fake.respond(({ body: sent }) => (rolesOf(sent).includes("tool") ? refusal(ALTERNATE) : { steps: [{ finish: "stop" }] }));
    const request = modelRequest("x", { system: "Be brief." });
    await callError(provider, { request: { ...request, messages: toolRound } });
    assert.equal((await call(provider, { request })).thrown, null);
    assert.equal(sentRoles().at(-1), "system user");
  });

  test("and no answer is put between, where neither that nor being without it changed a word of the refusal", async () => {
    const provider = providerAt(here, "vllm");
    fake.respond(refusal(ALTERNATE));
    const request = { ...modelRequest("x", { system: "Be brief." }), messages: [...toolRound, userMessage("And now?")] };
    await callError(provider, { request });
    await callError(provider, { request });
    const roles = sentRoles();
    assert.equal(roles.length, 6);
    assert.deepEqual(roles.slice(3), roles.slice(0, 3));
    assert.ok(new Set(roles).size === 3 && roles[0]?.startsWith("system user"));
  });
});
