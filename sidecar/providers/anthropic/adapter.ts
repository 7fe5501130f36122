// Anthropic's messages API (https://docs.claude.com/en/api/messages).

import type { WireAdapter } from "../wire-adapter.ts";
import { countAnthropicTokens } from "./count-tokens.ts";
import { readAnthropicModels } from "./models.ts";
import { AnthropicReader } from "./reader.ts";
import { buildAnthropicRequest, learnFromAnthropicRefusal } from "./request.ts";

export const anthropic: WireAdapter = {
  framing: "sse",
  reasoningApart: true,
  headers: { "anthropic-version": "2023-06-01" },
  buildRequest: buildAnthropicRequest,
  createReader: (target) => new AnthropicReader(target),
  learn: learnFromAnthropicRefusal,
  modelsPath: "/v1/models?limit=1000",
  readModels: readAnthropicModels,
  countTokens: countAnthropicTokens,
};
