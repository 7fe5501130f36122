// Figures that a provider gives in the middle of an answer count also where no end of it comes: they are what its user pays.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defaultSettings } from "../../../sidecar/engine.ts";
import { AnswerError } from "../../../sidecar/answers/answer-error.ts";
import { gather } from "../../../sidecar/gather.ts";
import { KeyRing } from "../../../sidecar/keys.ts";
import type { Llm } from "../../../sidecar/api.ts";
import type { EndEvent, JsonObject } from "../../../sidecar/types.ts";
import { startFake } from "../../support/fake-at-hand.ts";
import { engineMaker } from "../engines.ts";

const fake = await startFake();
const makeEngine = engineMaker();

/** A server-sent event; Anthropic names each by its type. */
const record = (data: JsonObject): string =>
  `${typeof data["type"] === "string" ? `event: ${data["type"]}\n` : ""}data: ${JSON.stringify(data)}\n\n`;

interface Told {
  readonly ref: string;
  readonly wire: "anthropic" | "openai-chat";
  readonly quirk: string;
  /** Records up to the one with the text "Hello", usage among them. */
  readonly records: string;
  readonly error: string;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number; readonly cachedTokens: number };
  /** US dollars. */
  readonly cost: number;
}

const TOLD: readonly Told[] = [
  {
    ref: "anthropic/claude-haiku-4-5",
    wire: "anthropic",
    quirk: "quirk 21",
    records:
      record({
        type: "message_start",
        message: { usage: { input_tokens: 5000, cache_read_input_tokens: 90_000, cache_creation_input_tokens: 0, output_tokens: 1 } },
      }) +
      record({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }) +
      record({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } }),
    error: record({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }),
    usage: { inputTokens: 95_000, outputTokens: 2, cachedTokens: 90_000 },
    cost: (5000 * 1 + 90_000 * 0.1 + 2 * 5) / 1e6,
  },
  {
    ref: "openrouter/openai/gpt-5-mini",
    wire: "openai-chat",
    quirk: "quirk 22",
    records: record({
      choices: [{ index: 0, delta: { content: "Hello" } }],
      usage: { prompt_tokens: 7000, completion_tokens: 9, prompt_tokens_details: { cached_tokens: 100 }, cost: 0.0123 },
    }),
    error: record({ error: { code: 502, message: "Provider disconnected" }, choices: [] }),
    usage: { inputTokens: 7000, outputTokens: 9, cachedTokens: 100 },
    cost: 0.0123,
  },
];

function llmFor({ ref, wire }: Told): Llm {
  const provider = ref.slice(0, ref.indexOf("/"));
  const keys = new KeyRing();
  keys.set(provider, fake.origin, "key");
  return makeEngine({ settings: { ...defaultSettings, providers: { [provider]: { baseUrl: fake.baseUrl(wire) } } }, keys }).llm(ref);
}

/** The end of an answer that is called off at its first text, or never. */
async function endOf(llm: Llm, cancelled: boolean, idleMs = 60_000): Promise<EndEvent> {
  const abort = new AbortController();
  let end: EndEvent | undefined;
  for await (const { content, event } of llm.stream("hi", { signal: abort.signal, timeLimits: { idleMs } })) {
    if (cancelled && content !== "") abort.abort();
    if (event.type === "end") end = event;
  }
  assert.ok(end !== undefined);
  return end;
}

function checkTold({ usage, cost }: EndEvent, told: Told): void {
  const { inputTokens, outputTokens, cachedTokens, estimated } = usage ?? {};
  assert.deepEqual({ inputTokens, outputTokens, cachedTokens }, told.usage);
  assert.equal(estimated, true, "what else may have been written is not told");
  assert.ok(cost !== undefined && Math.abs(cost.amount - told.cost) < 1e-12, `${cost?.amount} instead of ${told.cost}`);
  assert.equal(cost.source, told.wire === "anthropic" ? "bundled" : "charged");
}

for (const told of TOLD) {
  describe(`What ${told.ref} told of its tokens before the end`, () => {
    test(`${told.quirk}: counts for an answer that was cancelled`, async () => {
      fake.enqueue({ steps: [{ raw: told.records }, { gate: "never" }] });
      const end = await endOf(llmFor(told), true);
      assert.equal(end.status, "cancelled");
      checkTold(end, told);
    });

    test(`${told.quirk}: counts for an answer that an error event breaks off`, async () => {
      fake.enqueue({ steps: [{ raw: told.records }, { raw: told.error }] });
      const end = await endOf(llmFor(told), false);
      assert.equal(end.status, "error");
      checkTold(end, told);
    });

    test(`${told.quirk}: counts for an answer that fell silent`, async () => {
      fake.enqueue({ steps: [{ raw: told.records }, { gate: "never" }] });
      const end = await endOf(llmFor(told), false, 50);
      assert.equal(end.error?.providerCode, "idle-timeout");
      checkTold(end, told);
    });

    test("is taken from a budget also when the reader has left", async () => {
      fake.enqueue({ steps: [{ raw: told.records }, { gate: "never" }] });
      const llm = llmFor(told);
      const leave = async (): Promise<string> => {
        for await (const { content } of llm.stream("hi")) if (content !== "") return content;
        return "";
      };
      const results = await gather([leave, async () => (await llm.generate("hi")).content], { concurrency: 1, budget: { tokens: 6000 } });
      assert.deepEqual(
        results.map(({ status, error }) => [status, error instanceof AnswerError ? error.info.providerCode : undefined]),
        [
          ["complete", undefined],
          ["error", "budget-exhausted"],
        ],
      );
      assert.equal(fake.requests.filter(({ route }) => route === told.wire).length, 1);
    });
  });
}
