// Which adapter speaks to which provider.

import { openaiChat } from "./openai-chat/adapter.ts";
import type { ProviderRow } from "./registry.ts";
import type { WireAdapter } from "./wire-adapter.ts";

/** `api` forces one of OpenAI's two interfaces. */
export function wireAdapter(row: ProviderRow, _baseUrl: URL, _api: "responses" | "chat" | undefined): WireAdapter {
  if (row.wire === "openai-chat" || row.wire === "openai-responses") return openaiChat;
  throw new Error(`No adapter speaks the wire "${row.wire}".`);
}
