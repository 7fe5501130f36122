import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asOneOff, buildModelRequest } from "../../../sidecar/answers/request.ts";
import type { Prompt } from "../../../sidecar/api.ts";
import { Budget } from "../../../sidecar/limits/budget.ts";
import { Spending } from "../../../sidecar/limits/spending.ts";
import type { CacheWrites } from "../../../sidecar/providers/cache-marks.ts";
import { askAboutFile } from "../../../sidecar/prompt-text.ts";
import type { GenerationParameters, JsonValue } from "../../../sidecar/types.ts";
import { userMessage } from "../../support/provider-calls.ts";

const rules = "Follow this rule with care, and tell of each line that breaks it. ".repeat(100);
const file = { type: "file", uri: "file:///a", name: "a", text: "line of text\n".repeat(1000) } as const;

async function writesOf(
  ref: `${string}/${string}`,
  prompt: Prompt,
  parameters: GenerationParameters = {},
): Promise<CacheWrites | undefined> {
  const request = buildModelRequest(ref.slice(ref.indexOf("/") + 1), prompt, parameters);
  const spending = new Spending([new Budget({ amount: 1 })], ref, () => Promise.resolve(undefined));
  return (await spending.need(asOneOff(request, prompt)))?.writes;
}

const optionOf = (provider: string, cache_control: JsonValue): GenerationParameters => ({
  providerOptions: { [provider]: { cache_control } },
});

describe("what a request may write into a cache", () => {
  for (const ref of ["anthropic/claude-haiku-4-5", "openrouter/anthropic/claude-haiku-4.5"] as const) {
    it(`is what a run's questions to ${ref} have in common, and all of what will be gone on from`, async () => {
      const { tokens = 0, hour } = (await writesOf(ref, [askAboutFile(rules, file)], { system: "Be brief." })) ?? {};
      assert.equal(hour, false);
      assert.ok(tokens > 1300 && tokens < 1800, `${tokens} tokens, and not those of the file`);
      const asked = [userMessage("hi"), { role: "assistant", content: [{ type: "text", text: "ho" }] }, userMessage("hm")] as const;
      assert.equal((await writesOf(ref, asked))?.tokens, Infinity);
    });

    it(`is for an hour, or nothing, where the caller of ${ref} says so`, async () => {
      const [provider = ""] = ref.split("/");
      assert.equal((await writesOf(ref, "hi", optionOf(provider, { type: "ephemeral", ttl: "1h" })))?.hour, true);
      assert.equal(await writesOf(ref, "hi", optionOf(provider, false)), undefined);
    });
  }

  it("is nothing where there are no marks", async () => {
    for (const ref of ["openai/gpt-5-mini", "openrouter/openai/gpt-5-mini", "own/claude-haiku-4-5"] as const) {
      assert.equal(await writesOf(ref, "hi"), undefined);
    }
  });
});
