// Which adapter speaks to which provider.

import { anthropic } from "./anthropic/adapter.ts";
import { ollama } from "./ollama/adapter.ts";
import { openaiChat } from "./openai-chat/adapter.ts";
import { openaiResponses } from "./openai-responses/adapter.ts";
import type { ProviderRow } from "./registry.ts";
import type { WireAdapter } from "./wire-adapter.ts";

/**
 * OpenAI itself is asked through its Responses API; another server under its name through chat completions, which is what
 * such servers have. `api` forces either, for every provider of the two wires.
 */
export function wireAdapter(row: ProviderRow, baseUrl: URL, api: "responses" | "chat" | undefined): WireAdapter {
  if (row.wire === "anthropic") return anthropic;
  if (row.wire === "ollama") return ollama;
  if (api !== undefined) return api === "responses" ? openaiResponses : openaiChat;
  const own = row.defaultBaseUrl !== undefined && new URL(row.defaultBaseUrl).origin === baseUrl.origin;
  return row.wire === "openai-responses" && own ? openaiResponses : openaiChat;
}
