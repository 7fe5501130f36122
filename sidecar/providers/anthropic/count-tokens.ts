// How many tokens a request has, by Anthropic's own count (https://docs.claude.com/en/api/messages-count-tokens). It costs nothing
// and has limits of its own, beside those of answers.

import type { JsonObject } from "../../types.ts";
import { asCount, asObject } from "../json-fields.ts";
import type { ModelRequest } from "../provider.ts";
import type { AskServerOnce } from "../server-questions.ts";
import type { WireTarget } from "../wire-adapter.ts";
import { buildAnthropicRequest } from "./request.ts";

/** What counts; any other field of a request is refused there. */
const COUNTED: readonly string[] = ["model", "system", "tools", "tool_choice", "thinking", "messages"];

/** Undefined for answers by a schema, too: what that adds to the prompt is not counted everywhere. */
export async function countAnthropicTokens(request: ModelRequest, target: WireTarget, ask: AskServerOnce): Promise<number | undefined> {
  if (request.parameters.responseSchema !== undefined) return undefined;
  const { body } = buildAnthropicRequest(request, target);
  const counted: JsonObject = Object.fromEntries(Object.entries(body).filter(([field]) => COUNTED.includes(field)));
  return asCount(asObject(await ask({ method: "POST", path: "v1/messages/count_tokens", body: counted }))?.["input_tokens"]);
}
